/**
 * From what somebody wrote to one complete configuration: defaults < the command's own defaults < recipe < config file < flags. Each value
 * was checked where it was written, so merging cannot fail.
 */
import { Result } from "effect";
import { codeDefaults, defaults, flagOf, type SettingKey, type Settings, settings } from "./settings.ts";
import { decode, type Setting } from "./setting.ts";

/** A JSON value as the value of a setting, or the sentence `expected …, found …`; `null` leaves an optional setting open. */
export const check = (key: SettingKey, value: unknown): Result.Result<unknown, string> => {
  const setting: Setting<unknown> = settings[key];
  return value === null && setting.default === undefined ? Result.succeed(undefined) : decode(setting, value);
};

/** The text of a flag as the value of a setting, or a sentence that names flag and text. */
export const checkText = (key: SettingKey, text: string): Result.Result<unknown, string> => {
  const setting: Setting<unknown> = settings[key];
  const decoded = decode(setting, setting.fromText(text));
  return Result.isSuccess(decoded) ? decoded : Result.fail(`--${flagOf(key)} "${text}": expected ${setting.expected}`);
};

/** Every setting with its value: later layers win over earlier ones where they say something; `asPublished` changes what none of them says. */
export const merge = (...layers: ReadonlyArray<Partial<Settings>>): Settings => {
  const said = layers.reduce<Partial<Settings>>((whole, layer) => ({
    ...whole,
    ...Object.fromEntries(Object.entries(layer).filter(([, value]) => value !== undefined)),
  }), {});
  return { ...defaults, ...said.asPublished === true ? codeDefaults : {}, ...said };
};

/** A configuration in which the settings `open` have no value unless `said` has one. */
export const leaveOpen = (open: ReadonlyArray<SettingKey>, config: Settings, said: Partial<Settings>): Settings => ({
  ...config,
  ...Object.fromEntries(open.map((key) => [key, said[key]])),
});

/** The part of a configuration that a command listens to, in the order of the table, without what is left open. */
export const select = (config: Settings, keys: ReadonlyArray<SettingKey>): Partial<Settings> => {
  const wanted = new Set<string>(keys);
  return Object.fromEntries(
    Object.entries(config).filter(([key, value]) => wanted.has(key) && value !== undefined),
  );
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
