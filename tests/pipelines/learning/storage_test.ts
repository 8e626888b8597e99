/**
 * Weights stored in 16 bits: the passes give the bits that float32 storage of the rounded weights gives, sampler and trainer agree bit for bit,
 * the copy follows the optimizer, and memory is what the storage type says.
 */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import { Encoder } from "../../../kernels/gpu/encoder.ts";
import { fromHalves, type HalfFormat, toHalves } from "../../../kernels/gpu/half_precision.ts";
import { noise } from "../../../kernels/ops/op_case.ts";
import { metricsOf } from "../../../pipelines/algorithms/objective.ts";
import { policyGradient } from "../../../pipelines/learning/gradient.ts";
import * as Model from "../../../pipelines/models/model.ts";
import { releaseModel } from "../../../pipelines/models/model.ts";
import * as Optimizer from "../../../pipelines/learning/optimizer.ts";
import { makeOptimizer } from "../../../pipelines/learning/optimizer.ts";
import * as Parameters from "../../../pipelines/models/parameters.ts";
import { releaseParameters } from "../../../pipelines/models/parameters.ts";
import { score } from "../../../pipelines/learning/score.ts";
import { readGolden } from "../../golden/models/golden.ts";
import { testOnDevice } from "../../kernels/run_case.ts";
import { loadModel, norm, readAll, relativeError, sameBits, sequencesOf } from "../models/golden_on_device.ts";
import { batchOf, decoded, loss, requestsFor, sampling } from "../models/drawn_batch.ts";
import { madeUpModel } from "../models/made_up_model.ts";

const formats: ReadonlyArray<HalfFormat> = ["bf16", "f16"];
const optimizer = { learningRate: 1e-3, weightDecay: 0.01, maxGradNorm: 1 };

/** Rounds the float32 weights of a model in place. */
const roundWeights = Effect.fnUntraced(function* ({ encoder, parameters }: Model.Model, format: HalfFormat) {
  for (const arena of parameters.arenas) {
    encoder.write(arena, fromHalves(toHalves(yield* encoder.read(arena), format), format));
  }
});

for (const format of formats) {
  for (const name of ["qwen3_tied", "qwen2_untied"] as const) {
    testOnDevice(
      `${name} in ${format}: a W-REINFORCE step has the bits of float32 storage of rounded weights`,
      (encoder) =>
        Effect.gen(function* () {
          const stored = yield* loadModel(encoder, name, { storage: format, trained: true });
          const rounded = yield* loadModel(encoder, name);
          yield* roundWeights(rounded, format);
          const requests = requestsFor(stored, 64, "storage");
          const responses = yield* decoded(stored, requests, 64);
          const expected = yield* decoded(rounded, requests, 64);
          responses.forEach(({ logProbs }, i) => sameBits(logProbs, expected[i].logProbs, `response ${i}: logProbs`));
          const batch = batchOf(requests, responses);
          const found = yield* policyGradient(stored, batch, loss);
          const other = yield* policyGradient(rounded, batch, loss);
          const { approxKl, clipFraction } = metricsOf(found.sums);
          assert.deepEqual([approxKl, clipFraction], [0, 0]);
          const gradients = yield* readAll(encoder, other.gradient);
          for (const [parameter, gradient] of yield* readAll(encoder, found.gradient)) {
            const expected = gradients.get(parameter);
            assert.ok(expected !== undefined);
            sameBits(Float32Array.from(gradient), Float32Array.from(expected), `gradient of ${parameter}`);
          }
          // The step is on the float32 weights, and the copy is their rounding.
          const before = yield* readAll(encoder, stored.parameters);
          const stepped = Optimizer.update(
            stored,
            makeOptimizer(stored),
            found.gradient,
            found.gradNorm,
            optimizer,
          );
          assert.equal(stepped.step, 1);
          assert.ok(stored.copy !== undefined);
          const copied = yield* readAll(encoder, stored.copy);
          let moved = 0;
          for (const [parameter, weights] of yield* readAll(encoder, stored.parameters)) {
            sameBits(
              Float32Array.from(copied.get(parameter) ?? []),
              fromHalves(toHalves(Float32Array.from(weights), format), format),
              parameter,
            );
            moved += relativeError(weights, before.get(parameter) ?? []) > 0 ? 1 : 0;
          }
          assert.equal(moved, before.size);
        }),
    );

    testOnDevice(
      `${name} in ${format}: rollouts have the bits of the trainer's pass in batches of 1, 7 and 64`,
      (encoder) =>
        Effect.gen(function* () {
          const sampler = yield* loadModel(encoder, name, { storage: format });
          const trainer = yield* loadModel(encoder, name, { storage: format, trained: true });
          assert.equal(sampler.copy, undefined);
          const requests = requestsFor(sampler, 80, "storage");
          const together = yield* decoded(sampler, requests, 64);
          const sequences = requests.map(({ promptTokens }, i) => ({ promptTokens, ...together[i] }));
          const scored = yield* score(trainer, sequences, sampling.temperature);
          const sevens = yield* decoded(sampler, requests, 7);
          const alone = yield* decoded(sampler, requests.slice(20, 26), 1);
          together.forEach(({ logProbs, entropy }, i) => {
            sameBits(logProbs, scored.logProbs[i], `rollout ${i} as scored: logProbs`);
            sameBits(entropy, scored.entropy[i], `rollout ${i} as scored: entropy`);
            sameBits(sevens[i].logProbs, logProbs, `rollout ${i} in a batch of 7`);
            if (i >= 20 && i < 26) sameBits(alone[i - 20].logProbs, logProbs, `rollout ${i} alone`);
          });
        }),
    );
  }
}

