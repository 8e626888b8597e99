/**
 * `deno task reproduce`: the whole study of a recipe. Trains every cell, evaluates the bases and the trained models, and writes tables,
 * figures, rows and pages to `results/<recipe>/`. Runs and outcomes are cached, so an interrupted study resumes and a finished one only
 * prints again. `--shard 1/2` and `--shard 2/2` split a study over processes; a final run without `--shard` merges them, and `--gather`
 * merges whatever is done. Cells recorded in the results do not run again. `--check` derives every file again from the records alone and
 * compares. No checkpoint is selected: the paper's Table 1 uses the best one on the MATH test set, this study the last.
 */
import { Clock, Effect, Layer, Semaphore, Struct } from "effect";
import { join, resolve } from "node:path";
import { deviceName } from "../../kernels/gpu/chosen_kernels.ts";
import { layerJobs } from "../cluster/layer_jobs.ts";
import { layerPolicy } from "../models/layer_policy.ts";
import { Policy } from "../models/policy.ts";
import type { Cell, Recipe } from "../recipes/mod.ts";
import { commandOf } from "../recipes/recipe.ts";
import { pageFile } from "../reports/page/page.ts";
import { renderTables } from "../reports/tables/render_table.ts";
import { recipePlan } from "../planning/run_plan.ts";
import * as Command from "../settings/command.ts";
import { makeCommand } from "../settings/command.ts";
import { home } from "../files/home.ts";
import { exists } from "../files/text_file.ts";
import * as Progress from "../files/progress.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import { recipeOf, reproduceSettings } from "./given_recipe.ts";
import { promptsOf } from "../stages/prompt.ts";
import type { studyFiles } from "./study_files.ts";
import { planOf, secondsOf, settingsOf, shardOf, shownCells } from "./plan.ts";
import { type Finished, readRecords, recordFiles, type Records, recordsFrom, withCommits } from "./records.ts";
import { inLanes, laneCount } from "./lanes.ts";
import { keyOf, outcomeOf, runCell, type Study, withRate } from "./run_cell.ts";
import { covers, type Shown, shownOf, trainShown } from "./shown_runs.ts";
import { sayStoppedStudy } from "./stopped.ts";
import { timeLeft } from "./time_left.ts";
import { besides, keeping, type Made, standingIn } from "./standing_results.ts";
import { bytesBelow, differing, writeFiles } from "./write_files.ts";

// Loaded here, because the library of the figures is large, and help and training draw none.
const filesOf: typeof studyFiles = (...of) =>
  Effect.flatMap(Effect.promise(() => import("./study_files.ts")), ({ studyFiles }) => studyFiles(...of));

const refuse = (message: string) => new Command.UsageError({ message });

/** The cache folder of a study. */
const studyFolder = (recipe: string, root = home()): string => join(root, "studies", recipe);

/** Reports the progress of a study and the remaining time, from the estimate and this machine's speed so far. */
const sayWhere = (study: Study, cells: ReadonlyArray<Cell>, isDone: (cell: Cell) => boolean, lanes: number) => {
  const seconds = Effect.map(Clock.currentTimeMillis, (ms) => ms / 1000);
  const begun = new Map<Cell, number>();
  let [estimated, took] = [0, 0];
  const estimateOf = (cell: Cell) => secondsOf(study.recipe, cell);
  const leftAt = (now: number) => {
    const waiting = cells.reduce((sum, one) => isDone(one) || begun.has(one) ? sum : sum + estimateOf(one), 0);
    const underWay = Array.from(begun, ([cell, at]) => ({ estimate: estimateOf(cell), ran: now - at }));
    return timeLeft({ waiting, underWay, estimated, took, lanes });
  };
  return Effect.fnUntraced(function* <A, E, R>(index: number, run: Effect.Effect<A, E, R>) {
    const { report } = yield* StandardStreams;
    const cell = cells[index];
    const start = yield* seconds;
    const isNew = !(yield* exists(join(study.folder, cell.name)));
    begun.set(cell, start);
    const left = leftAt(start);
    yield* report(
      `[${index + 1}/${cells.length}] ${cell.name}${
        left === undefined ? "" : `, about ${Progress.duration(left)} left`
      }`,
    );
    const result = yield* run;
    begun.delete(cell);
    const ran = (yield* seconds) - start;
    // A cell from the cache, or one that went on with a run of earlier, does not show the speed.
    if (isNew && ran > 1) [estimated, took] = [estimated + estimateOf(cell), took + ran];
    return result;
  });
};

/** A study with the earlier records of its folder of results. */
interface Begun extends Study {
  readonly earlier: Records | undefined;
}

