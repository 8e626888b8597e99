/**
 * Runs one cell of a study, from its base to its counts. The outcome is kept in one file under a key of all its inputs, so an interrupted
 * study resumes at the first cell without one; within a cell, training resumes from its newest checkpoint. In a large study (one with
 * claims) a finished cell deletes its records, gradients and checkpoints; `train` with its settings makes them again.
 */
import * as Schema from "@effect/schema";
import { Effect, Option, Stream, Struct } from "effect";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { cannotContinue, deviceFields, deviceName } from "../../kernels/gpu/chosen_kernels.ts";
import { Jobs, thisProcess } from "../cluster/jobs.ts";
import { fileTensors, releaseModel } from "../models/model.ts";
import { Policy } from "../models/policy.ts";
import { comparable } from "../files/metrics.ts";
import * as Safetensors from "../files/safetensors.ts";
import { Insight } from "../insights/insight.ts";
import type { Cell, Recipe } from "../recipes/mod.ts";
import * as Command from "../settings/command.ts";
import { algorithmValues } from "../algorithms/algorithm_settings.ts";
import { device, memory, models } from "../settings/groups.ts";
import { keysOf } from "../settings/settings.ts";
import * as RunDirectory from "../files/run_directory.ts";
import { readRunText } from "../files/run_directory.ts";
import * as Stage from "../stages/stage.ts";
import { isRecordOf } from "../records/record.ts";
import { DynamicsRow } from "../records/rows.ts";
import { sha256 } from "../records/text.ts";
import { insightsStage } from "../insights/insights.ts";
import { promptStage } from "../stages/prompt.ts";
import { rewardStage } from "../stages/reward.ts";
import { sampleStage } from "../stages/sample.ts";
import { verifyStage } from "../stages/verify.ts";
import { storedConfig, trainConfig } from "../training/run_config.ts";
import { train } from "../training/train.ts";
import { cannotHandOut, cellWork } from "./cell_work.ts";
import { beginning, countsFile, Tallies, talliesOf } from "./models.ts";
import { cellSettings, evaluationSettings, savingOf, settingsOf, shownCells, stepsOf } from "./plan.ts";
import { scoredRates } from "./rate_choice.ts";
import type { Records } from "./records.ts";
import { commitOf } from "./write_files.ts";

/** A row of metrics without timings. */
type CellMetrics = DynamicsRow & Readonly<Record<string, unknown>>;
const isMetrics = (row: unknown): row is CellMetrics => isRecordOf(DynamicsRow, row);

/** Counts under one evaluation after some step. */
const Measured = Schema.Struct({ evaluation: Schema.String, step: Schema.Number, tallies: Tallies });

/**
 * The outcome of a cell: counts, its metrics without timings (for a base, its greedy responses as step 0), and measurements of the first step if
 * the cell asks for them.
 */
const Outcome = Schema.Struct({
  measured: Schema.Array(Measured),
  metrics: Schema.Array(Schema.declare(isMetrics)),
  insights: Schema.optionalKey(Schema.Array(Schema.declare((row): row is Insight => isRecordOf(Insight, row)))),
});
/** See the schema. */
export type Outcome = typeof Outcome.Type;

const storedOutcome = Schema.decodeUnknownOption(
  Schema.fromJsonString(
    Schema.Struct({ key: Schema.String, commit: Schema.optionalKey(Schema.String), outcome: Outcome }),
  ),
);

/** A study and its cache folder. */
export interface Study {
  readonly recipe: Recipe;
  readonly folder: string;
}

const refuse = (message: string) => new Command.UsageError({ message });

const modelOf = Effect.fnUntraced(function* (recipe: Recipe, cell: Cell) {
  const { model } = settingsOf(recipe, cell.settings);
  if (model !== undefined) return model;
  return yield* refuse(`Cannot reproduce "${recipe.name}": the recipe names no model; give --model`);
});

const remove = (path: string) => Effect.promise(() => rm(path, { recursive: true, force: true }));

/** The insights of training step 1 from the cell's model: the pipe `prompt | sample | verify | reward | insights`. */
const insightsOf = Effect.fnUntraced(function* (recipe: Recipe, cell: Cell) {
  const settings = { ...settingsOf(recipe, cell.settings), model: yield* modelOf(recipe, cell), step: 1 };
  const rewarded = Stage.run(promptStage, [], settings).pipe(
    (_) => Stage.run(sampleStage, _, settings),
    (_) => Stage.run(verifyStage, _, settings),
    (_) => Stage.run(rewardStage, _),
  );
  return yield* Stream.runCollect(Stage.run(insightsStage, rewarded, { ...settings, bootstrap: 0 }));
});

