/**
 * One setting of a command: its spelling in files and on the command line, its valid values, and its default. A group is a record of
 * settings, from which the type of its values follows. `decodeSetting` takes a JSON value (file, recipe); an invalid one gives a message
 * with the expected values.
 */
import { Result } from "effect";
import * as Schema from "@effect/schema";

/** The valid values of a setting and their spelling; `A` is the type in memory. */
export interface ValueKind<A> {
  readonly schema: Schema.Codec<A, unknown>;
  /** The valid values, for messages: `a number from 0 to 1`. */
  readonly expected: string;
  /** The word for a value in `--help`, such as `N`; a switch has none. */
  readonly argument?: string;
  /** The closed set of values, for completions. */
  readonly choices?: ReadonlyArray<string>;
  /** Other spellings of values, which are read and never written. */
  readonly spellings?: Readonly<Record<string, A>>;
  readonly fromText: (text: string) => unknown;
}

/** A setting with values of type `A`. */
export interface Setting<A> extends ValueKind<A> {
  /** The default. A command may have one outside the valid values (0 for a whole batch). */
  readonly default: A;
  readonly description: string;
  /** Whether the default is the command's own and differs from the description. */
  readonly hasOwnDefault?: boolean;
  /** Whether the records that a command reads supply the value if it is not given. */
  readonly isOpen?: boolean;
  /** What programs did that had no such setting, where that is not the default. */
  readonly before?: A;
}

/** Settings by name. */
export type Group = Readonly<Record<string, Setting<unknown>>>;

/** The values of a group. */
export type SettingValues<S extends Group> = {
  readonly [K in keyof S]: S[K] extends Setting<infer A> ? A : never;
};

/** A setting with a default. */
export const setting = <A>(value: NoInfer<A>, kind: ValueKind<A>, description: string): Setting<A> => ({
  ...kind,
  default: value,
  description,
});

/** A setting whose absence means "none" or "decided later"; the description tells which. */
export const optional = <A>(kind: ValueKind<A>, description: string): Setting<A | undefined> => ({
  ...kind,
  schema: Schema.UndefinedOr(kind.schema),
  default: undefined,
  description,
});

/** The same setting with a command's own default. */
export const withDefault = <A>(given: Setting<A>, value: NoInfer<A>): Setting<A> => ({
  ...given,
  default: value,
  hasOwnDefault: true,
});

/** The same setting in a command whose records supply the value if it is not given. */
export const fromRecords = <A>(given: Setting<A>): Setting<A | undefined> => ({
  ...optional(given, given.description),
  isOpen: true,
});

/** A setting that came later: without it, programs did what `before` says. */
export const later = <A>(given: Setting<A>, before: NoInfer<A>): Setting<A> => ({ ...given, before });

interface Limits {
  readonly min?: number;
  readonly above?: number;
  readonly max?: number;
}

const numeric = (text: string): unknown => /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;

const range = (what: string, { min, above, max }: Limits): string =>
  min !== undefined && max !== undefined
    ? `${what} from ${min} to ${max}`
    : above !== undefined && max !== undefined
    ? `${what} above ${above}, at most ${max}`
    : min !== undefined
    ? `${what}, at least ${min}`
    : above !== undefined
    ? `${what} above ${above}`
    : what;

const bounded = ({ min, above, max }: Limits) =>
  Schema.makeFilter((n: number) =>
    (min === undefined || n >= min) && (above === undefined || n > above) && (max === undefined || n <= max)
  );

/** A finite number within limits. */
export const number = (limits: Limits): ValueKind<number> => ({
  schema: Schema.Finite.check(bounded(limits)),
  expected: range("a number", limits),
  argument: "X",
  fromText: numeric,
});

/** An integer within limits. */
export const integer = (limits: Limits): ValueKind<number> => ({
  schema: Schema.Int.check(bounded(limits)),
  expected: range("a whole number", limits),
  argument: "N",
  fromText: numeric,
});

/** Non-empty text. */
export const text = (argument = "TEXT"): ValueKind<string> => ({
  schema: Schema.NonEmptyString,
  expected: "a text that is not empty",
  argument,
  fromText: (given) => given,
});

/** One of a closed set of words. */
export const choice = <const C extends ReadonlyArray<string>>(choices: C): ValueKind<C[number]> => ({
  schema: Schema.Literals(choices),
  expected: `one of ${choices.join(", ")}`,
  argument: "NAME",
  choices,
  fromText: (given) => given,
});

/** Element types by all their names: the short ones that settings of training have, Hugging Face's, and PyTorch's. */
const elementNames = [["f32", "float32", "fp32"], ["bf16", "bfloat16"], ["f16", "float16", "fp16"]] as const;

/** One of some element types, by any of its names; in memory and in files it has the one of `types`. */
export const elementType = <const C extends ReadonlyArray<string>>(types: C): ValueKind<C[number]> => {
  const namesOf = (type: string): ReadonlyArray<string> =>
    elementNames.find((names) => names.some((name) => name === type)) ?? [];
  const spellings = types.flatMap((type: C[number]) => namesOf(type).map((name) => [name, type] as const));
  return { ...choice(types), spellings: Object.fromEntries(spellings) };
};

/** A switch: `--name` is true, `--no-name` false. */
export const toggle = (): ValueKind<boolean> => ({
  schema: Schema.Boolean,
  expected: "true or false",
  fromText: (given) => given === "true" ? true : given === "false" ? false : given,
});

