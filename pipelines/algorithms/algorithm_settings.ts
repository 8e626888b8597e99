/**
 * The settings that algorithms declare in their files. All commands that take `--algorithm` take them; a value for one belongs to the algorithms
 * that declare it and is refused with any other. Nobody who trains by another algorithm sees them in a configuration.
 */
import { flagOf, type Group, optional, type Setting } from "../settings/setting.ts";
import type { Algorithm, AlgorithmDefaults } from "./algorithm.ts";
import { algorithms, hasClippedRatio } from "./mod.ts";

/** Algorithms by name. */
type Registry = Readonly<Record<string, Algorithm>>;

const registry: Registry = algorithms;

/** The algorithms that have a setting of this key. */
const owners = (key: string): ReadonlyArray<Algorithm> =>
  Object.values(registry).filter(({ settings = {} }) => Object.hasOwn(settings, key));

const described = (key: string, { description }: Setting<unknown>): string => {
  const values = owners(key).map(({ name, settings }) =>
    `${name}: ${JSON.stringify(settings?.[key].default) ?? "none"}`
  );
  return `${description} (only with --algorithm ${owners(key).map(({ name }) => name).join(", ")}; default: ${
    values.length === 1 ? values[0].split(": ")[1] : values.join(", ")
  })`;
};

const collected = (): Group =>
  Object.fromEntries(
    Object.values(registry).flatMap(({ settings = {} }) => Object.entries(settings))
      .map(([key, one]) => [key, optional(one, described(key, one))]),
  );

/** The settings of single algorithms, unset unless their algorithm is the one in use. */
export const algorithmSettings: Readonly<Record<never, Setting<unknown>>> = collected();

/** The algorithms with defaults of their own, each with them. */
export const ownDefaults = (): ReadonlyArray<readonly [name: string, defaults: AlgorithmDefaults]> =>
  Object.values(registry).flatMap(({ name, defaults }) => defaults === undefined ? [] : [[name, defaults] as const]);

/** The values that an algorithm's file gives settings: its defaults, and those of its own settings; none for an unknown name. */
export const algorithmValues = (name: unknown): Readonly<Record<string, unknown>> => {
  if (typeof name !== "string" || !Object.hasOwn(registry, name)) return {};
  const { defaults = {}, settings = {} } = registry[name];
  return { ...defaults, ...Object.fromEntries(Object.entries(settings).map(([key, one]) => [key, one.default])) };
};

/** The values that an earlier version used where it recorded none: those of own settings that came later. */
export const earlierAlgorithmValues = (name: unknown): Readonly<Record<string, unknown>> => {
  if (typeof name !== "string" || !Object.hasOwn(registry, name)) return {};
  const { settings = {} } = registry[name];
  return Object.fromEntries(Object.entries(settings).map(([key, one]) => [key, one.before ?? one.default]));
};

/** The first given setting that belongs to other algorithms than the one in use, and theirs; undefined if there is none. */
export const strangeSetting = (
  given: Readonly<Record<string, unknown>>,
  algorithm: unknown,
): { readonly key: string; readonly owners: ReadonlyArray<string> } | undefined => {
  for (const key of Object.keys(algorithmSettings)) {
    const names = owners(key).map(({ name }) => name);
    if (given[key] !== undefined && !names.includes(String(algorithm))) return { key, owners: names };
  }
  return undefined;
};

/** Why a setting of the loss that is given does not fit the algorithm in use; undefined if all fit. */
export const unfitSetting = (
  given: Readonly<Record<string, unknown>>,
  algorithm: unknown,
): string | undefined => {
  if (typeof algorithm !== "string" || !Object.hasOwn(registry, algorithm)) return undefined;
  const used = registry[algorithm];
  if (given.dualClip !== undefined && !hasClippedRatio(used)) {
    return `--dual-clip ${given.dualClip} bounds a clipped ratio, which the loss of --algorithm ${algorithm} is not`;
  }
  const weights = { lambda: 1, ...given };
  if (used.weight("positive", weights) !== 0 || used.weight("negative", weights) !== 0) return undefined;
  const own = Object.keys(used.settings ?? {}).filter((key) => given[key] === 0).map((key) => `--${flagOf(key)} 0`);
  return `${own.join(" and ")} leave --algorithm ${algorithm} no response to learn from`;
};

/**
 * The settings that an algorithm has a default for and a complete configuration leaves unset, as `null`. Its version had no such default; given
 * with the others they stay unset, whatever the default is now.
 */
export const unsetDefaults = (recorded: Readonly<Record<string, unknown>>): Readonly<Record<string, null>> => {
  const { algorithm } = recorded;
  if (typeof algorithm !== "string" || !Object.hasOwn(registry, algorithm)) return {};
  const keys = Object.keys(registry[algorithm].defaults ?? {}).filter((key) =>
    (recorded[key] ?? undefined) === undefined
  );
  return Object.fromEntries(keys.map((key) => [key, null]));
};