/** Runs the cells that the results do not record, or only collects finished ones (`gathers`); `each` is called after each cell, one at a time. */
const runAll = Effect.fnUntraced(function* (
  study: Begun,
  cells: ReadonlyArray<Cell>,
  gathers: boolean,
  each: (done: ReadonlyArray<Finished>, cell: Cell) => Effect.Effect<void, Command.Failure>,
) {
  const digests = new Map<string, string>();
  const found = new Map<Cell, Finished>();
  const done = () => cells.flatMap((cell) => found.get(cell) ?? []);
  const { model } = settingsOf(study.recipe, {});
  const say = sayWhere(study, cells, (cell) => found.has(cell), yield* laneCount(model, cells.length));
  const one = yield* Semaphore.make(1);
  yield* inLanes(cells, model, (declared, index) =>
    Effect.gen(function* () {
      const cell = yield* withRate(study, declared, digests);
      if (cell === undefined) {
        if (gathers) return;
        return yield* refuse(`Cannot run "${declared.name}": the cells that choose its learning rate are not done`);
      }
      const key = yield* keyOf(study, cell, digests);
      const known = study.earlier?.cells.find((one) => one.cell === cell.name && one.key === key);
      if (known !== undefined) return void found.set(declared, { cell, record: known });
      const { outcome, commit } = yield* gathers ? outcomeOf(study, cell, key) : say(index, runCell(study, cell, key));
      if (outcome === undefined) return;
      found.set(declared, { cell, outcome, record: { cell: cell.name, key, ...(commit !== undefined && { commit }) } });
      yield* one.withPermits(1)(Effect.suspend(() => each(done(), cell)));
    })).pipe(Effect.onInterrupt(() => sayStoppedStudy(study.folder, found.size, cells.length)));
  return done();
});

/** The test problems of a recipe: the published ones, and those generated by other problem seeds. */
const testPrompts = Effect.fnUntraced(function* (recipe: Recipe) {
  const settings = settingsOf(recipe, { split: "test" });
  const { model } = settings;
  if (model === undefined) {
    return yield* refuse(`Cannot reproduce "${recipe.name}": the recipe names no model; give --model`);
  }
  const asked = new Map([
    ...recipe.byFamilies ? [] : [[undefined, {}] as const],
    ...recipe.evaluations.map((one) =>
      [one.settings.problemSeed, Struct.pick(one.settings, ["limit", "alike"])] as const
    )
      .filter(([seed]) => seed !== undefined),
  ]);
  const found = yield* Effect.forEach(
    asked,
    ([problemSeed, size]) =>
      Effect.map(
        promptsOf({ ...settings, ...(size.alike !== undefined && size), problemSeed }, model),
        (prompts) => [problemSeed, prompts] as const,
      ),
  );
  return new Map(found);
});

interface Choice {
  readonly out: string;
  /** The results to compare with; default: those of the recipe. */
  readonly committed?: string;
  readonly shard?: string;
  readonly gather?: boolean;
  /** The cache folder; default: `home()`. */
  readonly root?: string;
}

/** The files of a study's records. */
const madeOf = (recipe: Recipe, records: Records): Made => ({
  records: (there) => recordFiles(withCommits(records, there)),
  files: (there) => filesOf(recipe, withCommits(records, there)),
});

/** Runs the cells of a study, or one shard of them; returns undefined for a shard, which another run merges. */
const reproduceCells = Effect.fnUntraced(function* (recipe: Recipe, { out, shard, gather, root }: Choice) {
  const policy = yield* Policy;
  const device = `${policy.info.kind}, ${deviceName(policy.info)}`;
  const prompts = yield* testPrompts(recipe);
  const earlier = yield* readRecords(out);
  const study: Begun = { recipe, folder: studyFolder(recipe.name, root), earlier };
  const cells = yield* Command.orRefusal(shardOf(recipe.cells, shard));
  const made = (done: ReadonlyArray<Finished>, shown?: Shown) =>
    madeOf(recipe, recordsFrom(recipe, device, prompts, done, earlier, shown));
  // Results are written whenever a seed's main comparison is complete, so an interrupted study has its tables.
  const completes = ({ condition, seed }: Cell, done: ReadonlyArray<Finished>) => {
    const isMain = (cell: Cell) => cell.condition === "main" && cell.seed === seed;
    const main = done.filter(({ cell }) => isMain(cell)).length;
    return shard === undefined && condition === "main" && main === cells.filter(isMain).length &&
      done.length < cells.length;
  };
  const done = yield* runAll(
    study,
    cells,
    gather === true,
    (done, cell) =>
      !gather && completes(cell, done)
        ? Effect.flatMap(made(done).files(), ({ files }) => writeFiles(out, files))
        : Effect.void,
  );
  if (shard !== undefined) return undefined;
  if (done.length === 0) {
    if (earlier !== undefined) return madeOf(recipe, earlier);
    return yield* refuse(`Cannot gather "${recipe.name}": no cell is done`);
  }
  return made(done, yield* shownOfCells(study, done));
});

