/**
 * `deno task reproduce`: the whole study of a recipe. Evaluates the base, trains every algorithm from it, evaluates what each training ended
 * with, and writes tables, pictures, rows and a page to `results/<recipe>/`. Runs and counts stay in the cache, so a study that was
 * interrupted goes on where it stopped, and one that is finished prints again. No checkpoint is selected: the paper's Table 1 takes the one
 * that is best on the MATH test set, this one what training ended with.
 */
import { Clock, Effect, type Result, Stream } from "effect";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { tasks } from "../data/mod.ts";
import { ks as publishedKs } from "../data/paper/published.ts";
import { readText as readOptional } from "./runtime/run_directory.ts";
import { layerPolicy } from "./models/layer_policy.ts";
import { isObject } from "./models/model_config.ts";
import { fileTensors, release } from "./models/model.ts";
import { Policy } from "./models/policy.ts";
import * as Safetensors from "./models/safetensors.ts";
import { measure, possibleKs } from "./evaluate.ts";
import type { Recipe } from "./recipes/mod.ts";
import { recipes } from "./recipes/mod.ts";
import { figure2 } from "./reports/figure_2.ts";
import { figure4 } from "./reports/figure_4.ts";
import { png, svg } from "./reports/render_chart.ts";
import { renderTables } from "./reports/render_table.ts";
import type { DynamicsRow, EvaluationRow } from "./reports/rows.ts";
import { studyPage } from "./reports/study_page.ts";
import { table1 } from "./reports/table_1.ts";
import * as Command from "./runtime/command.ts";
import * as Progress from "./runtime/progress.ts";
import * as RunDirectory from "./runtime/run_directory.ts";
import { sha256, toText } from "./runtime/stage_record.ts";
import { StandardStreams } from "./runtime/standard_streams.ts";
import type * as Noun from "./schema.ts";
import { defaults, type Settings } from "./settings.ts";
import { dynamics, factsOf } from "./stages/dynamics.ts";
import { passAtK, type Tally } from "./stages/pass_at_k.ts";
import { promptsOf } from "./stages/prompt.ts";
import { reward } from "./stages/reward.ts";
import { rollouts } from "./stages/sample.ts";
import { verify } from "./stages/verify.ts";
import { train, type TrainConfig } from "./train.ts";

/** What a model scored under one evaluation. */
interface Measured {
  readonly label: string;
  readonly evaluation: string;
  readonly tallies: ReadonlyArray<Tally>;
}

const refuse = (message: string) => new Command.UsageError({ message });

/** Where a study keeps what it can go on from: `$SIGNUM_HOME/studies`, else `.signum/studies`. */
const studyFolder = (recipe: string): string => join(Deno.env.get("SIGNUM_HOME") ?? ".signum", "studies", recipe);

const settingsOf = (recipe: Recipe, more: Partial<Settings>): Settings => ({
  ...defaults,
  ...recipe.settings,
  ...more,
});

/** Counts for one model under one evaluation, from the cache where the same weights were measured under the same settings. */
const measured = Effect.fnUntraced(
  function* (folder: string, recipe: Recipe, label: string, dir: string, index: number) {
    const policy = yield* Policy;
    const { report } = yield* StandardStreams;
    const evaluation = recipe.evaluations[index];
    const settings = settingsOf(recipe, {
      split: "test",
      extract: "lenient",
      ...evaluation.settings,
      step: 0,
      batch: undefined,
    });
    const { model } = yield* policy.load(dir);
    const weights = yield* Safetensors.digest(fileTensors(model.encoder, model.parameters));
    const key = sha256(JSON.stringify([weights, evaluation, recipe.settings.seed, policy.info.description]));
    const path = join(folder, "evaluations", `${label}_${index + 1}.json`);
    const stored: unknown = JSON.parse((yield* readOptional(path)) ?? "null");
    if (isObject(stored) && stored.key === key) {
      release(model);
      return { label, evaluation: evaluation.name, tallies: stored.tallies as ReadonlyArray<Tally> };
    }
    const prompts = yield* promptsOf(settings, dir);
    yield* report(`evaluate ${label}, ${evaluation.name}`);
    const tallies = yield* Effect.scoped(Effect.gen(function* () {
      const progress = yield* Progress.make(`evaluate ${label}`, prompts.length * settings.responses);
      return yield* measure(
        model,
        yield* policy.tokenizer(dir),
        prompts,
        settings,
        (verdicts) => progress.advance(verdicts.length),
      );
    }));
    release(model);
    yield* RunDirectory.writeText(path, `${JSON.stringify({ key, tallies })}\n`);
    return { label, evaluation: evaluation.name, tallies };
  },
);

