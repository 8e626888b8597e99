/**
 * Runs cells of a study in a worker. The run's folder is named after the job, so a worker that comes back goes on with the newest checkpoint; it is
 * removed when the outcome is there. A folder that another process works in is left alone, and the cell runs in the next one.
 */
import { Effect, type Scope } from "effect";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { cellFolder } from "../cluster/cell_folders.ts";
import { canonicalJson } from "../cluster/job.ts";
import type { MakeRunner } from "../cluster/jobs.ts";
import * as RunDirectory from "../files/run_directory.ts";
import { recipes } from "../recipes/mod.ts";
import { sha256 } from "../records/text.ts";
import { UsageError } from "../settings/command.ts";
import { groupValues } from "../settings/setting.ts";
import * as Groups from "../settings/groups.ts";
import { merge } from "../settings/resolve.ts";
import type { changed } from "./cell_work.ts";
import { recipeOf } from "./given_recipe.ts";
import { runHere } from "./run_cell.ts";

const refuse = (message: string) => new UsageError({ message });

const decisive = {
  asPublished: Groups.published.asPublished,
  storage: Groups.passes.storage,
  activations: Groups.passes.activations,
  moments: Groups.optimizing.moments,
} satisfies Record<typeof changed[number], unknown>;

/** A folder for the job that no other process works in; its lock is released when the scope closes. */
const folderOf = (
  name: string,
  index = 0,
): Effect.Effect<string, RunDirectory.RunError, Scope.Scope> => {
  const path = cellFolder(name, index);
  return RunDirectory.acquire(path).pipe(
    Effect.as(path),
    Effect.catchIf(({ reason }) => reason === "locked", () => folderOf(name, index + 1)),
  );
};

/** The runner of cells in a worker. */
export const makeCellRunner: MakeRunner = Effect.succeed(Effect.fnUntraced(function* ({ settings, model }) {
  const { recipe: name, cell: wanted, ...rest } = settings;
  if (model === undefined) return yield* refuse("Cannot run a cell: the job names no model");
  if (typeof name !== "string" || !Object.hasOwn(recipes, name)) {
    return yield* refuse(`Cannot run a cell: recipe ${JSON.stringify(name)} is none of this worker's`);
  }
  const given = yield* Effect.mapError(Effect.fromResult(groupValues(decisive, rest)), refuse);
  const recipe = yield* recipeOf(merge(recipes[name].settings, { ...given, recipe: name }));
  const cell = recipe.cells.find((one) => one.name === wanted);
  if (cell === undefined) return yield* refuse(`Cannot run cell ${JSON.stringify(wanted)}: recipe "${name}" has none`);
  return yield* Effect.scoped(Effect.gen(function* () {
    const folder = yield* folderOf(sha256(canonicalJson({ settings, model })).slice(0, 32));
    const outcome = yield* runHere({ recipe, folder }, { ...cell, settings: { ...cell.settings, model } });
    yield* Effect.promise(() => rm(join(folder, cell.name), { recursive: true, force: true }));
    yield* Effect.promise(() => rm(join(folder, "evaluations"), { recursive: true, force: true }));
    return JSON.stringify(outcome);
  }));
}));
