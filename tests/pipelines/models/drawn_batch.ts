/** Responses that a model draws to made-up prompts, and the mini-batch that they make: what tests of storage types train on. */
import * as Stream from "effect/Stream";
import { Key } from "../../../data/random.ts";
import { decode, type Response } from "../../../pipelines/sampling/decode.ts";
import type { TrainedSequence } from "../../../pipelines/learning/gradient.ts";
import type * as Model from "../../../pipelines/models/model.ts";
import type { Request } from "../../../pipelines/sampling/pool_shape.ts";

/** Plain sampling. */
export const sampling = { temperature: 1, topK: 0, topP: 1 };

/** Requests with `seed` in their keys, eight to a prompt. */
export const requestsFor = (model: Model.Model, count: number, seed: string): ReadonlyArray<Request> =>
  Array.from({ length: count }, (_, i) => ({
    promptTokens: Int32Array.from(
      { length: 1 + (i >> 3) * 5 % 11 },
      (_, t) => ((i >> 3) * 31 + t * t * 7) % (model.config.vocabSize - 4),
    ),
    key: Key.fold(Key.make(3), seed, i),
    maxTokens: 10 - i % 3,
  }));

/** What the model draws, `batch` together. */
export const decoded = (model: Model.Model, requests: ReadonlyArray<Request>, batch: number) =>
  Stream.runCollect(decode(model, requests, sampling, model.config.stopTokens, { batch }));

/** A mini-batch of W-REINFORCE from drawn responses: every other one counts as right. */
export const batchOf = (
  requests: ReadonlyArray<Request>,
  responses: ReadonlyArray<Response>,
): ReadonlyArray<TrainedSequence> =>
  requests.map(({ promptTokens }, i) => ({
    promptTokens,
    responseTokens: responses[i].responseTokens,
    problemId: `problem-${i >> 3}`,
    sampleIndex: i & 7,
    sign: i % 2 === 0 ? "positive" : "negative",
    oldLogProbs: responses[i].logProbs,
    advantages: new Float32Array(responses[i].responseTokens.length).fill(i % 2 === 0 ? 0.1 : -1),
  }));

/** An objective in chunks so small that there are several. */
export const loss = {
  clipRatio: 0.2,
  entropyCoef: 1e-4,
  klCoef: 0,
  aggregation: "token-mean",
  share: 1,
  temperature: 1,
  gradientChunk: 200,
} as const;
