/**
 * From what somebody wrote to one complete configuration: defaults < the command's own defaults < recipe < config file < flags. `configOf` checks
 * every value; `merge` takes values whose types say that they are checked.
 */
import { Result } from "effect";
import { codeDefaults, defaults, flagOf, settingKeys, type Settings } from "./settings.ts";
import { decodeSetting, type Group, groupValues, type Setting, type SettingValues } from "./setting.ts";

/** Values of settings as somebody gave them, by key; `undefined` says nothing. */
export type Given = Readonly<Record<string, unknown>>;

/** A JSON value as the value of a setting, or the sentence `expected …, found …`; `null` leaves an optional setting open. */
export const check = (setting: Setting<unknown>, value: unknown): Result.Result<unknown, string> =>
  value === null && setting.default === undefined ? Result.succeed(undefined) : decodeSetting(setting, value);

/** The text of the flag of `key` as the value of its setting, or a sentence that names flag and text. */
export const checkText = (key: string, setting: Setting<unknown>, text: string): Result.Result<unknown, string> => {
  const decoded = decodeSetting(setting, setting.fromText(text));
  return Result.isSuccess(decoded) ? decoded : Result.fail(`--${flagOf(key)} "${text}": expected ${setting.expected}`);
};

/** What layers give together: later ones win over earlier ones where they say something. */
export const layered = <A extends object>(...layers: ReadonlyArray<A>): A =>
  layers.reduce((whole, layer) => ({
    ...whole,
    ...Object.fromEntries(Object.entries(layer).filter(([, value]) => value !== undefined)),
  }));

/** Every setting with its value; `asPublished` changes what no layer says. */
export const merge = (...layers: ReadonlyArray<Partial<Settings>>): Settings => {
  const given = layered({}, ...layers);
  return { ...defaults, ...given.asPublished === true ? codeDefaults : {}, ...given };
};

/** The values of a command's settings under what is given; the sentence about a value that is none of its setting's. */
export const configOf = <S extends Group>(group: S, given: Given): Result.Result<SettingValues<S>, string> =>
  groupValues(group, { ...given.asPublished === true ? codeDefaults : {}, ...layered(given) });

/** The part of a configuration under `keys`, in the order of the table, without what has no value. */
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

/** `, did you mean "topP"?` where a name is close to a known one, else nothing. */
export const nearest = (name: string, known: ReadonlyArray<string>): string => {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[-_]/g, "").slice(0, 64);
  const ranked = known.map((candidate) => ({ candidate, cost: distance(plain(name), plain(candidate)) }))
    .sort((one, other) => one.cost - other.cost);
  const best = ranked[0];
  return best !== undefined && best.cost <= plain(best.candidate).length / 3
    ? `, did you mean "${best.candidate}"?`
    : "";
};
