/**
 * The entry point: `deno task <command>` runs this file with the command's name first. Flags, help, completions and the dry run are derived
 * from the registries of stages and commands. A usage error is one line on stderr and status 1; stdout stays empty.
 */
import "./commands/plain_fibers.ts";
import { Effect, Result } from "effect";
import { loadAll, loaders } from "./commands/loaders.ts";
import { recipes } from "./recipes/mod.ts";
import { type Command, UsageError } from "./settings/command.ts";
import { parseCommandLine } from "./commands/command_line.ts";
import { completions, helpOf, overview, shells } from "./commands/help.ts";
import { consoleToStderr, main } from "./commands/platform.ts";
import { CommandWords } from "./settings/command_words.ts";
import { type Given, layered, nearest, select } from "./settings/resolve.ts";
import { PipeClosed, StandardStreams } from "./files/standard_streams.ts";

const recipeValues = (command: Command, name: unknown): Result.Result<Given, UsageError> => {
  if (typeof name !== "string") return Result.succeed({});
  const recipe = Object.hasOwn(recipes, name) ? recipes[name] : undefined;
  if (recipe === undefined) {
    const known = Object.keys(recipes).join(", ");
    return Result.fail(
      new UsageError({ message: `Cannot run "${command.name}": --recipe "${name}": expected one of ${known}` }),
    );
  }
  return Result.succeed({
    ...recipe.settings,
    ...(command.name === "evaluate" ? recipe.evaluations[0]?.settings : {}),
  });
};

/** The settings of a config file; its parser is loaded only if there is a file. */
const readConfig = Effect.fnUntraced(function* (file: string) {
  const { readConfigFile } = yield* Effect.promise(() => import("./settings/config_file.ts"));
  return yield* readConfigFile(file);
});

/** Runs one command line; the first word is the command's name. */
export const run = Effect.fnUntraced(function* (words: ReadonlyArray<string>) {
  const streams = yield* StandardStreams;
  const [name, ...rest] = words;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    const { stages, commands } = yield* loadAll;
    return yield* streams.write(overview(stages, commands));
  }
  const known = loaders();
  if (!Object.hasOwn(known, name)) {
    const names = Object.keys(known);
    return yield* new UsageError({
      message: `Unknown command "${name}"${nearest(name, names) || `, expected one of ${names.join(", ")}`}`,
    });
  }
  const command = yield* known[name];
  const line = yield* Effect.fromResult(parseCommandLine(command, rest));
  if (line.help) return yield* streams.write(helpOf(command, line.helpAll));
  if (line.completions !== undefined) {
    const { stages, commands } = yield* loadAll;
    const script = completions(line.completions, [...stages, ...commands]);
    return script === undefined
      ? yield* new UsageError({ message: `--completions "${line.completions}": expected one of ${shells.join(", ")}` })
      : yield* streams.write(script);
  }
  const file = line.config === undefined ? {} : yield* readConfig(line.config);
  const recipe = yield* Effect.fromResult(recipeValues(command, line.values.recipe ?? file.recipe));
  const given = layered(recipe, file, line.values);
  if (!line.dryRun) {
    return yield* Effect.provideService(command.run(given, line.words), CommandWords, words);
  }
  for (const planned of command.plan === undefined ? [] : yield* command.plan(given, line.words)) {
    yield* streams.report(planned);
  }
  const config = yield* Effect.fromResult(command.resolved(given));
  return yield* streams.write(`${JSON.stringify(select(config, Object.keys(config)), null, 2)}\n`);
});

if (import.meta.main) {
  consoleToStderr();
  await main(run(Deno.args).pipe(Effect.catchIf((failure) => failure instanceof PipeClosed, () => Effect.void)));
}
