/**
 * `deno task reproduce`: the whole study of a recipe. Evaluates the base, trains every algorithm from it (or every cell of a larger study),
 * evaluates what each training ended with, and writes tables, pictures, rows and a page to `results/<recipe>/`. Runs and counts stay in
 * the cache, so a study that was interrupted goes on where it stopped, and one that is finished prints again. Several processes share a study
 * of cells by `--shard 1/2`, `--shard 2/2`; a last run without it gathers, `--gather` gathers what there is. No checkpoint is
 * selected: the paper's Table 1 takes the one that is best on the MATH test set, this one what training ended with.
 */
import { Clock, Effect } from "effect";
import { join } from "node:path";
import { layerPolicy } from "./models/layer_policy.ts";
import { Policy } from "./models/policy.ts";
import { type Cell, type Recipe, recipes } from "./recipes/mod.ts";
import { renderTables } from "./reports/render_table.ts";
import * as Command from "./runtime/command.ts";
import * as Progress from "./runtime/progress.ts";
import { StandardStreams } from "./runtime/standard_streams.ts";
import { promptsOf } from "./stages/prompt.ts";
import { writeAlgorithmResults } from "./study/algorithm_results.ts";
import { writeGridResults } from "./study/grid_results.ts";
import { cellsOf, planOf, secondsOf, settingsOf, shardOf } from "./study/plan.ts";
import { type Outcome, outcomeOf, runCell, type Study } from "./study/run_cell.ts";
import { fromResult } from "./study/write_files.ts";

const refuse = (message: string) => new Command.UsageError({ message });

/** Where a study keeps what it can go on from: `$SIGNUM_HOME/studies`, else `.signum/studies`. */
const studyFolder = (recipe: string): string => join(Deno.env.get("SIGNUM_HOME") ?? ".signum", "studies", recipe);

/** Says how far a study is and how long the rest takes, by the estimate and by how fast this machine has been so far. */
const sayWhere = Effect.fnUntraced(function* (recipe: Recipe, cells: ReadonlyArray<Cell>) {
  const { report } = yield* StandardStreams;
  const begun = yield* Clock.currentTimeMillis;
  let planned = 0;
  let spent = 0;
  let last = begun;
  return Effect.fnUntraced(function* (done: number, what: string) {
    const now = yield* Clock.currentTimeMillis;
    const seconds = (now - last) / 1000;
    last = now;
    // A cell that was there already says nothing about the speed.
    if (done > 0 && seconds > 1) {
      spent += seconds;
      planned += secondsOf(recipe, cells[done - 1]);
    }
    const ahead = cells.slice(done).reduce((sum, cell) => sum + secondsOf(recipe, cell), 0);
    const left = planned === 0 ? "" : `, about ${Progress.duration(ahead * spent / planned)} left`;
    yield* report(`[${done + 1}/${cells.length}] ${what}${left}`);
  });
});

/** Runs the cells one after the other; `each` hears of every one that is done. */
const runAll = Effect.fnUntraced(function* (
  study: Study,
  cells: ReadonlyArray<Cell>,
  each: (done: ReadonlyMap<string, Outcome>, cell: Cell) => Effect.Effect<void, Command.Failure>,
) {
  const say = yield* sayWhere(study.recipe, cells);
  const digests = new Map<string, string>();
  const outcomes = new Map<string, Outcome>();
  for (const [index, cell] of cells.entries()) {
    yield* say(index, cell.name);
    outcomes.set(cell.name, yield* runCell(study, cell, digests));
    yield* each(outcomes, cell);
  }
  return outcomes;
});

/** The outcomes of the cells that are done, running none. */
const gathered = Effect.fnUntraced(function* (study: Study, cells: ReadonlyArray<Cell>) {
  const digests = new Map<string, string>();
  const outcomes = new Map<string, Outcome>();
  for (const cell of cells) {
    const { outcome } = yield* outcomeOf(study, cell, digests);
    if (outcome !== undefined) outcomes.set(cell.name, outcome);
  }
  return outcomes;
});

