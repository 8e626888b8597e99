/**
 * The gradient of one mini-batch. Correct and incorrect responses are differentiated apart, chunk by chunk of a fixed size, and then added:
 * that shows the two forces the paper is about, and makes the sum a function of the records alone, whatever the memory: the first sign's
 * gradient waits on the device, or in the host's memory where that is short. The loss itself is `algorithms/objective.ts`; the device only gives log-probs and entropies and carries their derivatives back.
 */
import * as Effect from "effect/Effect";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import { accumulate } from "../../kernels/ops/add/add.ts";
import { dot } from "../../kernels/ops/global_norm/global_norm.ts";
import { tokenLogProbs } from "../../kernels/ops/token_log_probs/token_log_probs.ts";
import type { Tape } from "../../kernels/gpu/tape.ts";
import { type Aggregated, denominatorsOf } from "../algorithms/aggregation.ts";
import { addSums, noSums, policyLoss, type PolicyLossSettings, type PolicySums } from "../algorithms/objective.ts";
import { valueLoss } from "../algorithms/value_loss.ts";
import type { Sign } from "../records/schema.ts";
import { eachChunk } from "./gradient_passes.ts";
import { GradientError, requireFinite } from "./finite_gradient.ts";
import { bringAway, bringBack, foldRows, type HostGradient } from "./host_gradient.ts";
import type { Model } from "../models/model.ts";
import type { Offload } from "../settings/offload.ts";
import type { PackedRows, Sequence } from "./packed_rows.ts";
import * as Parameters from "../models/parameters.ts";
import { predictorStates } from "./score.ts";
import { valueHead } from "../models/value_head.ts";

export { GradientError };

/** One response of a mini-batch; lists are [T] over its tokens. */
export interface TrainedSequence extends Sequence {
  readonly problemId: string;
  readonly sampleIndex: number;
  readonly sign: Sign;
  readonly oldLogProbs: Float32Array;
  readonly referenceLogProbs?: Float32Array;
  readonly advantages: Float32Array;
}

/** What the loss depends on beside the records; `gradientChunk` is in tokens, `temperature` divides the logits. */
export interface GradientSettings
  extends Pick<PolicyLossSettings, "clipRatio" | "entropyCoef" | "klCoef">, Pick<Aggregated, "aggregation" | "share"> {
  readonly temperature: number;
  readonly gradientChunk: number;
  /** Whether activations are computed again in the backward pass; by default where a chunk would keep many. */
  readonly recompute?: boolean | undefined;
  /** What waits in the host's memory: nothing, or the gradient of the first sign while the second's is made. */
  readonly offload?: Offload | undefined;
}

/** Sums and norm of one sign. */
export interface SignPart {
  readonly sums: PolicySums;
  readonly gradNorm: number;
}

/** A mini-batch's gradient on the device (the caller releases it), its norm, and what each sign contributed. */
export interface PolicyGradient {
  readonly gradient: Parameters.ParameterSet;
  readonly gradNorm: number;
  readonly sums: PolicySums;
  readonly positive: SignPart;
  readonly negative: SignPart;
  /** cos(g+, g-), both over the mini-batch's denominator; undefined where a sign is missing. */
  readonly cosine: number | undefined;
}

const nothing: SignPart = { sums: noSums, gradNorm: 0 };

/** The gradient of the policy loss over `batch`, one mini-batch. */
export const policyGradient = Effect.fn("Model.policyGradient")(function* (
  model: Model,
  batch: ReadonlyArray<TrainedSequence>,
  settings: GradientSettings,
): Effect.fn.Return<PolicyGradient, DeviceError | GradientError> {
  const { encoder } = model;
  const loss: PolicyLossSettings = {
    ...settings,
    denominators: denominatorsOf(batch.map(({ responseTokens }) => responseTokens.length)),
  };
  const parts = new Map<Sign, SignPart & { readonly set: Parameters.ParameterSet }>();
  let away: HostGradient | undefined;
  for (const sign of ["positive", "negative"] as const) {
    const sequences = batch.filter((sequence) => sequence.sign === sign);
    if (sequences.length === 0) continue;
    const earlier = settings.offload === "gradient" ? parts.get("positive")?.set : undefined;
    if (earlier !== undefined) away = yield* bringAway(encoder, earlier);
    const set = earlier ?? Parameters.zeros(encoder, model.parameters.layout, "gradients");
    let sums = noSums;
    yield* eachChunk(
      model,
      set,
      sequences,
      settings,
      (tape, packed, part) => tokenPass(tape, model, packed, settings.temperature, chunkLoss(part, loss)),
      (chunk) => {
        sums = addSums(sums, chunk);
      },
    );
    const gradNorm = Math.sqrt(yield* dot(encoder, set.arenas.map((arena) => [arena, arena])));
    yield* requireFinite(model, set, gradNorm, sums.loss, sequences);
    parts.set(sign, { set, sums, gradNorm });
  }
  const positive = parts.get("positive");
  const negative = parts.get("negative");
  const first = positive ?? negative;
  if (first === undefined) {
    return yield* new GradientError({ message: "Cannot differentiate a mini-batch of no responses" });
  }
  if (positive === undefined || negative === undefined) {
    return {
      gradient: first.set,
      gradNorm: first.gradNorm,
      sums: first.sums,
      positive: positive ?? nothing,
      negative: negative ?? nothing,
      cosine: undefined,
    };
  }
  const product = away === undefined
    ? yield* joinOnDevice(encoder, positive.set, negative.set)
    : yield* bringBack(encoder, away, positive.set);
  const norm = positive.gradNorm * negative.gradNorm;
  return {
    gradient: positive.set,
    gradNorm: Math.sqrt(yield* dot(encoder, positive.set.arenas.map((arena) => [arena, arena]))),
    sums: addSums(positive.sums, negative.sums),
    positive,
    negative,
    cosine: norm === 0 ? undefined : product / norm,
  };
});