/** Trains a cell into `out`, or resumes or reuses the run there. Refuses a run of another kind of adapter. */
export const trainCell = Effect.fn("Study.train")(function* (recipe: Recipe, cell: Cell, out: string) {
  const { info } = yield* Policy;
  const stored = yield* storedConfig(out);
  const other = stored === undefined ? undefined : cannotContinue(stored.fields, info);
  if (other !== undefined) {
    return yield* refuse(`Cannot go on with "${out}": it was ${other}; to begin again, remove it`);
  }
  const config = {
    ...cellSettings(recipe, { ...cell, settings: { ...cell.settings, ...savingOf(recipe, cell) } }),
    algorithm: cell.algorithm,
    out,
  };
  // A cell is one job; its training's parts are not jobs of their own.
  const training = Effect.scoped(train(yield* Effect.fromResult(trainConfig(config))));
  yield* Effect.provideService(training, Jobs, thisProcess);
});

/** Trains and evaluates a cell in this process; reuses everything that already exists. */
export const runHere = Effect.fnUntraced(function* ({ recipe, folder }: Study, cell: Cell) {
  const base = yield* modelOf(recipe, cell);
  const run = join(folder, cell.name);
  const metrics: CellMetrics[] = [];
  if (cell.algorithm === "base") {
    metrics.push({ step: 0, ...(yield* beginning(settingsOf(recipe, cell.settings), base)) });
  } else {
    yield* trainCell(recipe, cell, run);
    const lines = ((yield* readRunText(join(run, "metrics.ndjson"))) ?? "").split("\n").slice(0, -1);
    for (const [i, line] of lines.entries()) {
      const row: unknown = comparable(JSON.parse(line));
      if (!isMetrics(row)) {
        return yield* refuse(`Cannot use "${run}/metrics.ndjson": line ${i + 1} is no row of metrics`);
      }
      metrics.push(row);
    }
  }
  const last = stepsOf(recipe, cell);
  const end = cell.algorithm === "base" ? base : join(run, "model");
  const measured: Array<typeof Measured.Type> = [];
  for (const [index, asked] of cell.evaluations.entries()) {
    const settings = evaluationSettings(recipe, cell, asked);
    const { at, evaluation, responses } = asked;
    const named = recipe.evaluations.find(({ name }) => name === evaluation);
    for (const step of at ?? [undefined]) {
      const tallies = yield* talliesOf({
        dir: step === undefined ? end : join(run, RunDirectory.checkpointFolder(step)),
        label: cell.name,
        evaluation: step === undefined ? evaluation : `${evaluation}, after step ${step}`,
        settings,
        identity: responses === undefined ? named : { ...named, responses },
        file: countsFile(folder, cell.name, index, step),
      });
      measured.push({ evaluation, step: step ?? last, tallies });
    }
  }
  return { measured, metrics, ...(cell.insights && { insights: yield* insightsOf(recipe, cell) }) };
});

/** The key of all inputs of a cell's outcome; weights are digested once per base. */
export const keyOf = Effect.fnUntraced(function* ({ recipe }: Study, cell: Cell, digests: Map<string, string>) {
  const policy = yield* Policy;
  const dir = yield* modelOf(recipe, cell);
  let weights = digests.get(dir);
  if (weights === undefined) {
    const { model } = yield* policy.load(dir);
    weights = yield* Safetensors.digest(fileTensors(model.encoder, model.parameters));
    releaseModel(model);
    digests.set(dir, weights);
  }
  const free: ReadonlyArray<string> = keysOf({ ...Struct.pick(models, ["model"]), ...memory, ...device });
  const settings = Object.fromEntries(
    Object.entries({ ...algorithmValues(cell.algorithm), ...recipe.settings, ...cell.settings }).filter(([key]) =>
      !free.includes(key)
    ),
  );
  const named = cell.evaluations.map((one) => [one, recipe.evaluations.find(({ name }) => name === one.evaluation)]);
  return sha256(
    JSON.stringify([
      weights,
      cell.algorithm,
      settings,
      named,
      deviceName(policy.info),
      ...(cell.insights ? ["insights"] : []),
    ]),
  );
});

