/**
 * One setting of a command: how its value looks in a file and on the command line, what it may be, and what it is when nobody says.
 * `decode` takes a JSON value (file, recipe) or the text of a flag; a bad one comes back as a sentence that names what was expected.
 */
import { Result } from "effect";
import * as Schema from "@effect/schema";

/** How a setting is spelled, checked and described; `A` is its value in memory. */
export interface Setting<A> {
  readonly schema: Schema.Codec<A, unknown>;
  /** What a value must be, for messages: `a number from 0 to 1`. */
  readonly expected: string;
  readonly default: A;
  readonly description: string;
  /** What `--help` prints as the value, `N`; absent for a switch, which takes none. */
  readonly argument?: string;
  /** The closed set of values, for completions. */
  readonly choices?: ReadonlyArray<string>;
  readonly fromText: (text: string) => unknown;
}

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

/** A finite real number within limits. */
export const number = (value: number, limits: Limits, description: string): Setting<number> => ({
  schema: Schema.Finite.check(bounded(limits)),
  expected: range("a number", limits),
  default: value,
  description,
  argument: "X",
  fromText: numeric,
});

/** A whole number within limits. */
export const integer = (value: number, limits: Limits, description: string): Setting<number> => ({
  schema: Schema.Int.check(bounded(limits)),
  expected: range("a whole number", limits),
  default: value,
  description,
  argument: "N",
  fromText: numeric,
});

/** Text that is not empty. */
export const text = (value: string, description: string, argument = "TEXT"): Setting<string> => ({
  schema: Schema.NonEmptyString,
  expected: "a text that is not empty",
  default: value,
  description,
  argument,
  fromText: (given) => given,
});

/** One of a closed set of words. */
export const choice = <const C extends ReadonlyArray<string>>(
  value: NoInfer<C[number]>,
  choices: C,
  description: string,
): Setting<C[number]> => ({
  schema: Schema.Literals(choices),
  expected: `one of ${choices.join(", ")}`,
  default: value,
  description,
  argument: "NAME",
  choices,
  fromText: (given) => given,
});

/** Yes or no: `--name` is yes, `--no-name` is no. */
export const toggle = (value: boolean, description: string): Setting<boolean> => ({
  schema: Schema.Boolean,
  expected: "true or false",
  default: value,
  description,
  fromText: (given) => given === "true" ? true : given === "false" ? false : given,
});

/** Whole numbers, in a file as a list, as a flag with commas: `1,2,4`. */
export const integers = (
  value: ReadonlyArray<number>,
  limits: Limits,
  description: string,
): Setting<ReadonlyArray<number>> => ({
  schema: Schema.Array(Schema.Int.check(bounded(limits))).check(Schema.makeFilter((list) => list.length > 0)),
  expected: `${range("whole numbers", limits)}, with commas between`,
  default: value,
  description,
  argument: "N,N",
  fromText: (given) => given.split(",").map((part) => numeric(part.trim())),
});

/** Names, in a file as a list, as a flag with commas. */
export const words = (
  value: ReadonlyArray<string>,
  description: string,
  choices?: ReadonlyArray<string>,
): Setting<ReadonlyArray<string>> => ({
  schema: Schema.Array(choices === undefined ? Schema.NonEmptyString : Schema.Literals(choices)).check(
    Schema.makeFilter((list) => list.length > 0),
  ),
  expected: choices === undefined ? "names with commas between" : `names with commas between, of ${choices.join(", ")}`,
  default: value,
  description,
  argument: "NAME,NAME",
  ...(choices === undefined ? {} : { choices }),
  fromText: (given) => given.split(",").map((part) => part.trim()),
});

/** The same setting where saying nothing means "none" or "decided later"; the description says which. */
export const optional = <A>(setting: Setting<A>): Setting<A | undefined> => ({
  ...setting,
  schema: Schema.UndefinedOr(setting.schema),
  default: undefined,
});

/** The value in memory, or the sentence `expected …, found …`. */
export const decode = <A>(setting: Setting<A>, value: unknown): Result.Result<A, string> => {
  const decoded = Schema.decodeUnknownResult(setting.schema)(value);
  return Result.isSuccess(decoded)
    ? Result.succeed(decoded.success)
    : Result.fail(`expected ${setting.expected}, found ${JSON.stringify(value) ?? String(value)}`);
};