/** Adds the second gradient to the first and gives it back; gives the sum of the products of the two as they were. */
const joinOnDevice = Effect.fnUntraced(function* (
  encoder: Encoder,
  first: Parameters.ParameterSet,
  second: Parameters.ParameterSet,
): Effect.fn.Return<number, DeviceError> {
  const product = yield* dot(encoder, first.arenas.map((arena, index) => [arena, second.arenas[index]]));
  first.arenas.forEach((arena, index) => accumulate(encoder, foldRows(arena), foldRows(second.arenas[index])));
  Parameters.release(encoder, second);
  return product;
});

/** The gradient of the mean negative log-likelihood of the response tokens of `batch`: supervised training. */
export const likelihoodGradient = Effect.fn("Model.likelihoodGradient")(function* (
  model: Model,
  batch: ReadonlyArray<Sequence>,
  gradientChunk: number,
): Effect.fn.Return<LossGradient, DeviceError | GradientError> {
  const { encoder } = model;
  const { tokens } = denominatorsOf(batch.map(({ responseTokens }) => responseTokens.length));
  const set = Parameters.zeros(encoder, model.parameters.layout, "gradients");
  let total = 0;
  const lossOf = (logProbs: Float32Array) => ({
    loss: -logProbs.reduce((sum, logProb) => sum + logProb, 0) / tokens,
    dLogProbs: new Float32Array(logProbs.length).fill(-1 / tokens),
    dEntropy: new Float32Array(logProbs.length),
  });
  yield* eachChunk(
    model,
    set,
    batch,
    { gradientChunk },
    (tape, packed) => tokenPass(tape, model, packed, 1, lossOf),
    ({ loss }) => {
      total += loss;
    },
  );
  const gradNorm = Math.sqrt(yield* dot(encoder, set.arenas.map((arena) => [arena, arena])));
  yield* requireFinite(model, set, gradNorm, total, []);
  return { gradient: set, gradNorm, loss: total };
});

/** A response with what the critic learns from. */
export interface ValuedSequence extends Sequence {
  readonly problemId: string;
  readonly sampleIndex: number;
  readonly values: Float32Array;
  readonly returns: Float32Array;
}

/** A gradient on the device (the caller releases it), its norm and loss: a critic's, or that of a likelihood. */
export interface LossGradient {
  readonly gradient: Parameters.ParameterSet;
  readonly gradNorm: number;
  readonly loss: number;
}

/** The gradient of the value loss over `batch`, one mini-batch of the critic. */
export const criticGradient = Effect.fn("Model.criticGradient")(function* (
  critic: Model,
  batch: ReadonlyArray<ValuedSequence>,
  settings: Pick<GradientSettings, "aggregation" | "share" | "gradientChunk" | "recompute"> & {
    readonly valueClip: number;
  },
): Effect.fn.Return<LossGradient, DeviceError | GradientError> {
  const { encoder } = critic;
  const denominators = denominatorsOf(batch.map(({ responseTokens }) => responseTokens.length));
  const set = Parameters.zeros(encoder, critic.parameters.layout, "critic gradients");
  let total = 0;
  yield* eachChunk(critic, set, batch, settings, (tape, packed, part) =>
    Effect.gen(function* () {
      const output = valueHead(tape, critic, predictorStates(tape, critic, packed));
      const { loss, dValues } = valueLoss({
        values: yield* encoder.read(output),
        oldValues: join(part.map(({ values }) => values)),
        returns: join(part.map(({ returns }) => returns)),
        sequences: part.map(({ responseTokens }) => responseTokens.length),
      }, { ...settings, denominators });
      tape.seed(output, encoder.upload(Float32Array.from(dValues), output.rows, 1));
      tape.backward();
      return loss;
    }), (loss) => {
    total += loss;
  });
  const gradNorm = Math.sqrt(yield* dot(encoder, set.arenas.map((arena) => [arena, arena])));
  yield* requireFinite(critic, set, gradNorm, total, batch);
  return { gradient: set, gradNorm, loss: total };
});

/** What a loss says of the tokens of a chunk: its derivatives by each log-prob and each entropy. */
interface TokenLoss {
  readonly dLogProbs: Float32Array;
  readonly dEntropy: Float32Array;
}

/** Forward, loss and backward of one chunk; gives what the loss gave. */
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
const chunkLoss = (part: ReadonlyArray<TrainedSequence>, settings: PolicyLossSettings) => {
  const references = part.flatMap(({ referenceLogProbs }) => referenceLogProbs ?? []);
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
