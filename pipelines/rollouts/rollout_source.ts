/**
 * Where the rollouts of a training step come from. By default the policy itself draws them: their log-probs are its own, bit for bit. Any other
 * sampler is measured: `logProbs` stay the sampler's, `oldLogProbs` and `entropy` are the policy's, as `score` computes them, and the
 * difference between the two is in the step's metrics and, where a cap is given, in the advantages (`algorithms/importance.ts`).
 */
import { Effect, Stream } from "effect";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import { logitTemperature } from "../../kernels/ops/logit_temperature.ts";
import { mismatchOf } from "../algorithms/importance.ts";
import type { MetricsRow } from "../files/metrics.ts";
import type { CheckpointError } from "../files/safetensors.ts";
import type { Weights } from "../cluster/jobs.ts";
import { score } from "../learning/score.ts";
import type { Model } from "../models/model.ts";
import type { Tokenizer } from "../models/tokenizer.ts";
import type * as Records from "../records/schema.ts";
import type { Failure } from "../settings/command.ts";
import type { Settings } from "../settings/settings.ts";
import { rollouts } from "../stages/sample_rollouts.ts";
import { drawRolloutsWith, type RequestSettings } from "../stages/sample_work.ts";
import * as Score from "../stages/score.ts";
import { StageError } from "../stages/stage.ts";

/** The settings of a step's sampling. */
export type StepSampling = RequestSettings & Pick<Settings, "step">;

/** Draws the responses to a step's prompts, in order, for a policy; `finished` hears how many more have ended. */
export type DrawRollouts = (
  policy: Weights,
  prompts: ReadonlyArray<Records.Prompt>,
  settings: StepSampling,
  finished?: (count: number) => Effect.Effect<void>,
) => Stream.Stream<Records.Rollout, Failure>;

/** What a sampler carries from one step to the next, beside the policy: a checkpoint keeps it in its `trainer_state`. */
export interface SamplerState {
  readonly write: (folder: string) => Effect.Effect<void, CheckpointError | DeviceError>;
  /** Takes what `write` left beside this policy. */
  readonly read: (folder: string, policy: Model) => Effect.Effect<void, CheckpointError>;
}

/** A sampler; `state` is undefined where the policy and the names of the rollouts say everything. */
export interface Sampler {
  readonly draw: DrawRollouts;
  readonly state?: SamplerState | undefined;
}

/** A source of rollouts. */
export interface RolloutSource extends Sampler {
  /** The log-probs of a drawn response under the policy about to be trained, [T]. */
  readonly oldLogProbs: (record: Pick<Records.Rollout, "logProbs">) => Float32Array;
  /** The maximum importance weight of a token; 0 means no weights. */
  readonly importanceCap: number;
  /** What the step's metrics say of its rollouts. */
  readonly metrics: (drawn: ReadonlyArray<Records.Rollout>) => Omit<MetricsRow, "step">;
}

/** The policy draws its own rollouts; there is nothing to measure. */
export const ownSampler = (tokenizer: Tokenizer): RolloutSource => ({
  draw: (weights, prompts, settings, finished) =>
    drawRolloutsWith({ weights, tokenizer }, { prompts, settings, finished }),
  oldLogProbs: ({ logProbs }) => logProbs,
  importanceCap: 0,
  metrics: () => ({}),
});

/** Draws with a model on this device. */
export const drawnBy = (tokenizer: Tokenizer): DrawRollouts => ({ model }, prompts, settings, finished) =>
  rollouts(model, tokenizer, prompts, settings, finished);

/** Rollouts of any sampler, measured against the policy; `cap` bounds importance weights, and 0 means none. */
export const measuredSampler = ({ draw, state }: Sampler, cap: number): RolloutSource => {
  // By the list that all records of a response share.
  const scored = new WeakMap<Float32Array, Float32Array>();
  const oldLogProbs: RolloutSource["oldLogProbs"] = ({ logProbs }) => scored.get(logProbs) ?? logProbs;
  const scoredRollouts = Effect.fnUntraced(function* (policy: Model, drawn: ReadonlyArray<Records.Rollout>) {
    const faults = drawn.map((record) => Score.fault("train on", record, policy.config));
    const message = faults.find((fault) => fault !== undefined);
    if (message !== undefined) return yield* new StageError({ stage: "sample", message });
    const own = yield* score(policy, drawn, logitTemperature(drawn[0]?.temperature ?? 1));
    for (const [i, { problemId, logProbs }] of drawn.entries()) {
      if (![own.logProbs[i], own.entropy[i]].every((list) => list.every(Number.isFinite))) {
        const unfit =
          `Cannot score the response to problem "${problemId}": the model gives numbers that are not finite`;
        return yield* new StageError({ stage: "score", message: unfit });
      }
      scored.set(logProbs, own.logProbs[i]);
    }
    return drawn.map((record, i) => ({ ...record, entropy: own.entropy[i] }));
  });
  return {
    draw: (policy, prompts, settings, finished) =>
      Stream.fromArrayEffect(
        Effect.flatMap(
          Stream.runCollect(draw(policy, prompts, settings, finished)),
          (drawn) => scoredRollouts(policy.model, drawn),
        ),
      ),
    state,
    oldLogProbs,
    importanceCap: cap,
    metrics: (drawn) => ({
      mismatch: {
        ...mismatchOf(drawn.map(({ logProbs }) => ({ logProbs, oldLogProbs: oldLogProbs({ logProbs }) })), cap),
      },
    }),
  };
};
