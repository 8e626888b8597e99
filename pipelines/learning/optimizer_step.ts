/**
 * The optimizer step. The reference and the critic score a rollout batch, `algorithms/` computes its advantages, and the batch is cut into
 * mini-batches. Each one makes a step: its gradient (correct and incorrect responses separately, `gradient.ts`) is clipped by its global
 * norm and applied by AdamW. Training and insights run this on records, the bench on made-up responses, the memory plan and the predictions
 * on an encoder that only counts.
 */
import * as Effect from "effect/Effect";
import * as Struct from "effect/Struct";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import { logitTemperature } from "../../kernels/ops/logit_temperature.ts";
import { cutAlike, type MiniBatch, miniBatches } from "../algorithms/mini_batches.ts";
import { isKlInLoss, lossFormOf } from "../algorithms/mod.ts";
import { VALUE_CLIP } from "../algorithms/value_loss.ts";
import type { Weights } from "../cluster/jobs.ts";
import type { Model } from "../models/model.ts";
import { releaseParameters } from "../models/parameters.ts";
import type { Credited } from "../records/schema.ts";
import * as Groups from "../settings/groups.ts";
import type { Settings } from "../settings/settings.ts";
import {
  criticGradient,
  type GradientError,
  type GradientSettings,
  type LossGradient,
  type PolicyGradient,
  policyGradient,
  type TrainedSequence,
} from "./gradient.ts";
import type { HandedGradient } from "./gradient_work.ts";
import * as Optimizer from "./optimizer.ts";
import type { Sequence } from "./packed_rows.ts";
import { score, values } from "./score.ts";

/** A model with its optimizer. */
export interface TrainedModel {
  readonly model: Model;
  readonly optimizer: Optimizer.Optimizer;
  /** The directory of its configuration and tokenizer; without it, its work is not handed out. */
  readonly dir?: string | undefined;
}

/** A trained model's weights, for work that may be handed out. Each step makes another `TrainedModel`. */
export const trainedWeights = (trained: TrainedModel): Weights => ({
  version: trained,
  model: trained.model,
  dir: trained.dir ?? "",
});

/** The state that training changes. */
export interface TrainingState {
  readonly policy: TrainedModel;
  readonly critic: TrainedModel | undefined;
}

/** The settings that the loss depends on. */
export type LossSettings =
  & Omit<GradientSettings, "share" | "form" | "constantLength">
  & Pick<Settings, "algorithm">
  & Partial<Pick<Settings, "dualClip" | "maxTokens">>;

/** The settings that an optimizer step depends on. */
export type StepSettings =
  & LossSettings
  & Pick<Settings, "learningRate" | "criticLearningRate" | "weightDecay" | "maxGradNorm">
  & Partial<Pick<Settings, "asPublished" | "step" | "leavesPerJob">>;

/** The input of one optimizer step: a mini-batch of the policy, of the critic, or of both. */
export interface StepBatch<A = TrainedSequence> {
  readonly policy?: MiniBatch<A> | undefined;
  readonly critic?: MiniBatch<A> | undefined;
}

/** The gradients of one optimizer step, before clipping. */
export interface StepGradients {
  readonly policy: PolicyGradient | undefined;
  readonly critic: LossGradient | undefined;
}

/** The scores of one sequence by the reference and the critic. */
export type CompanionScores = Partial<Pick<Credited, "referenceLogProbs" | "values">>;

/** Log-probs under the reference and values of the critic, if there are such models, sequence by sequence. */
export const companionScores = Effect.fn("Learning.companionScores")(function* (
  { reference, critic }: { readonly reference?: Model | undefined; readonly critic?: Model | undefined },
  sequences: ReadonlyArray<Sequence>,
  temperature: number,
): Effect.fn.Return<ReadonlyArray<CompanionScores>, DeviceError> {
  const referenceScores = reference && (yield* score(reference, sequences, logitTemperature(temperature))).logProbs;
  const valued = critic && (yield* values(critic, sequences));
  return sequences.map((_, i) => ({
    ...(referenceScores && { referenceLogProbs: referenceScores[i] }),
    ...(valued && { values: valued[i] }),
  }));
});

/** A batch as one full mini-batch. */
export const whole = <A>(sequences: ReadonlyArray<A>): MiniBatch<A> => ({ sequences, share: 1 });

/**
 * The optimizer steps of a rollout batch. If policy and critic cut the batch alike, a step has a mini-batch of each; otherwise the critic's
 * steps come first. An empty batch makes no step.
 */
export const stepBatches = <A>(
  batch: ReadonlyArray<A>,
  { prompts, responses, miniBatch, criticMiniBatch }:
    & Pick<Settings, "responses" | "miniBatch" | "criticMiniBatch">
    & { readonly prompts: number },
  hasCritic: boolean,
): ReadonlyArray<StepBatch<A>> => {
  const policies = miniBatches(batch, miniBatch * responses);
  if (!hasCritic) return policies.map((policy) => ({ policy }));
  const critics = miniBatches(batch, Math.min(criticMiniBatch, prompts * responses));
  return cutAlike(policies, critics)
    ? policies.map((policy, i) => ({ policy, critic: critics[i] }))
    : [...critics.map((critic) => ({ critic })), ...policies.map((policy) => ({ policy }))];
};

