/**
 * A command of `deno task`: a value with a name, one sentence, the settings it listens to and what it does. `cli.ts` makes flags, help,
 * completions and `--dry-run` out of the value; nothing about a command is declared a second time.
 */
import { Effect } from "effect";
import * as Schema from "@effect/schema";
import { flagOf, type SettingKey, type Settings } from "./settings.ts";

/** The command line, a config file or a recipe asks for something that cannot be; `message` names the flag and the value. */
export class UsageError extends Schema.TaggedError<UsageError>()("UsageError", { message: Schema.String }) {}

/** What every failure of a command must have: the sentence that is shown. */
export interface Failure {
  readonly message: string;
}

/** The settings `K`, of which those in `Q` have a value and those in `O` none unless somebody gives one. */
export type ConfigOf<K extends SettingKey, Q extends K = never, O extends K = never> =
  & Pick<Settings, Exclude<K, Q | O>>
  & { readonly [P in Q]-?: Exclude<Settings[P], undefined> }
  & { readonly [P in O]?: Settings[P] | undefined };

/** Words on the command line that are not flags: how help names them, and whether there may be none or many. */
export interface Positional {
  readonly name: string;
  readonly summary: string;
  readonly optional?: boolean;
  readonly many?: boolean;
}

/** A command as `cli.ts` sees it: its settings are checked, its services provided. */
export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly settings: ReadonlyArray<SettingKey>;
  readonly required: ReadonlyArray<SettingKey>;
  /** Values that differ from the table of settings for this command alone; they come before recipe, file and flags. */
  readonly defaults: Partial<Settings>;
  /** Settings without a default in this command: what is not said is what the records say. */
  readonly open?: ReadonlyArray<SettingKey>;
  /** Defaults that follow from other settings; `said` is what recipe, file and flags say. */
  readonly resolve?: (config: Settings, said: Partial<Settings>) => Settings;
  /** Other names of flags, for this command alone: `samples` may stand for `responses`. */
  readonly aliases?: Readonly<Record<string, SettingKey>>;
  readonly positional?: Positional;
  /** What a filter reads (with the fields that must be there) and writes, by the names of the nouns. */
  readonly records?: { readonly reads?: string; readonly needs: ReadonlyArray<string>; readonly writes: string };
  readonly run: (config: Settings, words: ReadonlyArray<string>) => Effect.Effect<void, Failure>;
  /** What a run would do, in lines: `--dry-run` says them on stderr. */
  readonly plan?: (config: Settings, words: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string>, Failure>;
}

/** Fails with the first of `required` that has no value. */
export const requireSettings = (
  command: string,
  required: ReadonlyArray<SettingKey>,
  config: { readonly [K in SettingKey]?: unknown },
): Effect.Effect<void, UsageError> => {
  const missing = required.find((key) => config[key] === undefined);
  return missing === undefined
    ? Effect.void
    : Effect.fail(new UsageError({ message: `Cannot run "${command}": --${flagOf(missing)} is missing` }));
};

/** Declares a command; `required` settings are present in the type that `run` sees. */
export const make = <const K extends SettingKey, const Q extends K = never>(declared: {
  readonly name: string;
  readonly summary: string;
  readonly settings: ReadonlyArray<K>;
  readonly required?: ReadonlyArray<Q>;
  readonly defaults?: Partial<Settings>;
  readonly resolve?: Command["resolve"];
  readonly aliases?: Readonly<Record<string, K>>;
  readonly positional?: Positional;
  readonly run: (config: ConfigOf<K, Q>, words: ReadonlyArray<string>) => Effect.Effect<void, Failure>;
  readonly plan?: Command["plan"];
}): Command => ({
  defaults: {},
  ...declared,
  required: declared.required ?? [],
  run: (config, words) =>
    Effect.andThen(
      requireSettings(declared.name, declared.required ?? [], config),
      // The check above is what makes this type true.
      Effect.suspend(() => declared.run(config as unknown as ConfigOf<K, Q>, words)),
    ),
});