/** Greedy accuracy and entropy of the base: the point at step 0 of Fig. 4a and b. */
const beginning = Effect.fnUntraced(function* (recipe: Recipe, dir: string) {
  const policy = yield* Policy;
  const settings = settingsOf(recipe, {
    split: "test",
    limit: undefined,
    responses: 1,
    temperature: 0,
    topP: 1,
    topK: 0,
    step: 0,
  });
  const { model } = yield* policy.load(dir);
  const prompts = yield* promptsOf(settings, dir);
  const drawn = yield* Stream.runCollect(rollouts(model, yield* policy.tokenizer(dir), prompts, settings));
  release(model);
  const graded = drawn.map((rollout) => reward(verify(rollout, tasks[rollout.task], settings.extract)));
  const { correctRatio, meanEntropy } = dynamics(graded.map(factsOf));
  return { testAccuracy: correctRatio, testEntropy: meanEntropy };
});

/** Pass@k rows of a model's counts: of all problems, and of each part that the task names. */
const evaluationRows = (
  task: string,
  prompts: ReadonlyArray<Noun.Prompt>,
  { label, evaluation, tallies }: Measured,
): EvaluationRow[] => {
  const ks = possibleKs(publishedKs, Math.min(...tallies.map(({ n }) => n)));
  const parts = [["all", () => true] as const, ...Object.entries(tasks[task].slices ?? {})];
  return parts.flatMap(([slice, holds]) => {
    const names = new Set(prompts.filter(holds).map(({ problemId }) => problemId));
    const chosen = tallies.filter(({ problemId }) => names.has(problemId));
    if (chosen.length === 0) return [];
    return passAtK(chosen, ks, defaults.bootstrap).map((row) => ({
      label,
      algorithm: label,
      task,
      evaluation,
      ...row,
      slice,
    }));
  });
};

/** The commit that is checked out, where this is a clone. */
const commitOf = Effect.gen(function* () {
  const head = (yield* readOptional(".git/HEAD"))?.trim();
  if (head === undefined || !head.startsWith("ref: ")) return head;
  return (yield* readOptional(join(".git", head.slice(5))))?.trim();
}).pipe(Effect.orElseSucceed(() => undefined));

const study = Effect.fn("Reproduce.study")(function* (recipe: Recipe, out: string) {
  const policy = yield* Policy;
  const { report, write } = yield* StandardStreams;
  const begun = yield* Clock.currentTimeMillis;
  const folder = studyFolder(recipe.name);
  const base = recipe.settings.model;
  const task = recipe.settings.task ?? defaults.task;
  if (base === undefined) {
    return yield* refuse(`Cannot reproduce "${recipe.name}": the recipe names no model; give --model`);
  }
  const evaluations: Measured[] = [];
  const dynamicsRows: DynamicsRow[] = [];
  const total = recipe.algorithms.length + 1;
  const evaluate = Effect.fnUntraced(function* (label: string, dir: string) {
    for (const index of recipe.evaluations.keys()) evaluations.push(yield* measured(folder, recipe, label, dir, index));
  });
  const sayWhere = Effect.fnUntraced(function* (done: number, what: string) {
    const seconds = ((yield* Clock.currentTimeMillis) - begun) / 1000;
    const left = done === 0 ? "" : `, about ${Progress.duration(seconds * (total - done) / done)} left`;
    yield* report(`[${done + 1}/${total}] ${what}${left}`);
  });
  yield* sayWhere(0, "base");
  const first = yield* beginning(recipe, base);
  yield* evaluate("base", base);
  for (const [index, algorithm] of recipe.algorithms.entries()) {
    yield* sayWhere(index + 1, algorithm);
    const run = join(folder, algorithm);
    // The recipe names every setting that training cannot do without.
    const config = { ...settingsOf(recipe, { algorithm }), out: run } as unknown as TrainConfig;
    yield* Effect.scoped(train(config));
    const lines = ((yield* readOptional(join(run, "metrics.ndjson"))) ?? "").split("\n").slice(0, -1);
    dynamicsRows.push({ algorithm, step: 0, ...first }, ...lines.map((line) => dynamicsRow(algorithm, line)));
    yield* evaluate(algorithm, join(run, "model"));
  }
  const prompts = yield* promptsOf(settingsOf(recipe, { split: "test" }), base);
  const rows = evaluations.flatMap((one) => evaluationRows(task, prompts, one));
  const files = yield* writeResults(out, recipe, rows, dynamicsRows, `${policy.info.kind}, ${policy.info.description}`);
  const tables = yield* fromResult(table1.build(rows));
  yield* Effect.catchTag(
    write(renderTables(tables, { format: "terminal", isTerminal: false })),
    "PipeClosed",
    () => Effect.void,
  );
  const minutes = ((yield* Clock.currentTimeMillis) - begun) / 60_000;
  yield* report(`${minutes.toFixed(1)} minutes; wrote ${files.map((file) => join(out, file)).join(", ")}`);
  yield* report(`read "${join(out, "README.md")}"`);
});