/** Integers: a list in a file, comma-separated as a flag: `1,2,4`. */
export const integers = (limits: Limits): ValueKind<ReadonlyArray<number>> => ({
  schema: Schema.Array(Schema.Int.check(bounded(limits))).check(Schema.makeFilter((list) => list.length > 0)),
  expected: `${range("whole numbers", limits)}, with commas between`,
  argument: "N,N",
  fromText: (given) => given.split(",").map((part) => numeric(part.trim())),
});

/** Names: a list in a file, comma-separated as a flag. */
export const words = (): ValueKind<ReadonlyArray<string>> => ({
  schema: Schema.Array(Schema.NonEmptyString).check(Schema.makeFilter((list) => list.length > 0)),
  expected: "names with commas between",
  argument: "NAME,NAME",
  fromText: (given) => given.split(",").map((part) => part.trim()),
});

/** One or more of a closed set of words, each at most once; `alone` excludes all others. */
export const choices = <const C extends ReadonlyArray<string>>(
  all: C,
  alone: C[number],
): ValueKind<ReadonlyArray<C[number]>> => ({
  schema: Schema.Array(Schema.Literals(all)).check(
    Schema.makeFilter((list) =>
      list.length > 0 && new Set(list).size === list.length && (list.length === 1 || !list.includes(alone))
    ),
  ),
  expected: `${alone}, or a list of ${all.filter((word) => word !== alone).join(" and ")}`,
  argument: "NAME,NAME",
  choices: all,
  fromText: (given) => given.split(",").map((part) => part.trim()),
});

/** A value in a message; JSON has no NaN and no infinities. */
const shownValue = (value: unknown): string =>
  typeof value === "number" ? String(value) : JSON.stringify(value) ?? String(value);

/** The value in memory, or the message `expected …, found …`. */
export const decodeSetting = <A>(
  { schema, expected, spellings = {} }: ValueKind<A>,
  value: unknown,
): Result.Result<A, string> => {
  const isSpelling = typeof value === "string" && Object.hasOwn(spellings, value);
  const decoded = Schema.decodeUnknownResult(schema)(isSpelling ? spellings[value] : value);
  return Result.isSuccess(decoded)
    ? Result.succeed(decoded.success)
    : Result.fail(`expected ${expected}, found ${shownValue(value)}`);
};

/** `topP` is the flag `top-p`. */
export const flagOf = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** Whether `value` is valid for a setting: its default, or accepted by its schema. */
const isOf = (one: Setting<unknown>, value: unknown): boolean => value === one.default || Schema.is(one.schema)(value);

/** Whether `values` has a valid value for each setting of a group. */
export const areValues = <S extends Group>(
  group: S,
  values: Readonly<Record<string, unknown>>,
): values is SettingValues<S> => Object.entries(group).every(([key, one]) => isOf(one, values[key]));

/** Whether every value present under the name of a setting is valid. */
const areRecorded = <S extends Group>(
  group: S,
  values: Readonly<Record<string, unknown>>,
): values is Partial<SettingValues<S>> => Object.entries(values).every(([key, value]) => isOf(group[key], value));

/** The values of a group in a file, `null` for an unset optional one, or the first invalid field. Other fields are dropped. */
export const recordedValues = <S extends Group>(
  group: S,
  stored: Readonly<Record<string, unknown>>,
): Result.Result<Partial<SettingValues<S>>, string> => {
  const values = Object.fromEntries(
    Object.keys(group).filter((key) => Object.hasOwn(stored, key)).map((key) => [key, stored[key] ?? undefined]),
  );
  if (areRecorded(group, values)) return Result.succeed(values);
  const wrong = Object.keys(values).find((key) => !isOf(group[key], values[key])) ?? "";
  return Result.fail(`field "${wrong}": expected ${group[wrong].expected}, found ${JSON.stringify(stored[wrong])}`);
};

/**
 * A value for each setting of a group as an earlier version recorded it. A setting that the version did not have gets what the version did: the
 * default, unless the setting says otherwise (`later`).
 */
export const earlierValues = <S extends Group>(
  group: S,
  recorded: Partial<SettingValues<S>>,
): Partial<SettingValues<S>> => ({
  ...Object.fromEntries(Object.entries(group).map(([key, one]) => [key, one.before ?? one.default])),
  ...recorded,
});

/** A value for each setting of a group, with its default if `given` has none, or the invalid fields. */
export const groupValues = <S extends Group>(
  group: S,
  given: Readonly<Record<string, unknown>> = {},
): Result.Result<SettingValues<S>, string> => {
  const values = Object.fromEntries(Object.entries(group).map(([key, one]) => [key, given[key] ?? one.default]));
  if (areValues(group, values)) return Result.succeed(values);
  const wrong = Object.entries(group).filter(([key, one]) => !isOf(one, values[key]));
  return Result.fail(
    wrong.map(([key, { expected }]) => `--${flagOf(key)}: expected ${expected}, found ${JSON.stringify(values[key])}`)
      .join("; "),
  );
};

/** The values of a group among others that are checked already, with its defaults for those that are absent. */
export const certainValues = <S extends Group>(group: S, given: object): SettingValues<S> =>
  Result.getOrThrow(groupValues(group, Object.fromEntries(Object.entries(given))));
