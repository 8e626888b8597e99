/** The golden models on the device of a test run, their mini-batches as the trainer takes them, and how numbers are compared. */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import type { DeviceError } from "../../../kernels/gpu/device_info.ts";
import type { Encoder } from "../../../kernels/gpu/encoder.ts";
import { openCheckpoint } from "../../../pipelines/models/checkpoint.ts";
import type { Sign } from "../../../pipelines/records/schema.ts";
import type { GradientSettings, TrainedSequence } from "../../../pipelines/learning/gradient.ts";
import * as Model from "../../../pipelines/models/model.ts";
import type { Sequence } from "../../../pipelines/learning/packed_rows.ts";
import * as Parameters from "../../../pipelines/models/parameters.ts";
import { openSafetensors } from "../../../pipelines/files/safetensors.ts";
import { type Golden, type GoldenCase, type GoldenCritic, goldenDirectory } from "../../golden/models/golden.ts";

/** A golden model, freshly loaded. */
export const loadModel = Effect.fnUntraced(function* (
  encoder: Encoder,
  name: string,
  options: Model.LoadOptions = {},
) {
  return yield* Model.loadModel(encoder, yield* openCheckpoint(goldenDirectory(name)), "policy", options);
});

/** A golden critic: the model's body with the value head of the golden numbers. */
export const loadCritic = Effect.fnUntraced(function* (encoder: Encoder, name: string, golden: GoldenCritic) {
  const critic = yield* Model.loadModel(encoder, yield* openCheckpoint(goldenDirectory(name)), "critic");
  const place = critic.parameters.layout.places.find(({ spec }) => spec.name === "score.weight");
  assert.ok(place !== undefined);
  encoder.write(Parameters.flat(critic.parameters, place), Float32Array.from(golden.scoreWeight));
  return critic;
});

/** A file of a golden model's tensors. */
export const openTensors = (name: string, file: string) => openSafetensors(`${goldenDirectory(name)}/golden/${file}`);

/** The golden sequences as models take them. */
export const sequencesOf = (golden: Golden): ReadonlyArray<Sequence> =>
  golden.sequences.map(({ prompt, response }) => ({
    promptTokens: Int32Array.from(prompt),
    responseTokens: Int32Array.from(response),
  }));

/** The mini-batch of a case. */
export const batchOf = (golden: Golden, one: GoldenCase): ReadonlyArray<TrainedSequence & { readonly sign: Sign }> => {
  const all = sequencesOf(golden);
  return one.sequences.map((index, i) => ({
    ...all[index],
    problemId: `problem-${golden.sequences[index].problem}`,
    sampleIndex: index,
    sign: golden.sequences[index].reward > 0 ? "positive" : "negative",
    oldLogProbs: Float32Array.from(one.oldLogProbs[i]),
    advantages: Float32Array.from(one.advantages[i]),
    // PPO's reference is in its advantages.
    ...(one.klCoef > 0 && { referenceLogProbs: Float32Array.from(one.referenceLogProbs?.[i] ?? []) }),
  }));
};

/** The settings of a case; chunks are small enough that there are several. */
export const settingsOf = (one: GoldenCase, gradientChunk = 40): GradientSettings => ({
  clipRatio: one.clipRatio,
  entropyCoef: one.entropyCoef,
  klCoef: one.klCoef,
  aggregation: one.aggregation,
  share: one.sequences.length / one.nominalSequences,
  temperature: one.temperature,
  gradientChunk,
});

/** Every parameter of a set by name. */
export const readAll = (
  encoder: Encoder,
  set: Parameters.ParameterSet,
): Effect.Effect<ReadonlyMap<string, Float32Array>, DeviceError> =>
  Effect.map(
    Effect.forEach(set.layout.places, (place) =>
      Effect.map(encoder.read(Parameters.flat(set, place)), (values) => [place.spec.name, values] as const)),
    (entries) =>
      new Map(entries),
  );

/** Fails where `found` is further than `tolerance` from `expected`. */
export const near = (found: number, expected: number, tolerance: number, what: string): void =>
  assert.ok(Math.abs(found - expected) <= tolerance, `${what}: ${found}, expected ${expected}`);

/** The Euclidean norm in float64. */
export const norm = (values: ArrayLike<number>): number =>
  Math.sqrt(Array.from(values).reduce((sum, x) => sum + x * x, 0));

/** The norm of the difference over the norm of `expected`. */
export const relativeError = (found: ArrayLike<number>, expected: ArrayLike<number>): number =>
  norm(Array.from(expected, (x, i) => found[i] - x)) / norm(expected);

/** Fails at the first number whose bits differ. */
export const sameBits = (found: Float32Array, expected: Float32Array, what: string): void => {
  assert.equal(found.length, expected.length, `${what}: length`);
  const [a, b] = [found, expected].map((list) => new Uint32Array(list.buffer, list.byteOffset, list.length));
  const i = a.findIndex((word, index) => word !== b[index]);
  assert.ok(i < 0, `${what}: number ${i} is ${found[i]}, expected the bits of ${expected[i]}`);
};
