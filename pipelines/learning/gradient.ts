/**
 * The gradient of one mini-batch. The gradients of correct and of incorrect responses are computed separately, in chunks of a fixed size,
 * and then added. The result shows the contribution of each sign, and depends on the records alone, not on memory: the first sign's
 * gradient is kept on the device or, with `--offload gradient`, on the host. The loss is `algorithms/objective.ts`; the device computes
 * log-probs and entropies and back-propagates their derivatives.
 */
import * as Effect from "effect/Effect";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import { tokenLogProbs } from "../../kernels/ops/token_log_probs/token_log_probs.ts";
import type { Tape } from "../../kernels/gpu/tape.ts";
import { signOf } from "../algorithms/algorithm.ts";
import { type Aggregated, denominatorsOf } from "../algorithms/aggregation.ts";
import { addSums, noSums, policyLoss, type PolicyLossSettings, type PolicySums } from "../algorithms/objective.ts";
import { valueLoss } from "../algorithms/value_loss.ts";
import type { Credited, Sign } from "../records/schema.ts";
import {
  addSet,
  type ChunkSettings,
  normOf,
  type Passes,
  productOf,
  sumChunks,
  type SummedGradient,
} from "./gradient_passes.ts";
import { GradientError } from "./finite_gradient.ts";
import { bringAway, bringBack, type HostGradient } from "./host_gradient.ts";
import type { Model } from "../models/model.ts";
import type { Settings } from "../settings/settings.ts";
import type { PackedRows, Sequence } from "./packed_rows.ts";
import type * as Parameters from "../models/parameters.ts";
import { predictorStates } from "./score.ts";
import { valueHead } from "../models/value_head.ts";

export { GradientError };

/** The fields of a response that the gradient reads; lists are [T] over its tokens. The default of `sign` is the sign of the reward. */
export type TrainedSequence =
  & Pick<Credited, "problemId" | "promptTokens" | "responseTokens" | "oldLogProbs" | "advantages">
  & Partial<Pick<Credited, "sampleIndex" | "sign" | "reward" | "referenceLogProbs" | "values" | "returns">>;

/** The fields that the critic learns from. */
export type ValuedSequence = Omit<TrainedSequence, "oldLogProbs" | "advantages">;

/** The settings that the loss depends on. Without `klInLoss` it has the KL term if the records have reference log-probs. */
export type GradientSettings =
  & Pick<Settings, "temperature" | "clipRatio" | "entropyCoef" | "klCoef" | "aggregation" | "gradientChunk">
  & Partial<Pick<Settings, "clipRatioHigh" | "gradientLeaves" | "klInLoss" | "recompute" | "offload">>
  & Pick<Aggregated, "share" | "constantLength">
  & Pick<PolicyLossSettings, "form">
  & Pick<ChunkSettings, "handed">;

/** The sign of a response: its own if given, else that of its reward. */
export const signIn = ({ sign, reward }: Pick<TrainedSequence, "sign" | "reward">): Sign =>
  sign ?? signOf(Number(reward));

/** Sums and norm of one sign. */
export interface SignPart {
  readonly sums: PolicySums;
  readonly gradNorm: number;
}

/** A mini-batch's gradient, and the contribution of each sign. */
export interface PolicyGradient extends SummedGradient<PolicySums> {
  readonly positive: SignPart;
  readonly negative: SignPart;
  /** cos(g+, g-), both divided by the mini-batch's denominator; undefined if a sign is missing. */
  readonly cosine: number | undefined;
}

const nothing: SignPart = { sums: noSums, gradNorm: 0 };

