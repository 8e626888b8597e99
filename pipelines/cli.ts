/**
 * The front door: `deno task <command>` runs this file with the command's name first. Flags, help, completions and the dry run come from the
 * registries, so a stage or a command that is added there is here. Usage errors are one line on stderr and status 1; stdout stays empty.
 */
import { Effect, Result } from "effect";
import { commands } from "./commands.ts";
import { recipes } from "./recipes/mod.ts";
import { type Command, UsageError } from "./runtime/command.ts";
import * as CommandLine from "./runtime/command_line.ts";
import * as ConfigFile from "./runtime/config_file.ts";
import { completions, helpOf, overview, shells } from "./runtime/help.ts";
import { consoleToStderr, main } from "./runtime/platform.ts";
import { leaveOpen, merge, nearest, select } from "./runtime/resolve.ts";
import { command as filterOf } from "./runtime/stage.ts";
import { PipeClosed, StandardStreams } from "./runtime/standard_streams.ts";
import { stages } from "./stages/mod.ts";
import type { Settings } from "./settings.ts";

const filters: ReadonlyArray<Command> = stages.map((stage) => filterOf(stage));
const all: ReadonlyArray<Command> = [...filters, ...commands];

const recipeValues = (command: Command, name: string | undefined): Result.Result<Partial<Settings>, UsageError> => {
  if (name === undefined) return Result.succeed({});
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

/** Runs one command line, the command's name first. */
export const run = Effect.fnUntraced(function* (words: ReadonlyArray<string>) {
  const streams = yield* StandardStreams;
  const [name, ...rest] = words;
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    return yield* streams.write(overview(filters, commands));
  }
  const command = all.find((candidate) => candidate.name === name);
  if (command === undefined) {
    const hint = nearest(name, all.map((candidate) => candidate.name));
    return yield* new UsageError({
      message: `Unknown command "${name}"${hint || `, expected one of ${all.map((one) => one.name).join(", ")}`}`,
    });
  }
  const line = yield* Effect.fromResult(CommandLine.parse(command, rest));
  if (line.help) return yield* streams.write(helpOf(command));
  if (line.completions !== undefined) {
    const script = completions(line.completions, all);
    return script === undefined
      ? yield* new UsageError({ message: `--completions "${line.completions}": expected one of ${shells.join(", ")}` })
      : yield* streams.write(script);
  }
  const file = line.config === undefined ? {} : yield* ConfigFile.read(line.config);
  const recipe = yield* Effect.fromResult(recipeValues(command, line.values.recipe ?? file.recipe));
  const said = { ...recipe, ...file, ...line.values };
  const merged = leaveOpen(command.open ?? [], merge(command.defaults, recipe, file, line.values), said);
  const config = command.resolve?.(merged, said) ?? merged;
  if (line.dryRun && command.plan !== undefined) {
    for (const planned of yield* command.plan(config, line.words)) yield* streams.report(planned);
  }
  if (line.dryRun) return yield* streams.write(`${JSON.stringify(select(config, command.settings), null, 2)}\n`);
  return yield* command.run(config, line.words);
});

if (import.meta.main) {
  consoleToStderr();
  await main(run(Deno.args).pipe(Effect.catchIf((failure) => failure instanceof PipeClosed, () => Effect.void)));
}