/** The loss form of an algorithm under these settings, whether there is a KL term, and the tokens that `constant-length` divides by. */
export const lossTerms = (settings: Pick<LossSettings, "algorithm" | "dualClip" | "klInLoss" | "maxTokens">) => ({
  form: lossFormOf(settings.algorithm, settings.dualClip),
  klInLoss: isKlInLoss(settings),
  constantLength: settings.maxTokens,
});

/** The policy's loss by the settings. By default only GRPO has the KL term in its loss; PPO has it in the reward. */
export const policyLossOf = <A extends Omit<LossSettings, "gradientChunk">>(settings: A, share: number) => ({
  ...settings,
  ...lossTerms(settings),
  temperature: logitTemperature(settings.temperature),
  share,
});

/** The critic's loss by the settings. */
export const valueLossOf = <A extends Pick<LossSettings, "aggregation" | "maxTokens">>(settings: A, share: number) => ({
  ...settings,
  constantLength: settings.maxTokens,
  share,
  valueClip: VALUE_CLIP,
});

/** The policy's gradient over one mini-batch. */
export const gradient = (
  model: Model,
  { sequences, share }: MiniBatch<TrainedSequence>,
  settings: LossSettings,
): Effect.Effect<PolicyGradient, DeviceError | GradientError> =>
  policyGradient(model, sequences, policyLossOf(settings, share));

/** The critic's gradient over one mini-batch. */
export const valueGradient = (
  critic: Model,
  { sequences, share }: MiniBatch<TrainedSequence>,
  settings: LossSettings,
): Effect.Effect<LossGradient, DeviceError | GradientError> =>
  criticGradient(critic, sequences, valueLossOf(settings, share));

/** The settings whose loss the jobs of a gradient compute. */
export const lossGroup = {
  ...Struct.pick(Groups.sampling, ["temperature", "maxTokens"]),
  ...Groups.loss,
  ...Groups.algorithmSettings,
  ...Groups.published,
};

/** How to hand out the gradient of a model with these weights. */
export const handedWith = (
  role: "policy" | "critic",
  weights: Weights,
  share: number,
  settings: LossSettings & Partial<Pick<Settings, "leavesPerJob">>,
): HandedGradient => ({
  weights,
  settings: {
    ...Object.fromEntries(Object.entries(settings).filter(([key, value]) => key in lossGroup && value !== undefined)),
    role,
    share,
  },
  span: settings.leavesPerJob ?? 1,
});

/** Clips a gradient by its global norm and makes an AdamW step: changes the weights in place and releases the gradient's buffers. */
export const applyGradient = (
  { model, optimizer, ...rest }: TrainedModel,
  { gradient, gradNorm }: Pick<LossGradient, "gradient" | "gradNorm">,
  settings: Optimizer.OptimizerSettings,
): TrainedModel => {
  const stepped = Optimizer.update(model, optimizer, gradient, gradNorm, settings);
  releaseParameters(model.encoder, gradient);
  return { ...rest, model, optimizer: stepped };
};

/** The learning rate at a training step. The authors' code warms up over 0 steps, which makes the rate 0 at step 1. */
export const rateAt = (rate: number, { asPublished, step }: Partial<Pick<Settings, "asPublished" | "step">>): number =>
  asPublished === true && step === 1 ? 0 : rate;

/** The state after an optimizer step, and the results of `observe`. */
export interface Stepped<A> {
  readonly state: TrainingState;
  readonly observed: A;
}

/** Makes one optimizer step; `observe` reads both gradients before they are applied. */
export const optimizerStep = Effect.fn("Learning.optimizerStep")(function* <A, E = never, R = never>(
  { policy, critic }: TrainingState,
  batch: StepBatch,
  settings: StepSettings,
  observe: (gradients: StepGradients) => Effect.Effect<A, E, R>,
): Effect.fn.Return<Stepped<A>, DeviceError | GradientError | E, R> {
  const under = (role: "policy" | "critic", trained: TrainedModel, { share }: MiniBatch<TrainedSequence>) => ({
    ...settings,
    handed: trained.dir === undefined ? undefined : handedWith(role, trainedWeights(trained), share, settings),
  });
  const gradients: StepGradients = {
    policy: batch.policy && (yield* gradient(policy.model, batch.policy, under("policy", policy, batch.policy))),
    critic: critic && batch.critic &&
      (yield* valueGradient(critic.model, batch.critic, under("critic", critic, batch.critic))),
  };
  const observed = yield* observe(gradients);
  const { weightDecay, maxGradNorm } = settings;
  const apply = (trained: TrainedModel, found: Pick<LossGradient, "gradient" | "gradNorm">, rate: number) =>
    applyGradient(trained, found, { learningRate: rateAt(rate, settings), weightDecay, maxGradNorm });
  return {
    observed,
    state: {
      critic: critic && gradients.critic ? apply(critic, gradients.critic, settings.criticLearningRate) : critic,
      policy: gradients.policy ? apply(policy, gradients.policy, settings.learningRate) : policy,
    },
  };
});