// A weight is off by at most this share of itself.
const roundoff = { bf16: 2 ** -9, f16: 2 ** -12 };

for (const format of formats) {
  testOnDevice(
    `log-probs in ${format} are as far from those of float32 as any error of the format's size in each weight makes them`,
    (encoder) =>
      Effect.gen(function* () {
        for (const name of ["qwen2_tied", "qwen3_tied", "llama_untied"] as const) {
          const sequences = sequencesOf(readGolden(name));
          const full = yield* score(yield* loadModel(encoder, name), sequences, 1);
          const half = yield* score(yield* loadModel(encoder, name, { storage: format }), sequences, 1);
          const shaken = yield* loadModel(encoder, name);
          for (const [index, arena] of shaken.parameters.arenas.entries()) {
            const error = noise(`arena ${index}`, arena.cols);
            const weights = yield* encoder.read(arena);
            encoder.write(arena, weights.map((x, i) => x * (1 + roundoff[format] * error[i])));
          }
          const other = yield* score(shaken, sequences, 1);
          const apart = ({ logProbs }: typeof full) =>
            norm(logProbs.flatMap((list, i) => Array.from(list, (x, t) => x - full.logProbs[i][t])));
          const ratio = apart(half) / apart(other);
          assert.ok(ratio > 0.2 && ratio < 2, `${name}: ${ratio} times as far as a random error`);
        }
      }),
  );
}

testOnDevice(
  "16-bit storage takes two bytes a parameter to sample, and six with what is trained",
  (encoder) =>
    Effect.gen(function* () {
      const own = new Encoder(encoder.device, encoder.info);
      // Just below 2^22 numbers, since buffers come in powers of two.
      const whole = madeUpModel(own, 261_000);
      const words = whole.parameters.layout.sizes.reduce((sum, size) => sum + size, 0);
      const full = own.pool.statistics.live;
      const trained = Model.fromParameters(own, whole.config, whole.parameters, { storage: "bf16" });
      const both = own.pool.statistics.live;
      assert.ok(trained.copy !== undefined);
      releaseParameters(own, whole.parameters);
      const copy = own.pool.statistics.live;
      assert.ok(Math.abs(full / words - 4) < 0.5, `${full} bytes of ${words} numbers`);
      assert.ok(Math.abs(copy / words - 2) < 0.25, `${copy} bytes of ${words} numbers`);
      assert.equal(both, full + copy);
      releaseParameters(own, trained.copy);
      assert.equal(own.pool.statistics.live, 0);
      yield* own.wait;
      own.pool.trim();
    }),
);

testOnDevice("an optimizer refuses weights of which only 16 bits are there", (encoder) =>
  Effect.gen(function* () {
    const own = new Encoder(encoder.device, encoder.info);
    const model = yield* loadModel(own, "qwen3_tied", { storage: "bf16" });
    const gradient = Parameters.zeros(own, model.parameters.layout, "gradients");
    Optimizer.update(model, makeOptimizer(model), gradient, 1, optimizer);
    const failure = yield* Effect.flip(own.wait);
    assert.equal(failure.message, 'Cannot step weights stored as "bf16": expected f32');
  }));

testOnDevice(
  "a model that has been sampled and scored leaves nothing behind when it is released",
  (encoder) =>
    Effect.gen(function* () {
      for (const options of [{}, { storage: "bf16" }, { storage: "bf16", trained: true }] as const) {
        const own = new Encoder(encoder.device, encoder.info);
        const model = yield* loadModel(own, "qwen3_tied", options);
        const requests = requestsFor(model, 4, "storage");
        const responses = yield* decoded(model, requests, 4);
        yield* score(model, requests.map(({ promptTokens }, i) => ({ promptTokens, ...responses[i] })), 1);
        assert.ok(own.pool.statistics.use.has("uploads"), "no rotary table");
        releaseModel(model);
        assert.deepEqual([own.pool.statistics.live, own.pool.statistics.use.size], [0, 0]);
      }
    }),
);
