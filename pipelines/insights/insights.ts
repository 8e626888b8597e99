/**
 * The paper's claims about single tokens, measured on a step (Sections 4.2, 4.3 and Appendix C). The whole input is a rollout batch before
 * `split`. Each algorithm takes its own training step on it (mini-batches, AdamW) from the same weights, and each measurement becomes one
 * flat row.
 */
import { Effect, Result, Stream, Struct } from "effect";
import type { AlgorithmName } from "../algorithms/mod.ts";
import { miniBatches } from "../algorithms/mini_batches.ts";
import { directed, directionRows } from "./direction.ts";
import { Insight } from "./insight.ts";
import { movedTokens, movementRows } from "./moved_tokens.ts";
import { credit, signsKept, stopped } from "./solved.ts";
import { layerPolicy } from "../models/layer_policy.ts";
import * as Model from "../models/model.ts";
import { releaseModel } from "../models/model.ts";
import { makeOptimizer, releaseOptimizer } from "../learning/optimizer.ts";
import type { TrainedSequence } from "../learning/gradient.ts";
import { optimizerStep, type StepSettings, type TrainingState } from "../learning/optimizer_step.ts";
import { Policy } from "../models/policy.ts";
import * as Stage from "../stages/stage.ts";
import { makeStage } from "../stages/stage.ts";
import * as Records from "../records/schema.ts";
import type { Settings } from "../settings/settings.ts";
import { batchLimit } from "../stages/token_limit.ts";
import { commonTemperature } from "../stages/record_temperature.ts";
import { fault, score } from "../stages/score.ts";
import {
  device,
  loss,
  models,
  optimizing,
  passes,
  reading,
  reporting,
  sampling,
  schedule,
} from "../settings/groups.ts";
import { fromRecords } from "../settings/setting.ts";

/** A copy of the model after a training step of `algorithm` (the caller releases it), and the records of its last mini-batch. */
const stepOf = Effect.fn("Insights.step")(function* (
  model: Model.Model,
  batch: ReadonlyArray<TrainedSequence>,
  settings: StepSettings & Pick<Settings, "miniBatch" | "responses">,
) {
  const stepped = Model.clone(model);
  let state: TrainingState = { policy: { model: stepped, optimizer: makeOptimizer(stepped) }, critic: undefined };
  let last: ReadonlyArray<Insight> = [];
  const parts = miniBatches(batch, settings.miniBatch * settings.responses);
  for (const [i, policy] of parts.entries()) {
    if (i === parts.length - 1) last = yield* directionRows(stepped, policy.sequences, settings, "last mini-batch");
    ({ state } = yield* optimizerStep(state, { policy }, settings, () => Effect.void));
  }
  releaseOptimizer(model.encoder, state.policy.optimizer);
  return { stepped, last };
});

const equations: Partial<Readonly<Record<AlgorithmName, string>>> = { psr: "Eq. 7", nsr: "Eq. 8" };

/** The stage from Rewarded to Insight, one record per measurement; it reads the whole input at once. */
export const insightsStage = makeStage({
  name: "insights",
  summary: "Measures what one training step does to token probabilities (Sections 4.2 and 4.3)",
  settings: {
    ...Struct.pick(models, ["model"]),
    temperature: fromRecords(sampling.temperature),
    ...Struct.pick(schedule, ["miniBatch"]),
    ...Struct.pick(sampling, ["responses", "maxTokens"]),
    ...Struct.pick(loss, ["lambda", "clipRatio", "clipRatioHigh", "entropyCoef", "klCoef"]),
    ...Struct.pick(loss, ["aggregation"]),
    ...Struct.pick(schedule, ["gradientChunk", "gradientLeaves"]),
    ...Struct.pick(optimizing, ["learningRate", "weightDecay", "maxGradNorm"]),
    ...Struct.pick(reading, ["first", "positions"]),
    ...Struct.pick(passes, ["paddedVocabulary"]),
    ...Struct.pick(reporting, ["bootstrap"]),
    ...device,
  },
  required: ["model"],
  input: Records.Rewarded,
  needs: ["problemId", "promptTokens", "responseTokens", "reward"],
  output: Insight,
  buffered: true,
  layer: layerPolicy,
  run: (input, config) =>
    Stream.fromArrayEffect(Effect.gen(function* () {
      const rewarded = yield* Stream.runCollect(input);
      const fail = (message: string) => new Stage.StageError({ stage: "insights", message });
      if (rewarded.length === 0) return yield* fail("Cannot measure a step: the input holds no record");
      const policy = yield* Policy;
      const { model } = yield* policy.load(config.model, "policy", { paddedVocabulary: config.paddedVocabulary });
      for (const record of rewarded) {
        const message = fault("measure", record, model.config);
        if (message !== undefined) return yield* fail(message);
      }
      const temperature = yield* Effect.fromResult(Result.mapError(
        commonTemperature(rewarded, config.temperature),
        (message) => fail(`Cannot measure ${message}`),
      ));
      // No critic is used.
      const maxTokens = batchLimit(rewarded, config.maxTokens);
      const common = { ...config, temperature, maxTokens, criticLearningRate: 0 };
      const rollouts = yield* score({ policy: model }, rewarded, temperature);
      const rows: Insight[] = [];
      const directions: Insight[] = [];
      for (const algorithm of directed) {
        const batch = credit(rollouts, algorithm, common);
        if (batch.length === 0) continue;
        const settings = { ...common, algorithm };
        const { stepped, last } = yield* stepOf(model, batch, settings);
        const equation = equations[algorithm];
        if (equation !== undefined) {
          const tokens = yield* movedTokens(model, stepped, batch.slice(0, config.first), settings, config.positions);
          rows.push(...movementRows(algorithm, equation, tokens, config.bootstrap));
        }
        directions.push(...last, ...yield* directionRows(stepped, batch, settings, "second pass"));
        releaseModel(stepped);
      }
      return [...rows, ...stopped(rollouts, common), ...signsKept(rollouts, common), ...directions];
    })),
});
