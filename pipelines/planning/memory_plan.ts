/**
 * What a training step allocates on the device, phase by phase, before anything is loaded. The plan is the very code of the step, run on an
 * encoder that counts and computes nothing, so it holds to the byte for the shapes that it is given. Where those are the largest that the
 * settings allow (`plan_shapes.ts`) no run exceeds it: parameter sets are exact then too, cache, activations and uploads a bound.
 */
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import { isDeepStrictEqual } from "node:util";
import type { PoolStatistics } from "../../kernels/gpu/buffer_pool.ts";
import { CountingEncoder } from "../../kernels/gpu/counting_encoder.ts";
import type { DeviceError, DeviceInfo } from "../../kernels/gpu/device_info.ts";
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import { formatOf, type MomentType, type StorageType } from "../../kernels/gpu/half_precision.ts";
import { decode } from "../sampling/decode.ts";
import { criticGradient, type GradientError, policyGradient } from "../learning/gradient.ts";
import { type Purpose, purposeIn } from "../models/memory_purposes.ts";
import * as Model from "../models/model.ts";
import { type ModelConfig, withValueHead } from "../models/model_config.ts";
import type { Offload } from "../settings/offload.ts";
import * as Optimizer from "../learning/optimizer.ts";
import * as Parameters from "../models/parameters.ts";
import { score, values } from "../learning/score.ts";
import { type PoolLimits, poolShape, type Request } from "../sampling/pool_shape.ts";

/** The models that a run holds; one that does not train draws responses alone. */
export interface Cast {
  readonly config: ModelConfig;
  readonly trains: boolean;
  readonly reference: boolean;
  readonly critic: boolean;
  /** How the passes find weights stored; float32 where it is not said. */
  readonly storage?: StorageType | undefined;
  /** How activations and the cache are stored; float32 where it is not said. */
  readonly activations?: StorageType | undefined;
  /** How the optimizers' moments are stored; float32 where it is not said. */
  readonly moments?: MomentType | undefined;
  /** Whether activations are computed again; by default where a chunk would keep many. */
  readonly recompute?: boolean | undefined;
  /** What waits in the host's memory. */
  readonly offload?: Offload | undefined;
}

/** Tokens of a prompt and of its response. */
export interface Length {
  readonly prompt: number;
  readonly response: number;
}

/** What a step works on. */
export interface Shapes {
  /** Each list of requests that is drawn, and within which limits. */
  readonly drawn: ReadonlyArray<PoolLimits & { readonly requests: ReadonlyArray<Request> }>;
  readonly scored: ReadonlyArray<Length>;
  /** A mini-batch, by sign. */
  readonly positive: ReadonlyArray<Length>;
  readonly negative: ReadonlyArray<Length>;
  /** A mini-batch of the critic, and whether the policy's gradient is held meanwhile. */
  readonly valued: ReadonlyArray<Length>;
  readonly together: boolean;
  readonly gradientChunk: number;
}

/** A phase of a step, with the most that it has in use and what the allocator holds at its end. */
export interface Phase {
  readonly name: "sample" | "score" | "gradient" | "update";
  readonly statistics: PoolStatistics;
}

const sampling = { temperature: 1, topP: 1, topK: 0 };
const loss = {
  clipRatio: 0.2,
  entropyCoef: 0,
  klCoef: 0,
  aggregation: "token-mean",
  share: 1,
  temperature: 1,
} as const;
const adamw = { learningRate: 0, weightDecay: 0, maxGradNorm: 1 };

const sequenceOf = ({ prompt, response }: Length) => ({
  problemId: "",
  sampleIndex: 0,
  promptTokens: new Int32Array(prompt),
  responseTokens: new Int32Array(response),
  oldLogProbs: new Float32Array(response),
  advantages: new Float32Array(response),
  values: new Float32Array(response),
  returns: new Float32Array(response),
});

/** The models of a cast with their optimizers, weights of zero. */
const load = (encoder: Encoder, cast: Cast) => {
  const { config, trains, reference, critic, storage = "f32", activations, moments } = cast;
  // What is only read is stored in 16 bits alone.
  const modelOf = (own: ModelConfig, purpose: Purpose, steps: boolean) => {
    const format = steps ? undefined : formatOf(storage);
    const parameters = Parameters.zeros(encoder, Parameters.parameterLayout(own), purpose, format);
    return Model.fromParameters(encoder, own, parameters, { storage, activations });
  };
  const policy = modelOf(config, purposeIn(config, "weights"), trains);
  const referenceModel = reference ? modelOf(config, "reference", false) : undefined;
  const criticModel = critic ? modelOf(withValueHead(config), "critic weights", trains) : undefined;
  const trained = trains ? [policy, ...criticModel === undefined ? [] : [criticModel]] : [];
  const optimizers = trained.map((model) => Optimizer.make(model, moments));
  return { policy, reference: referenceModel, critic: criticModel, optimizers };
};