const fromResult = <A>(result: Result.Result<A, string>) =>
  Effect.mapError(Effect.fromResult(result), (message) => refuse(message));

/** A row of metrics without its timings: what the figures are drawn from. */
const dynamicsRow = (algorithm: string, line: string): DynamicsRow => {
  const { timing: _, ...row } = JSON.parse(line);
  return { algorithm, ...row };
};

/** Writes rows, tables, pictures and the page; gives the names of the files. */
const writeResults = Effect.fnUntraced(function* (
  out: string,
  recipe: Recipe,
  rows: ReadonlyArray<EvaluationRow>,
  dynamicsRows: ReadonlyArray<DynamicsRow>,
  device: string,
) {
  const texts = new Map<string, string>([
    ["evaluations.ndjson", toText(rows)],
    ["dynamics.ndjson", toText(dynamicsRows)],
  ]);
  const records = [...texts].map(([file, text]) => ({ file, sha256: sha256(text) }));
  const tables = yield* fromResult(table1.build(rows));
  texts.set("table_1.csv", renderTables(tables, { format: "csv", isTerminal: false }));
  texts.set("table_1.md", renderTables(tables, { format: "markdown", isTerminal: false }));
  const figures: Record<string, string> = {};
  const pictures = new Map<string, Uint8Array>();
  for (const [name, chart] of [["figure-2", figure2.build(rows)], ["figure-4", figure4.build(dynamicsRows)]] as const) {
    const drawn = yield* fromResult(chart);
    const file = name.replace("-", "_");
    figures[name] = `${file}.svg`;
    texts.set(`${file}.svg`, yield* svg(drawn));
    pictures.set(`${file}.png`, yield* png(drawn));
  }
  const commit = yield* commitOf;
  const page = studyPage({
    recipe,
    ...(commit && { commit }),
    device,
    evaluations: rows,
    dynamics: dynamicsRows,
    figures,
    records,
  });
  texts.set("README.md", yield* fromResult(page));
  yield* Safetensors.attempt("write", out, () => mkdir(out, { recursive: true }));
  for (const [file, text] of texts) yield* RunDirectory.writeText(join(out, file), text);
  for (const [file, bytes] of pictures) {
    yield* Safetensors.attempt("write", join(out, file), () => writeFile(join(out, file), bytes));
  }
  return [...texts.keys(), ...pictures.keys()];
});

/** `deno task reproduce`. */
export const reproduceCommand = Command.make({
  name: "reproduce",
  summary: "Trains and evaluates every algorithm of a recipe and writes tables, pictures and a page",
  settings: ["recipe", "out"],
  defaults: { recipe: "tiny" },
  run: (config) =>
    Effect.gen(function* () {
      const recipe = recipes[config.recipe ?? "tiny"];
      if (recipe === undefined) {
        return yield* refuse(`Cannot reproduce "${config.recipe}": the recipes are ${Object.keys(recipes).join(", ")}`);
      }
      yield* Effect.scoped(study(recipe, config.out ?? join("results", recipe.name)));
    }).pipe(Effect.provide(layerPolicy)),
});
