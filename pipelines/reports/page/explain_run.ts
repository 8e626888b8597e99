/**
 * The gradient of the tokens of one prompt in a recorded step, if its weights still exist: `explain` on the step's first mini-batch, which
 * starts from the step's initial weights. Empty for a later mini-batch, for missing weights, and for weights that did not draw the records.
 */
import { unsetDefaults } from "../../algorithms/algorithm_settings.ts";
import { Effect, Stream } from "effect";
import { join } from "node:path";
import type { Explained } from "../../records/explained.ts";
import type { Policy } from "../../models/policy.ts";
import type { Failure } from "../../settings/command.ts";
import * as Stage from "../../stages/stage.ts";
import * as Records from "../../records/schema.ts";
import { merge } from "../../settings/resolve.ts";
import type { Settings } from "../../settings/settings.ts";
import { explainStage } from "../../insights/explain.ts";
import { recordsOf, scan } from "./read_records.ts";
import { checkpointFolder, stepFolder } from "../../files/run_directory.ts";
import { exists } from "../../files/text_file.ts";
import type { RunHtml } from "./run_html.ts";

/** Tokens shown per distribution. */
const shownTokens = 10;

/** The largest difference between a probability and its recorded one. Sampler and trainer agree bit for bit; larger means other weights. */
const tolerance = 1e-4;

/** The folder of the weights at the beginning of a step. */
const weightsOf = Effect.fnUntraced(function* (run: string, step: number, model: unknown) {
  if (step === 1) return typeof model === "string" ? model : undefined;
  const folder = join(run, checkpointFolder(step - 1));
  return (yield* exists(folder)) ? folder : undefined;
});

/** A mini-batch to explain, and its weights. */
export interface Explainable {
  readonly batch: ReadonlyArray<Records.Credited>;
  readonly settings: Settings;
  readonly model: string;
  readonly problemId: string;
}

/** The first mini-batch of a step with its weights, if it has `problemId`; needs no device. */
export const explainableOf = Effect.fn("Report.explainable")(function* (
  run: string,
  config: RunHtml["config"],
  step: number,
  problemId: string,
): Effect.fn.Return<Explainable | undefined, Failure> {
  const model = yield* weightsOf(run, step, config.model);
  const unset = Object.keys(unsetDefaults(config)).map((key) => [key, undefined] as const);
  const settings: Settings = { ...merge(config), ...Object.fromEntries(unset) };
  const size = settings.miniBatch * settings.responses;
  let count = 0;
  const scanned = yield* scan(run, join(stepFolder(step), "advantage.ndjson"), () => count++ < size);
  const batch = (yield* recordsOf(run, scanned, Records.Credited)).map(({ record }) => record);
  if (model === undefined || !batch.some((record) => record.problemId === problemId)) return undefined;
  return { batch, settings, model, problemId };
});

/** The explained tokens of the problem; none if the weights did not draw the records. */
export const explain = Effect.fn("Report.explain")(function* (
  { batch, settings, model, problemId }: Explainable,
): Effect.fn.Return<ReadonlyArray<Explained>, Failure, Policy> {
  const explained = yield* Stream.runCollect(Stage.run(explainStage, batch, {
    ...settings,
    model,
    problem: problemId,
    first: undefined,
    positions: undefined,
    topK: shownTokens,
  }));
  const isSame = explained.every(({ probability, oldProbability }) =>
    Math.abs(probability - oldProbability) <= tolerance
  );
  return isSame ? explained : [];
});