/** Runs steps phase by phase on models whose weights are zero; gives the phases of the last step, what comes before it left behind. */
export const runPhases = Effect.fnUntraced(function* (
  encoder: Encoder,
  cast: Cast,
  shapes: Shapes,
  steps = 1,
): Effect.fn.Return<ReadonlyArray<Phase>, DeviceError | GradientError> {
  const { drawn, scored, positive, negative, valued, together, gradientChunk } = shapes;
  const { recompute, offload } = cast;
  const { policy, reference, critic, optimizers } = load(encoder, cast);
  const criticPass = Effect.fnUntraced(function* (one: Model.Model) {
    return (yield* criticGradient(one, valued.map(sequenceOf), { ...loss, gradientChunk, recompute, valueClip: 0.5 }))
      .gradient;
  });
  const batch = [
    ...positive.map((length) => ({ ...sequenceOf(length), sign: "positive" as const })),
    ...negative.map((length) => ({ ...sequenceOf(length), sign: "negative" as const })),
  ];
  const found: Phase[] = [];
  const end = (name: Phase["name"]) => {
    found.push({ name, statistics: encoder.pool.statistics });
    encoder.pool.mark();
  };
  encoder.pool.mark();
  for (let step = 0; step < steps; step++) {
    found.length = 0;
    for (const { requests, ...limits } of drawn) {
      // A step more or less allocates the same.
      const options = { ...limits, syncInterval: () => 1, largestPrefillFirst: true };
      yield* Stream.runDrain(decode(policy, requests, sampling, cast.config.stopTokens, options));
    }
    end("sample");
    if (!cast.trains) continue;
    if (reference !== undefined) yield* score(reference, scored.map(sequenceOf), 1);
    if (critic !== undefined) yield* values(critic, scored.map(sequenceOf));
    end("score");
    if (critic !== undefined && !together) Parameters.release(encoder, yield* criticPass(critic));
    const { gradient } = yield* policyGradient(policy, batch, { ...loss, gradientChunk, recompute, offload });
    const criticGradients = critic !== undefined && together ? yield* criticPass(critic) : undefined;
    end("gradient");
    Optimizer.update(policy, optimizers[0], gradient, 0, adamw);
    if (critic !== undefined && criticGradients !== undefined) {
      Optimizer.update(critic, optimizers[1], criticGradients, 0, adamw);
      Parameters.release(encoder, criticGradients);
    }
    Parameters.release(encoder, gradient);
    end("update");
  }
  for (const optimizer of optimizers) Optimizer.release(encoder, optimizer);
  for (const model of [policy, reference, critic]) if (model !== undefined) Model.release(model);
  return found;
});

/**
 * As many of the first requests as make the same pool and give places on for a while: what is in use is the same however many wait, what the
 * allocator holds may come to a little more as sizes go on mixing.
 */
const enough = (
  { config, activations }: Cast,
  info: DeviceInfo,
  { requests, ...limits }: Shapes["drawn"][number],
): Shapes["drawn"][number] => {
  const shapeOf = (some: ReadonlyArray<Request>) => poolShape({ config, info, activations }, some, limits);
  const shape = shapeOf(requests);
  for (let count = Math.max(64, 2 * shape.slots); count < requests.length; count *= 2) {
    const some = requests.slice(0, count);
    if (isDeepStrictEqual(shapeOf(some), shape)) return { requests: some, ...limits };
  }
  return { requests, ...limits };
};

/** What the last of `steps` of these models and shapes allocates on a device with these limits; by default one has gone before. */
export const planOf = (info: DeviceInfo, cast: Cast, shapes: Shapes, steps = 2): ReadonlyArray<Phase> => {
  // At the first sync every response is found to be done.
  const encoder = new CountingEncoder(info, 1);
  const drawn = shapes.drawn.map((one) => enough(cast, info, one));
  return Effect.runSync(Effect.orDie(runPhases(encoder, cast, { ...shapes, drawn }, steps)));
};
