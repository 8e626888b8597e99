/**
 * Resolves a complete configuration: defaults < the command's own defaults < the algorithm's < recipe < config file < flags. `configOf` checks every value;
 * `merge` takes values that are already checked.
 */
import { Result } from "effect";
import { algorithmValues, strangeSetting, unfitSetting } from "../algorithms/algorithm_settings.ts";
import { codeDefaults, defaults, flagOf, settingKeys, type Settings } from "./settings.ts";
import { decodeSetting, type Group, groupValues, type Setting, type SettingValues } from "./setting.ts";

/** Settings as given, by key; `undefined` means not given. */
export type Given = Readonly<Record<string, unknown>>;

/** A JSON value as a setting's value, or the message `expected …, found …`; `null` leaves an optional setting unset. */
export const check = (setting: Setting<unknown>, value: unknown): Result.Result<unknown, string> =>
  value === null && setting.default === undefined ? Result.succeed(undefined) : decodeSetting(setting, value);

/** The text of a flag as its setting's value, or a message that names the flag as it was typed, and the text. */
export const checkText = (flag: string, setting: Setting<unknown>, text: string): Result.Result<unknown, string> => {
  const decoded = decodeSetting(setting, setting.fromText(text));
  return Result.isSuccess(decoded) ? decoded : Result.fail(`${flag} "${text}": expected ${setting.expected}`);
};

/** Merges layers; later values that are not undefined win. */
export const layered = <A extends object>(...layers: ReadonlyArray<A>): A =>
  layers.reduce((whole, layer) => ({
    ...whole,
    ...Object.fromEntries(Object.entries(layer).filter(([, value]) => value !== undefined)),
  }));

/** Every setting with its value; `asPublished` changes the defaults. */
export const merge = (...layers: ReadonlyArray<Partial<Settings>>): Settings => {
  const given = layered({}, ...layers);
  return {
    ...defaults,
    ...given.asPublished === true ? codeDefaults : {},
    ...algorithmValues(given.algorithm ?? defaults.algorithm),
    ...given,
  };
};

/** The values of a command's settings from the given ones, or a message about the first invalid value. */
export const configOf = <S extends Group>(group: S, given: Given): Result.Result<SettingValues<S>, string> => {
  const stated = layered(given);
  const algorithm = Object.hasOwn(group, "algorithm") ? stated.algorithm ?? group.algorithm.default : undefined;
  const strange = algorithm === undefined ? undefined : strangeSetting(stated, algorithm);
  if (strange !== undefined) {
    const { key, owners } = strange;
    return Result.fail(`--${flagOf(key)} is a setting of ${owners.join(", ")}, found --algorithm ${algorithm}`);
  }
  const unfit = unfitSetting(stated, algorithm);
  if (unfit !== undefined) return Result.fail(unfit);
  return groupValues(group, {
    ...given.asPublished === true ? codeDefaults : {},
    ...algorithmValues(algorithm),
    ...stated,
  });
};

/** The part of a configuration with these keys, in the order of the table, without unset values. */
export const select = (config: object, keys: ReadonlyArray<string>): Given => {
  const values = new Map<string, unknown>(Object.entries(config).filter(([, value]) => value !== undefined));
  const chosen = settingKeys.filter((key) => keys.includes(key) && values.has(key));
  return Object.fromEntries(chosen.map((key) => [key, values.get(key)]));
};

const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length];
};

/** `, did you mean "topP"?` if a name is close to a known one, else the empty string. */
export const nearest = (name: string, known: ReadonlyArray<string>): string => {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[-_]/g, "").slice(0, 64);
  const ranked = known.map((candidate) => ({ candidate, cost: distance(plain(name), plain(candidate)) }))
    .sort((one, other) => one.cost - other.cost);
  const best = ranked[0];
  return best !== undefined && best.cost <= plain(best.candidate).length / 3
    ? `, did you mean "${best.candidate}"?`
    : "";
};
