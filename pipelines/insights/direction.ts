/**
 * Whether clipping and a KL term in the loss change an update's direction (Section 4.3, Appendix C). For single tokens: the share whose
 * log-prob changes in the opposite direction. For a whole mini-batch: the cosine of its gradients with and without. The policy must have
 * taken steps since it drew the records; on-policy no token is clipped and the KL term is 0.
 */
import { Effect } from "effect";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import { logitTemperature } from "../../kernels/ops/logit_temperature.ts";
import type { AlgorithmName } from "../algorithms/mod.ts";
import type { GradientError, TrainedSequence } from "../learning/gradient.ts";
import { normOf, productOf } from "../learning/gradient_passes.ts";
import { gradient, type LossSettings, whole } from "../learning/optimizer_step.ts";
import type { Model } from "../models/model.ts";
import { type ParameterSet, releaseParameters } from "../models/parameters.ts";
import { score } from "../learning/score.ts";
import type { Insight } from "./insight.ts";
import { responseLosses } from "./token_gradients.ts";

/** The algorithms whose direction is measured; the loss of each is the clipped ratio. */
export const directed: ReadonlyArray<AlgorithmName> = ["psr", "nsr", "w-reinforce", "grpo"];

/** Clip ratios that no token reaches and no dual clip, so nothing of a clipped ratio is clipped. */
const unclipped = { clipRatio: 1e9, clipRatioHigh: undefined, dualClip: undefined };

/** The rows about one mini-batch under a policy; `when` names the mini-batch in words. */
export const directionRows = Effect.fn("Insights.direction")(function* (
  model: Model,
  batch: ReadonlyArray<TrainedSequence>,
  settings: LossSettings,
  when: string,
): Effect.fn.Return<ReadonlyArray<Insight>, DeviceError | GradientError> {
  const { algorithm } = settings;
  const free = { ...settings, ...unclipped, klInLoss: false };
  const plain = yield* gradient(model, whole(batch), free);
  const scores = yield* score(model, batch, logitTemperature(settings.temperature));
  // The loss's derivative by each token's log-prob, response after response.
  const pushes = (config: LossSettings) =>
    responseLosses(whole(batch), scores, config).flatMap(({ dLogProbs }) => [...dLogProbs]);
  const compared = Effect.fnUntraced(function* (insight: string, config: LossSettings) {
    const other = yield* gradient(model, whole(batch), config);
    const value = yield* cosine(model, plain.gradient, other.gradient);
    releaseParameters(model.encoder, other.gradient);
    const [before, after] = [pushes(free), pushes(config)];
    const moved = before.filter((push) => push !== 0).length;
    const share = (counts: (push: number, i: number) => boolean) => before.filter(counts).length / Math.max(1, moved);
    const row = (quantity: string, value: number): Insight => ({
      section: "4.3, App. C",
      insight,
      algorithm,
      quantity: `${quantity}, ${when}`,
      value,
      count: moved,
      of: "tokens",
    });
    return [
      row("share of tokens left out", share((push, i) => push !== 0 && after[i] === 0)),
      row("share of tokens turned round", share((push, i) => push * after[i] < 0)),
      ...value === undefined ? [] : [row("cosine of the gradients", value)],
    ];
  });
  const rows = [
    ...yield* compared("clipping keeps the direction", { ...settings, klInLoss: false }),
    ...yield* compared("the KL term keeps the direction", { ...settings, ...unclipped, klInLoss: true }),
  ];
  releaseParameters(model.encoder, plain.gradient);
  return rows;
});

/** cos(a, b); undefined if one of them is zero. */
const cosine = Effect.fnUntraced(function* ({ encoder }: Model, a: ParameterSet, b: ParameterSet) {
  const norms = (yield* normOf(encoder, a)) * (yield* normOf(encoder, b));
  return norms === 0 ? undefined : (yield* productOf(encoder, a, b)) / norms;
});
