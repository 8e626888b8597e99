/**
 * Device memory grows with the tokens of a pass and not with tokens times vocabulary: the logits of all rows together, the largest tensor
 * of a language model, are never there.
 */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import { Encoder } from "../../../kernels/gpu/encoder.ts";
import { policyGradient } from "../../../pipelines/learning/gradient.ts";
import type { Model } from "../../../pipelines/models/model.ts";
import { score } from "../../../pipelines/learning/score.ts";
import { testOnDevice } from "../../kernels/run_case.ts";
import { madeUpModel } from "../models/made_up_model.ts";

const vocabSize = 151_936;
const tokens = [256, 512, 1024];
const megabyte = 2 ** 20;

const sequencesOf = (count: number) =>
  Array.from({ length: count / 128 }, (_, i) => ({
    problemId: "p",
    sampleIndex: i,
    sign: "negative" as const,
    promptTokens: Int32Array.from({ length: 65 }, (_, t) => (i + t * 31) % vocabSize),
    responseTokens: Int32Array.from({ length: 64 }, (_, t) => (i * 7919 + t * 104_729) % vocabSize),
    oldLogProbs: new Float32Array(64).fill(-12),
    advantages: new Float32Array(64).fill(-1),
  }));

const settings = {
  clipRatio: 0.2,
  entropyCoef: 1e-4,
  klCoef: 0,
  aggregation: "token-mean",
  share: 1,
  temperature: 1,
  gradientChunk: 8192,
} as const;

const passes = {
  score: (model: Model, count: number) => score(model, sequencesOf(count), 1),
  gradient: (model: Model, count: number) => policyGradient(model, sequencesOf(count), settings),
};

for (const pass of ["score", "gradient"] as const) {
  testOnDevice(
    `${pass}: memory is linear in tokens, never tokens times vocabulary`,
    (encoder) =>
      Effect.gen(function* () {
        const peaks: number[] = [];
        for (const count of tokens) {
          const own = new Encoder(encoder.device, encoder.info);
          const model = madeUpModel(own, vocabSize);
          const before = own.pool.statistics.live;
          yield* passes[pass](model, count);
          peaks.push(own.pool.statistics.peak - before);
          model.parameters.arenas.forEach((arena) => own.release(arena));
          yield* own.wait;
          own.pool.trim();
        }
        console.log(`${pass}: ${peaks.map((bytes) => (bytes / megabyte).toFixed(1)).join(", ")} MiB`);
        const [first, second, third] = peaks;
        // Buffers come in sizes an eighth apart.
        const slack = 0.25 * (third - second) + megabyte;
        assert.ok(Math.abs(third - second - 2 * (second - first)) <= slack, `peaks ${peaks.join(", ")} are not linear`);
        assert.ok(third - first < 0.05 * (tokens[2] - tokens[0]) * vocabSize * 4);
        assert.ok(third < 0.25 * tokens[2] * vocabSize * 4);
      }),
  );
}