/** The records of single runs for the page: the earlier ones if their cells are unchanged, else those of two new runs. */
const shownOfCells = Effect.fnUntraced(function* (
  { recipe, folder, earlier }: Begun,
  done: ReadonlyArray<Finished>,
) {
  const outcomes = new Map(done.map(({ cell, outcome }) => [cell.name, outcome]));
  const cells = shownCells(done.map(({ cell }) => cell));
  const isAsBefore = cells.every(({ name }) => outcomes.get(name) === undefined);
  if (earlier?.shown !== undefined && isAsBefore && covers(earlier.shown, cells)) return earlier.shown;
  const { report } = yield* StandardStreams;
  if (cells.length > 0) yield* report(`runs for the page: ${cells.map(({ name }) => name).join(", ")}`);
  return yield* shownOf(yield* Effect.forEach(cells, (cell) => trainShown(recipe, cell, folder)));
});

/** Runs a study or a shard, writes its files, and reports whether they equal the committed ones. */
export const reproduce = Effect.fn("Reproduce.study")(function* (recipe: Recipe, choice: Choice) {
  const { report, write } = yield* StandardStreams;
  const { out, shard, committed = join("results", recipe.name) } = choice;
  const { info } = yield* Policy;
  const stood = yield* standingIn(out);
  const expected = resolve(committed) === resolve(out) ? stood : yield* standingIn(committed);
  const begun = yield* Clock.currentTimeMillis;
  const made = yield* reproduceCells(recipe, choice);
  const minutes = ((yield* Clock.currentTimeMillis) - begun) / 60_000;
  if (made === undefined) {
    return yield* report(`${minutes.toFixed(1)} minutes; shard ${shard} is done, a run without --shard gathers`);
  }
  const { files, tables } = yield* keeping(made, stood);
  const last = yield* besides(made, expected, info);
  const names = (yield* writeFiles(out, files)).map((file) => join(out, file));
  yield* Effect.catchTag(
    write(renderTables(tables, { format: "terminal", isTerminal: false })),
    "PipeClosed",
    () => Effect.void,
  );
  const wrote = names.length === 0 ? `every file of "${out}" stays as it is` : `wrote ${names.join(", ")}`;
  yield* report(`${minutes.toFixed(1)} minutes; ${wrote}`);
  const page = [pageFile, "README.md"].find((name) => files.texts.has(name));
  if (page !== undefined) yield* report(`read "${join(out, page)}"`);
  if (last !== undefined) yield* report(last);
});

/** Derives every file of a study again from the records in its folder, and compares them byte by byte. */
export const check = Effect.fn("Reproduce.check")(function* (recipe: Recipe, out: string) {
  const { report } = yield* StandardStreams;
  const records = yield* readRecords(out);
  if (records === undefined) {
    return yield* refuse(`Cannot read "${out}": it has no record.json; ${commandOf(recipe)} writes it`);
  }
  const { files } = yield* filesOf(recipe, records);
  const wrong = yield* differing(files, bytesBelow(out));
  if (wrong.length > 0) {
    const message = `Cannot confirm "${out}": ${wrong.join("; ")}; what stands there does not follow from its records`;
    return yield* refuse(message);
  }
  yield* report(`${files.texts.size + files.pictures.size} files of "${out}" follow from its records, byte for byte`);
});

/** `deno task reproduce`. */
export const reproduceCommand = makeCommand({
  name: "reproduce",
  summary: "Trains and evaluates every algorithm of a recipe and writes tables, pictures and a page",
  settings: reproduceSettings,
  plan: (config) =>
    Effect.gen(function* () {
      const recipe = yield* recipeOf(config);
      // The estimate in seconds only covers the tiny study.
      if (recipe.settings.task === "countdown") return yield* Command.orRefusal(planOf(recipe, config.shard));
      return yield* recipePlan(recipe, { tflops: config.tflops });
    }),
  run: (config) =>
    Effect.gen(function* () {
      const recipe = yield* recipeOf(config);
      const { out = join("results", recipe.name), shard, gather } = config;
      if (config.check) return yield* check(recipe, out);
      const study = reproduce(recipe, { out, ...(shard === undefined ? {} : { shard }), gather });
      yield* Effect.scoped(study).pipe(Effect.provide(Layer.provideMerge(layerJobs(config), layerPolicy(config))));
    }),
});