/** The gradient of the policy loss over one mini-batch. */
export const policyGradient = Effect.fn("Model.policyGradient")(function* (
  model: Model,
  batch: ReadonlyArray<TrainedSequence>,
  settings: GradientSettings,
): Effect.fn.Return<PolicyGradient, DeviceError | GradientError> {
  const { encoder } = model;
  const lengths = lengthsOf(batch);
  const parts = new Map<Sign, SummedGradient<PolicySums>>();
  let away: HostGradient | undefined;
  for (const sign of ["positive", "negative"] as const) {
    const sequences = batch.filter((sequence) => signIn(sequence) === sign);
    if (sequences.length === 0) continue;
    const earlier = settings.offload === "gradient" ? parts.get("positive")?.gradient : undefined;
    if (earlier !== undefined) away = yield* bringAway(encoder, earlier);
    const passes = policyPasses(model, settings, lengths, sequences);
    parts.set(sign, yield* sumChunks(model, sequences, settings, passes, earlier));
  }
  const positive = parts.get("positive");
  const negative = parts.get("negative");
  const first = positive ?? negative;
  if (first === undefined) {
    return yield* new GradientError({ message: "Cannot differentiate a mini-batch of no responses" });
  }
  if (positive === undefined || negative === undefined) {
    return { ...first, positive: positive ?? nothing, negative: negative ?? nothing, cosine: undefined };
  }
  const product = away === undefined
    ? yield* joinOnDevice(encoder, positive.gradient, negative.gradient)
    : yield* bringBack(encoder, away, positive.gradient);
  const norm = positive.gradNorm * negative.gradNorm;
  return {
    gradient: positive.gradient,
    gradNorm: yield* normOf(encoder, positive.gradient),
    sums: addSums(positive.sums, negative.sums),
    positive,
    negative,
    cosine: norm === 0 ? undefined : product / norm,
  };
});

const lengthsOf = (batch: ReadonlyArray<Sequence>): ReadonlyArray<number> =>
  batch.map(({ responseTokens }) => responseTokens.length);

/** The passes of the policy loss over parts of a mini-batch whose responses have these lengths. */
export const policyPasses = (
  model: Model,
  settings: Omit<GradientSettings, keyof ChunkSettings>,
  lengths: ReadonlyArray<number>,
  named: ReadonlyArray<TrainedSequence>,
): Passes<TrainedSequence, PolicySums, DeviceError> => {
  const loss: PolicyLossSettings = { ...settings, denominators: denominatorsOf(lengths) };
  return {
    pass: (tape, packed, part) =>
      tokenPass(tape, model, packed, settings.temperature, chunkLoss(part, loss, settings.klInLoss)),
    none: noSums,
    add: addSums,
    named,
    lengths,
  };
};

/** Adds the second gradient to the first and frees its buffers; returns the dot product of the two before the addition. */
const joinOnDevice = Effect.fnUntraced(function* (
  encoder: Encoder,
  first: Parameters.ParameterSet,
  second: Parameters.ParameterSet,
): Effect.fn.Return<number, DeviceError> {
  const product = yield* productOf(encoder, first, second);
  addSet(encoder, first, second);
  return product;
});

/** The gradient of the mean negative log-likelihood of the response tokens of `batch`, for supervised training. */
export const likelihoodGradient = Effect.fn("Model.likelihoodGradient")(function* (
  model: Model,
  batch: ReadonlyArray<Sequence>,
  gradientChunk: number,
): Effect.fn.Return<LossGradient, DeviceError | GradientError> {
  const lengths = lengthsOf(batch);
  const { tokens } = denominatorsOf(lengths);
  const lossOf = (logProbs: Float32Array) => ({
    loss: -logProbs.reduce((sum, logProb) => sum + logProb, 0) / tokens,
    dLogProbs: new Float32Array(logProbs.length).fill(-1 / tokens),
    dEntropy: new Float32Array(logProbs.length),
  });
  const passes: Passes<Sequence, Loss, DeviceError> = {
    pass: (tape, packed) => tokenPass(tape, model, packed, 1, lossOf),
    ...losses,
    named: [],
    lengths,
  };
  const { sums, ...summed } = yield* sumChunks(model, batch, { gradientChunk }, passes);
  return { ...summed, ...sums };
});

/** A gradient on the device (the caller releases it) with its norm and loss, for losses without sums by sign. */
export interface LossGradient extends Omit<SummedGradient<never>, "sums"> {
  readonly loss: number;
}

/** The settings of the value loss. */
export type ValueSettings = Pick<GradientSettings, "aggregation" | "share"> & { readonly valueClip: number };

