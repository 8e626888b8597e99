/**
 * A command of `deno task`: a value with a name, a summary, its settings and its effect. `cli.ts` derives flags, help, completions and
 * `--dry-run` from it.
 */
import { Effect, Result } from "effect";
import * as Schema from "@effect/schema";
import { configOf, type Given } from "./resolve.ts";
import { flagOf, type Group, type SettingValues } from "./setting.ts";

/** An invalid request on the command line, in a config file or in a recipe; `message` names the flag and the value. */
export class UsageError extends Schema.TaggedError<UsageError>()("UsageError", { message: Schema.String }) {}

/** The value of a result, or its sentence as a refusal. */
export const orRefusal = <A>(result: Result.Result<A, string>): Effect.Effect<A, UsageError> =>
  Effect.mapError(Effect.fromResult(result), (message) => new UsageError({ message }));

/** Refuses to run a command, with the problem in words. */
export const cannotRun = (command: string) => (problem: string): Effect.Effect<never, UsageError> =>
  Effect.fail(new UsageError({ message: `Cannot run "${command}": ${problem}` }));

/** The common part of all command failures: the message to show. */
export interface Failure {
  readonly message: string;
}

/** The values of the settings `S`; those in `Q` are required. */
export type ConfigOf<S extends Group, Q extends keyof S = never> =
  & SettingValues<S>
  & { readonly [P in Q]-?: Exclude<SettingValues<S>[P], undefined> };

/** Command-line words that are not flags: their name in help, and whether they are optional or repeated. */
export interface Positional {
  readonly name: string;
  readonly summary: string;
  readonly optional?: boolean;
  readonly many?: boolean;
}

/** A command's plan and configuration, given the values from recipe, file and flags. */
interface Runs {
  /** The complete configuration, except for required settings without a value. */
  readonly resolved: (given: Given) => Result.Result<Given, UsageError>;
  readonly run: (given: Given, words: ReadonlyArray<string>) => Effect.Effect<void, Failure>;
  /** Describes a run in lines, which `--dry-run` prints on stderr. */
  readonly plan?: (given: Given, words: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string>, Failure>;
}

/** A command as `cli.ts` sees it: its settings are checked and its services provided. */
export interface Command extends Runs {
  readonly name: string;
  readonly summary: string;
  readonly settings: Group;
  readonly required: ReadonlyArray<string>;
  /** Command-specific flag aliases, such as `samples` for `responses`. */
  readonly aliases?: Readonly<Record<string, string>>;
  readonly positional?: Positional;
  /** The record types that a filter reads (with the required fields) and writes, by name. */
  readonly records?: { readonly reads?: string; readonly needs: ReadonlyArray<string>; readonly writes: string };
}

const areThere = <S extends Group, Q extends keyof S>(
  required: ReadonlyArray<Q>,
  config: SettingValues<S>,
): config is ConfigOf<S, Q> => required.every((key) => config[key] !== undefined);

/** The configuration of a command from the given values; fails with the first of `required` that has no value. */
export const completeConfig = <S extends Group, Q extends keyof S & string>(
  command: string,
  required: ReadonlyArray<Q>,
  config: SettingValues<S>,
): Result.Result<ConfigOf<S, Q>, UsageError> => {
  if (areThere(required, config)) return Result.succeed(config);
  const missing = required.find((key) => config[key] === undefined) ?? "";
  return Result.fail(new UsageError({ message: `Cannot run "${command}": --${flagOf(missing)} is missing` }));
};

/** As `configOf`, with the command's name in the error. */
export const resolvedConfig = <S extends Group>(
  command: string,
  settings: S,
  given: Given,
): Result.Result<SettingValues<S>, UsageError> =>
  Result.mapError(
    configOf(settings, given),
    (problem) => new UsageError({ message: `Cannot run "${command}": ${problem}` }),
  );

/** The argument of `makeCommand`; `required` settings are present in the type that `run` receives. */
export interface Declared<S extends Group, Q extends keyof S & string>
  extends Pick<Command, "name" | "summary" | "positional"> {
  readonly settings: S;
  readonly required?: ReadonlyArray<Q>;
  readonly aliases?: Readonly<Record<string, keyof S & string>>;
  /** Fills defaults that depend on other settings; `given` are the values from recipe, file and flags. */
  readonly resolve?: (config: SettingValues<S>, given: Given) => SettingValues<S>;
  readonly run: (config: ConfigOf<S, Q>, words: ReadonlyArray<string>) => Effect.Effect<void, Failure>;
  readonly plan?: (
    config: SettingValues<S>,
    words: ReadonlyArray<string>,
  ) => Effect.Effect<ReadonlyArray<string>, Failure>;
}

/** Declares a command. */
export const makeCommand = <S extends Group, const Q extends keyof S & string = never>(
  declared: Declared<S, Q>,
): Command => {
  const { name, settings, required = [], resolve = (config) => config, run, plan, ...rest } = declared;
  const resolved = (given: Given) =>
    Result.map(resolvedConfig(name, settings, given), (config) => resolve(config, given));
  return {
    ...rest,
    name,
    settings,
    required,
    resolved,
    run: (given, words) =>
      Effect.flatMap(
        Effect.fromResult(Result.flatMap(resolved(given), (config) => completeConfig(name, required, config))),
        (config) => run(config, words),
      ),
    ...(plan && {
      plan: (given: Given, words: ReadonlyArray<string>) =>
        Effect.flatMap(Effect.fromResult(resolved(given)), (config) => plan(config, words)),
    }),
  };
};
