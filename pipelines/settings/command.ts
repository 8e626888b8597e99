/**
 * A command of `deno task`: a value with a name, one sentence, the settings it listens to and what it does. `cli.ts` makes flags, help,
 * completions and `--dry-run` out of the value; nothing about a command is declared a second time.
 */
import { Effect, Result } from "effect";
import * as Schema from "@effect/schema";
import { configOf, type Given } from "./resolve.ts";
import { flagOf, type Group, type SettingValues } from "./setting.ts";

/** The command line, a config file or a recipe asks for something that cannot be; `message` names the flag and the value. */
export class UsageError extends Schema.TaggedError<UsageError>()("UsageError", { message: Schema.String }) {}

/** What every failure of a command must have: the sentence that is shown. */
export interface Failure {
  readonly message: string;
}

/** The values of the settings `S`; those in `Q` are there. */
export type ConfigOf<S extends Group, Q extends keyof S = never> =
  & SettingValues<S>
  & { readonly [P in Q]-?: Exclude<SettingValues<S>[P], undefined> };

/** Words on the command line that are not flags: how help names them, and whether there may be none or many. */
export interface Positional {
  readonly name: string;
  readonly summary: string;
  readonly optional?: boolean;
  readonly many?: boolean;
}

/** What a command does and what it plans, under what recipe, file and flags give. */
interface Runs {
  /** The whole configuration; one that lacks a required setting is whole but for that. */
  readonly resolved: (given: Given) => Result.Result<Given, UsageError>;
  readonly run: (given: Given, words: ReadonlyArray<string>) => Effect.Effect<void, Failure>;
  /** What a run would do, in lines: `--dry-run` says them on stderr. */
  readonly plan?: (given: Given, words: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string>, Failure>;
}

/** A command as `cli.ts` sees it: its settings are checked, its services provided. */
export interface Command extends Runs {
  readonly name: string;
  readonly summary: string;
  readonly settings: Group;
  readonly required: ReadonlyArray<string>;
  /** Other names of flags, for this command alone: `samples` may stand for `responses`. */
  readonly aliases?: Readonly<Record<string, string>>;
  readonly positional?: Positional;
  /** What a filter reads (with the fields that must be there) and writes, by the names of the record types. */
  readonly records?: { readonly reads?: string; readonly needs: ReadonlyArray<string>; readonly writes: string };
}

const areThere = <S extends Group, Q extends keyof S>(
  required: ReadonlyArray<Q>,
  config: SettingValues<S>,
): config is ConfigOf<S, Q> => required.every((key) => config[key] !== undefined);

/** The configuration of a command under what is given; fails with the first of `required` that has no value. */
export const completeConfig = <S extends Group, Q extends keyof S & string>(
  command: string,
  required: ReadonlyArray<Q>,
  config: SettingValues<S>,
): Result.Result<ConfigOf<S, Q>, UsageError> => {
  if (areThere(required, config)) return Result.succeed(config);
  const missing = required.find((key) => config[key] === undefined) ?? "";
  return Result.fail(new UsageError({ message: `Cannot run "${command}": --${flagOf(missing)} is missing` }));
};

/** `configOf`, with the command's name in what it refuses. */
export const resolvedConfig = <S extends Group>(
  command: string,
  settings: S,
  given: Given,
): Result.Result<SettingValues<S>, UsageError> =>
  Result.mapError(
    configOf(settings, given),
    (problem) => new UsageError({ message: `Cannot run "${command}": ${problem}` }),
  );

/** What `make` takes; `required` settings are present in the type that `run` sees. */
export interface Declared<S extends Group, Q extends keyof S & string>
  extends Pick<Command, "name" | "summary" | "positional"> {
  readonly settings: S;
  readonly required?: ReadonlyArray<Q>;
  readonly aliases?: Readonly<Record<string, keyof S & string>>;
  /** Defaults that follow from other settings; `given` is what recipe, file and flags say. */
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