/** The cell with the learning rate that its recipe's rule chooses; undefined until the cells that the rule compares are done. */
export const withRate = Effect.fnUntraced(function* (
  study: Study & { readonly earlier?: Records | undefined },
  cell: Cell,
  digests: Map<string, string>,
) {
  const { recipe, earlier } = study;
  const choice = cell.rate === undefined ? undefined : recipe.choices?.[cell.rate];
  if (cell.rate === undefined || choice === undefined) return cell;
  const rows = yield* Effect.forEach(
    choice.candidates.flatMap(({ cells }) => cells),
    (name) =>
      Effect.gen(function* () {
        const candidate = recipe.cells.find((one) => one.name === name);
        if (candidate === undefined) return [];
        const key = yield* keyOf(study, candidate, digests);
        if (earlier?.cells.some((one) => one.cell === name && one.key === key)) {
          return earlier.counts.filter((row) => row.cell === name);
        }
        const { outcome } = yield* outcomeOf(study, candidate, key);
        return (outcome?.measured ?? []).map(({ evaluation, tallies }) => ({
          cell: name,
          evaluation,
          n: Math.min(...tallies.map(({ n }) => n)),
          correct: Int32Array.from(tallies, ({ c }) => c),
        }));
      }),
  );
  const chosen = scoredRates(cell.rate, choice, rows.flat())?.find((one) => one.chosen);
  if (chosen === undefined) return undefined;
  return { ...cell, settings: { ...cell.settings, learningRate: chosen.learningRate } };
});

/** The stored outcome of a cell, if its settings, weights and device are the same, and the commit that ran it. */
export const outcomeOf = Effect.fnUntraced(function* (study: Study, cell: Cell, key: string) {
  const text = yield* readRunText(fileOf(study, cell));
  const stored = Option.filter(storedOutcome(text ?? ""), (one) => one.key === key);
  const { outcome, commit } = Option.getOrUndefined(stored) ?? {};
  return { isStale: text !== undefined && outcome === undefined, outcome, commit };
});

const fileOf = ({ folder }: Study, { name }: Cell): string => join(folder, "cells", `${name}.json`);

/** Deletes the files that a finished cell no longer needs, except the records of runs that the page shows. */
const giveBack = Effect.fnUntraced(function* ({ recipe, folder }: Study, cell: Cell) {
  const isShown = shownCells(recipe.cells).includes(cell);
  const parts = isShown ? [] : ["steps", "artifacts", "checkpoints", "tensorboard"];
  for (const part of parts) yield* remove(join(folder, cell.name, part));
  for (const [index, { at }] of cell.evaluations.entries()) {
    for (const step of at ?? [undefined]) yield* remove(countsFile(folder, cell.name, index, step));
  }
});

/** Runs a cell in this process, or has a worker run it. */
const outcomeBy = Effect.fnUntraced(function* (study: Study, cell: Cell) {
  const jobs = yield* Jobs;
  const refused = jobs.atOnce === undefined ? undefined : cannotHandOut(study.recipe, cell);
  if (refused !== undefined) return yield* refuse(refused);
  const work = cellWork(study.recipe, cell, yield* modelOf(study.recipe, cell), runHere(study, cell));
  const [outcome] = yield* Stream.runCollect(jobs.run(work));
  return outcome;
});

/** The outcome of a cell; runs it if there is none. */
export const runCell = Effect.fn("Study.cell")(function* (study: Study, cell: Cell, key: string) {
  const { isStale, outcome: found, commit: ran } = yield* outcomeOf(study, cell, key);
  if (found !== undefined) return { outcome: found, commit: ran };
  const run = join(study.folder, cell.name);
  const isLarge = study.recipe.claims !== undefined;
  // A stale run of a large study lacks the checkpoints that a new evaluation needs.
  if (isStale && isLarge) yield* remove(run);
  const commit = yield* commitOf;
  const { info } = yield* Policy;
  const outcome = yield* outcomeBy(study, cell);
  yield* RunDirectory.writeText(
    fileOf(study, cell),
    `${JSON.stringify({ key, ...deviceFields(info), commit, outcome })}\n`,
  );
  if (isLarge) yield* giveBack(study, cell);
  return { outcome, commit };
});