/** The gradient of the value loss over one mini-batch of the critic. */
export const criticGradient = Effect.fn("Model.criticGradient")(function* (
  critic: Model,
  batch: ReadonlyArray<ValuedSequence>,
  settings: ValueSettings & ChunkSettings,
): Effect.fn.Return<LossGradient, DeviceError | GradientError> {
  const passes = criticPasses(critic, settings, lengthsOf(batch), batch);
  const { sums, ...summed } = yield* sumChunks(critic, batch, settings, passes);
  return { ...summed, ...sums };
});

/** The passes of the value loss over parts of a mini-batch whose responses have these lengths. */
export const criticPasses = (
  critic: Model,
  settings: ValueSettings,
  lengths: ReadonlyArray<number>,
  named: ReadonlyArray<ValuedSequence>,
): Passes<ValuedSequence, Loss, DeviceError> => {
  const { encoder } = critic;
  const denominators = denominatorsOf(lengths);
  return {
    pass: (tape, packed, part) =>
      Effect.gen(function* () {
        const output = valueHead(tape, critic, predictorStates(tape, critic, packed));
        const { loss, dValues } = valueLoss({
          values: yield* encoder.read(output),
          oldValues: join(part.flatMap(({ values }) => values ?? [])),
          returns: join(part.flatMap(({ returns }) => returns ?? [])),
          sequences: part.map(({ responseTokens }) => responseTokens.length),
        }, { ...settings, denominators });
        tape.seed(output, encoder.upload(Float32Array.from(dValues), output.rows, 1));
        tape.backward();
        return { loss };
      }),
    ...losses,
    named,
    lengths,
  };
};

interface Loss {
  readonly loss: number;
}

const losses = { none: { loss: 0 }, add: (sum: Loss, chunk: Loss): Loss => ({ loss: sum.loss + chunk.loss }) };

/** The derivatives of a chunk's loss by each log-prob and each entropy. */
interface TokenLoss {
  readonly dLogProbs: Float32Array;
  readonly dEntropy: Float32Array;
}

/** Forward, loss and backward of one chunk; returns the result of `loss`. */
const tokenPass = Effect.fnUntraced(function* <A extends TokenLoss>(
  tape: Tape,
  model: Model,
  packed: PackedRows,
  temperature: number,
  loss: (logProbs: Float32Array, entropy: Float32Array) => A,
): Effect.fn.Return<A, DeviceError> {
  const { encoder } = model;
  const targets = encoder.upload(packed.targets, 1, packed.targets.length);
  const output = tokenLogProbs(tape, predictorStates(tape, model, packed), model.weights.head, targets, temperature);
  const result = loss(yield* encoder.read(output.logProbs), yield* encoder.read(output.entropy));
  const R = output.logProbs.rows;
  tape.seed(output.logProbs, encoder.upload(Float32Array.from(result.dLogProbs), R, 1));
  tape.seed(output.entropy, encoder.upload(Float32Array.from(result.dEntropy), R, 1));
  tape.backward();
  encoder.release(targets);
  return result;
});

/** The policy loss of one chunk. */
const chunkLoss = (part: ReadonlyArray<TrainedSequence>, settings: PolicyLossSettings, klInLoss = true) => {
  const references = !klInLoss ? [] : part.flatMap(({ referenceLogProbs }) => referenceLogProbs ?? []);
  const given = {
    oldLogProbs: join(part.map(({ oldLogProbs }) => oldLogProbs)),
    ...(references.length === part.length ? { referenceLogProbs: join(references) } : {}),
    advantages: join(part.map(({ advantages }) => advantages)),
    sequences: part.map(({ responseTokens }) => responseTokens.length),
  };
  return (logProbs: Float32Array, entropy: Float32Array) => policyLoss({ ...given, logProbs, entropy }, settings);
};

const join = (lists: ReadonlyArray<Float32Array>): Float32Array<ArrayBuffer> => {
  const all = new Float32Array(lists.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  for (const list of lists) {
    all.set(list, start);
    start += list.length;
  }
  return all;
};
