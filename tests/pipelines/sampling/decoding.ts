/** Requests to decode, and what their responses are compared with. */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import { Key } from "../../../data/random.ts";
import { decode, type DecodeOptions, type Response } from "../../../pipelines/sampling/decode.ts";
import type { Model } from "../../../pipelines/models/model.ts";
import type { Request } from "../../../pipelines/sampling/pool_shape.ts";
import { score } from "../../../pipelines/learning/score.ts";
import { sameBits } from "../models/golden_on_device.ts";

/** The most probable token at each position. */
export const greedy = { temperature: 0, topK: 0, topP: 1 };

/** Ways to draw. */
export const samplings = [
  { temperature: 1, topK: 0, topP: 1 },
  { temperature: 0.6, topK: 0, topP: 1 },
  { temperature: 0.6, topK: 0, topP: 0.95 },
  { temperature: 1, topK: 5, topP: 1 },
  { temperature: 0.7, topK: 20, topP: 0.8 },
];

/** Every request's response, decoded `batch` at a time. */
export const decoded = (
  model: Model,
  requests: ReadonlyArray<Request>,
  sampling: typeof greedy,
  batch: number,
  options: DecodeOptions = {},
) => Stream.runCollect(decode(model, requests, sampling, model.config.stopTokens, { batch, ...options }));

/** `count` requests: groups of `group` share a prompt of 1 to 13 tokens; some may have few tokens. */
export const requestsFor = (model: Model, count: number, group: number): ReadonlyArray<Request> =>
  Array.from({ length: count }, (_, i) => {
    const problem = Math.floor(i / group);
    return {
      promptTokens: Int32Array.from(
        { length: 1 + problem * 5 % 13 },
        (_, t) => (problem * 31 + t * t * 7) % (model.config.vocabSize - 4),
      ),
      key: Key.fold(Key.make(7), "decode", problem, i % group),
      maxTokens: i % 29 === 0 ? 1 : 12 - i % 4,
    };
  });

/** Fails where two responses differ in a bit. */
export const sameResponse = (found: Response, expected: Response, what: string) => {
  assert.deepEqual(found.responseTokens, expected.responseTokens, what);
  assert.equal(found.finish, expected.finish, what);
  sameBits(found.logProbs, expected.logProbs, `${what}: logProbs`);
  sameBits(found.entropy, expected.entropy, `${what}: entropy`);
};

/** Fails where a response's numbers are not those of scoring it. */
export const sameAsScored = Effect.fnUntraced(function* (
  model: Model,
  requests: ReadonlyArray<Request>,
  responses: ReadonlyArray<Response>,
  temperature: number,
) {
  const sequences = requests.map(({ promptTokens }, i) => ({ promptTokens, ...responses[i] }));
  const scored = yield* score(model, sequences, temperature);
  responses.forEach(({ logProbs, entropy }, i) => {
    sameBits(logProbs, scored.logProbs[i], `response ${i}: logProbs, decoded and scored`);
    sameBits(entropy, scored.entropy[i], `response ${i}: entropy, decoded and scored`);
  });
});
