/**
 * The device memory of a training step, phase by phase, without loading a model. The plan runs the code of the step on an encoder that
 * counts and computes nothing, so it is exact to the byte for the given shapes. With the largest shapes that the settings allow
 * (`plan_shapes.ts`) no run exceeds it: parameter sets are then still exact; cache, activations and uploads are upper bounds.
 */
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import { isDeepStrictEqual } from "node:util";
import type { PoolStatistics } from "../../kernels/gpu/buffer_pool.ts";
import { CountingEncoder } from "../../kernels/gpu/counting_encoder.ts";
import type { DeviceError, DeviceInfo } from "../../kernels/gpu/device_info.ts";
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import { formatOf } from "../../kernels/gpu/half_precision.ts";
import { decode } from "../sampling/decode.ts";
import type { GradientError } from "../learning/gradient.ts";
import { type Purpose, purposeIn } from "../models/memory_purposes.ts";
import * as Model from "../models/model.ts";
import { releaseModel } from "../models/model.ts";
import { type ModelConfig, withValueHead } from "../models/model_config.ts";
import { merge } from "../settings/resolve.ts";
import type { Settings } from "../settings/settings.ts";
import { makeOptimizer, releaseOptimizer } from "../learning/optimizer.ts";
import {
  companionScores,
  optimizerStep,
  type StepBatch,
  type StepGradients,
  type TrainedModel,
  whole,
} from "../learning/optimizer_step.ts";
import * as Parameters from "../models/parameters.ts";
import type { Sign } from "../records/schema.ts";
import { type PoolLimits, poolShape, type Request } from "../sampling/pool_shape.ts";

/** The models of a run, and the settings that change their memory; a run that does not train only samples. */
export interface PlannedModels
  extends Partial<Pick<Settings, "storage" | "activations" | "moments" | "recompute" | "offload">> {
  readonly config: ModelConfig;
  readonly trains: boolean;
  readonly reference: boolean;
  readonly critic: boolean;
}

/** Tokens of a prompt and of its response. */
export interface Length {
  readonly prompt: number;
  readonly response: number;
}

/** The shapes of a step's work. */
export interface Shapes {
  /** Each list of requests that is sampled, and its limits. */
  readonly drawn: ReadonlyArray<PoolLimits & { readonly requests: ReadonlyArray<Request> }>;
  readonly scored: ReadonlyArray<Length>;
  /** A mini-batch, by sign. */
  readonly positive: ReadonlyArray<Length>;
  readonly negative: ReadonlyArray<Length>;
  /** A mini-batch of the critic, and whether it is in one step with the policy's. */
  readonly valued: ReadonlyArray<Length>;
  readonly together: boolean;
  readonly gradientChunk: number;
  readonly gradientLeaves?: number | undefined;
}

/** A phase of a step with its memory statistics. */
export interface Phase {
  readonly name: "sample" | "score" | "gradient" | "update";
  readonly statistics: PoolStatistics;
}

const sampling = { temperature: 1, topP: 1, topK: 0 };

const sequenceOf = ({ prompt, response }: Length, sign: Sign = "negative") => ({
  problemId: "",
  sign,
  promptTokens: new Int32Array(prompt),
  responseTokens: new Int32Array(response),
  oldLogProbs: new Float32Array(response),
  advantages: new Float32Array(response),
  values: new Float32Array(response),
  returns: new Float32Array(response),
});

/** The models of a run with their optimizers, all weights zero. */
const load = (encoder: Encoder, models: PlannedModels) => {
  const { config, trains, reference, critic, storage = "f32", activations, moments } = models;
  // Only weights that are read and never trained are stored in 16 bits alone.
  const modelOf = (own: ModelConfig, purpose: Purpose, steps: boolean) => {
    const format = steps ? undefined : formatOf(storage);
    const parameters = Parameters.zeros(encoder, Parameters.parameterLayout(own), purpose, format);
    return Model.fromParameters(encoder, own, parameters, { storage, activations });
  };
  const policy = modelOf(config, purposeIn(config, "weights"), trains);
  const referenceModel = reference ? modelOf(config, "reference", false) : undefined;
  const criticModel = critic ? modelOf(withValueHead(config), "critic weights", trains) : undefined;
  const trained = (model: Model.Model): TrainedModel => ({ model, optimizer: makeOptimizer(model, moments) });
  return { policy, reference: referenceModel, critic: criticModel, trained };
};

/** Runs steps phase by phase on models whose weights are zero; returns the phases of the last step, including buffers left by the steps before. */
export const runPhases = Effect.fnUntraced(function* (
  encoder: Encoder,
  models: PlannedModels,
  shapes: Shapes,
  steps = 1,
): Effect.fn.Return<ReadonlyArray<Phase>, DeviceError | GradientError> {
  const { drawn, scored, positive, negative, valued, together, gradientChunk, gradientLeaves } = shapes;
  const { recompute, offload } = models;
  const { policy, reference, critic, trained } = load(encoder, models);
  const batch = {
    policy: whole([
      ...positive.map((length) => sequenceOf(length, "positive")),
      ...negative.map((length) => sequenceOf(length, "negative")),
    ]),
    critic: whole(valued.map((length) => sequenceOf(length))),
  };
  const parts: ReadonlyArray<StepBatch> = together ? [batch] : [{ critic: batch.critic }, { policy: batch.policy }];
  const found: Phase[] = [];
  const end = (name: Phase["name"]) => {
    found.push({ name, statistics: encoder.pool.statistics });
    encoder.pool.mark();
  };
  let state = models.trains ? { policy: trained(policy), critic: critic && trained(critic) } : undefined;
  // Only these settings change what is allocated.
  const settings = merge({ gradientChunk, gradientLeaves, recompute, offload, klInLoss: false });
  // The policy's gradient is computed last.
  const made = (gradients: StepGradients) => Effect.sync(() => gradients.policy && end("gradient"));
  encoder.pool.mark();
  for (let round = 0; round < steps; round++) {
    found.length = 0;
    for (const { requests, ...limits } of drawn) {
      // The number of decoding steps changes no allocation.
      const options = { ...limits, syncInterval: () => 1, largestPrefillFirst: true };
      yield* Stream.runDrain(decode(policy, requests, sampling, models.config.stopTokens, options));
    }
    end("sample");
    if (state === undefined) continue;
    yield* companionScores({ reference, critic }, scored.map((length) => sequenceOf(length)), 1);
    end("score");
    for (const part of parts) ({ state } = yield* optimizerStep(state, part, settings, made));
    end("update");
  }
  for (const one of [state?.policy, state?.critic]) if (one !== undefined) releaseOptimizer(encoder, one.optimizer);
  for (const model of [policy, reference, critic]) if (model !== undefined) releaseModel(model);
  return found;
});

/**
 * The first requests, enough to make the same pool and to keep its slots full for a while. The memory in use does not depend on the number
 * of waiting requests; the memory held by the allocator may grow slightly with more sizes.
 */
const enough = (
  { config, activations }: PlannedModels,
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

/** The allocations of the last of `steps` steps on a device with these limits. */
export const planOf = (info: DeviceInfo, models: PlannedModels, shapes: Shapes, steps = 2): ReadonlyArray<Phase> => {
  // At the first sync every response counts as finished.
  const encoder = new CountingEncoder(info, 1);
  const drawn = shapes.drawn.map((one) => enough(models, info, one));
  return Effect.runSync(Effect.orDie(runPhases(encoder, models, { ...shapes, drawn }, steps)));
};