/** The test problems of a recipe: the published ones, and those that other problem seeds make. */
const testPrompts = Effect.fnUntraced(function* (recipe: Recipe) {
  const settings = settingsOf(recipe, { split: "test" });
  const { model } = settings;
  if (model === undefined) {
    return yield* refuse(`Cannot reproduce "${recipe.name}": the recipe names no model; give --model`);
  }
  const seeds = new Set([undefined, ...recipe.evaluations.map((one) => one.settings.problemSeed)]);
  const found = yield* Effect.forEach(
    seeds,
    (problemSeed) =>
      Effect.map(promptsOf({ ...settings, problemSeed }, model), (prompts) => [problemSeed, prompts] as const),
  );
  return new Map(found);
});

/** Runs a study, or its part, and writes what came out of it. */
export const reproduce = Effect.fn("Reproduce.study")(function* (
  recipe: Recipe,
  { out, shard, gather = false }: { readonly out: string; readonly shard?: string; readonly gather?: boolean },
) {
  const policy = yield* Policy;
  const { report, write } = yield* StandardStreams;
  const begun = yield* Clock.currentTimeMillis;
  const isGrid = recipe.cells !== undefined;
  if (!isGrid && (shard !== undefined || gather)) {
    return yield* refuse(`Cannot reproduce "${recipe.name}" in parts: it is no study of cells`);
  }
  const prompts = yield* testPrompts(recipe);
  const study: Study = { recipe, folder: studyFolder(recipe.name), keepsRecords: !isGrid };
  const cells = yield* fromResult(shardOf(cellsOf(recipe), shard));
  const device = `${policy.info.kind}, ${policy.info.description}`;
  const writeResults = (outcomes: ReadonlyMap<string, Outcome>) => {
    if (!isGrid) return writeAlgorithmResults(out, recipe, prompts.get(undefined) ?? [], outcomes, device);
    const done = cells.flatMap((cell) => {
      const outcome = outcomes.get(cell.name);
      return outcome === undefined ? [] : [{ cell, outcome }];
    });
    return writeGridResults(out, recipe, prompts, done, device);
  };
  // Results are written whenever a seed's main comparison is there, so that an interrupted study has its tables.
  const lastOfSeed = new Map(
    cells.filter(({ condition }) => condition === "main").map(({ seed, name }) => [seed, name]),
  );
  const milestones = new Set(isGrid && shard === undefined ? lastOfSeed.values() : []);
  const outcomes = gather ? yield* gathered(study, cells) : yield* runAll(
    study,
    cells,
    (done, { name }) => milestones.has(name) ? Effect.asVoid(writeResults(done)) : Effect.void,
  );
  const minutes = ((yield* Clock.currentTimeMillis) - begun) / 60_000;
  if (shard !== undefined) {
    return yield* report(`${minutes.toFixed(1)} minutes; shard ${shard} is done, a run without --shard gathers`);
  }
  if (outcomes.size === 0) return yield* refuse(`Cannot gather "${recipe.name}": no cell is done`);
  const { files, tables } = yield* writeResults(outcomes);
  yield* Effect.catchTag(
    write(renderTables(tables, { format: "terminal", isTerminal: false })),
    "PipeClosed",
    () => Effect.void,
  );
  const whole = ((yield* Clock.currentTimeMillis) - begun) / 60_000;
  yield* report(`${whole.toFixed(1)} minutes; wrote ${files.map((file) => join(out, file)).join(", ")}`);
  yield* report(`read "${join(out, "README.md")}"`);
});

const recipeOf = (name: string) => {
  const recipe = recipes[name];
  return recipe === undefined
    ? Effect.fail(refuse(`Cannot reproduce "${name}": the recipes are ${Object.keys(recipes).join(", ")}`))
    : Effect.succeed(recipe);
};

/** `deno task reproduce`. */
export const reproduceCommand = Command.make({
  name: "reproduce",
  summary: "Trains and evaluates every algorithm of a recipe and writes tables, pictures and a page",
  settings: ["recipe", "out", "shard", "gather"],
  defaults: { recipe: "tiny" },
  plan: (config) =>
    Effect.gen(function* () {
      const recipe = yield* recipeOf(config.recipe ?? "tiny");
      return recipe.settings.task === "countdown" ? yield* fromResult(planOf(recipe, config.shard)) : [];
    }),
  run: (config) =>
    Effect.gen(function* () {
      const recipe = yield* recipeOf(config.recipe ?? "tiny");
      const { out = join("results", recipe.name), shard, gather } = config;
      yield* Effect.scoped(reproduce(recipe, { out, ...(shard === undefined ? {} : { shard }), gather }));
    }).pipe(Effect.provide(layerPolicy)),
});
