import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import type { Encoder } from "../../../kernels/gpu/encoder.ts";
import { metricsOf } from "../../../pipelines/algorithms/objective.ts";
import { tokenLogProbs } from "../../../kernels/ops/token_log_probs/token_log_probs.ts";
import { Tape } from "../../../kernels/gpu/tape.ts";
import { criticGradient, GradientError, policyGradient } from "../../../pipelines/learning/gradient.ts";
import { packRows } from "../../../pipelines/learning/packed_rows.ts";
import * as Parameters from "../../../pipelines/models/parameters.ts";
import { releaseParameters } from "../../../pipelines/models/parameters.ts";
import { predictorStates } from "../../../pipelines/learning/score.ts";
import { testInFloat32 } from "../../kernels/run_case.ts";
import { goldenModels, type GoldenStep, readGolden } from "../../golden/models/golden.ts";
import {
  batchOf,
  loadCritic,
  loadModel,
  near,
  norm,
  openTensors,
  readAll,
  relativeError,
  sameBits,
  sequencesOf,
  settingsOf,
} from "../models/golden_on_device.ts";

const tolerance = 1e-4;

/** Fails where a parameter's gradient is not PyTorch's: all of its numbers where the file has it, else its norm. */
const compare = Effect.fnUntraced(function* (
  encoder: Encoder,
  name: string,
  what: string,
  found: { readonly gradient: Parameters.ParameterSet; readonly gradNorm: number; readonly loss: number },
  expected: GoldenStep,
) {
  near(found.loss, expected.loss, tolerance * Math.max(1, Math.abs(expected.loss)), `${what}: loss`);
  near(found.gradNorm / expected.gradNorm, 1, tolerance, `${what}: gradNorm`);
  const file = yield* openTensors(name, expected.gradient);
  for (const [parameter, gradient] of yield* readAll(encoder, found.gradient)) {
    const error = file.entries.has(parameter)
      ? relativeError(gradient, yield* file.read(parameter))
      : Math.abs(norm(gradient) / expected.gradNorms[parameter] - 1);
    assert.ok(error <= tolerance, `${what}: gradient of ${parameter} is off by ${error.toExponential(2)} of its norm`);
  }
});

for (const name of goldenModels) {
  const golden = readGolden(name);

  testInFloat32(
    `${name}: losses, metrics and gradients of every objective are PyTorch's`,
    (encoder) =>
      Effect.gen(function* () {
        const model = yield* loadModel(encoder, name);
        for (const one of golden.cases) {
          const result = yield* policyGradient(model, batchOf(golden, one), settingsOf(one));
          const metrics = metricsOf(result.sums);
          yield* compare(encoder, name, one.name, { ...result, loss: metrics.loss }, one);
          near(metrics.clipFraction, one.clipFraction, 1e-6, `${one.name}: clipFraction`);
          near(metrics.approxKl, one.approxKl, tolerance, `${one.name}: approxKl`);
          near(metrics.meanEntropy, one.meanEntropy, tolerance, `${one.name}: meanEntropy`);
          releaseParameters(encoder, result.gradient);
        }
      }),
  );
}

for (const name of ["qwen2_untied", "qwen3_tied"]) {
  const golden = readGolden(name);
  const { critic: expected } = golden;
  assert.ok(expected !== undefined);

  testInFloat32(`${name}: the critic's loss and gradient are PyTorch's`, (encoder) =>
    Effect.gen(function* () {
      const critic = yield* loadCritic(encoder, name, expected);
      const batch = sequencesOf(golden).map((sequence, i) => ({
        ...sequence,
        problemId: "p",
        sampleIndex: i,
        values: Float32Array.from(expected.oldValues[i]),
        returns: Float32Array.from(expected.returns[i]),
      }));
      const { valueClip } = expected;
      const settings = { aggregation: "token-mean", share: 1, gradientChunk: 40, valueClip } as const;
      yield* compare(encoder, name, "critic", yield* criticGradient(critic, batch, settings), expected);
    }));
}

testInFloat32(
  "the gradients of the two signs, each differentiated alone, add up to the whole",
  (encoder) =>
    Effect.gen(function* () {
      const golden = readGolden("qwen3_tied");
      const model = yield* loadModel(encoder, "qwen3_tied");
      for (const one of golden.cases.filter(({ sequences }) => sequences.length === golden.sequences.length)) {
        const batch = batchOf(golden, one);
        const whole = yield* policyGradient(model, batch, settingsOf(one));
        const file = yield* openTensors("qwen3_tied", one.gradient);
        const sum = new Map<string, Float64Array>();
        for (const sign of ["positive", "negative"] as const) {
          // The share takes the place of the other sign's part of the denominator.
          const part = batch.filter((sequence) => sequence.sign === sign);
          const size = one.aggregation === "token-mean"
            ? (all: typeof batch) => all.reduce((tokens, { responseTokens }) => tokens + responseTokens.length, 0)
            : (all: typeof batch) => all.length;
          const alone = yield* policyGradient(model, part, { ...settingsOf(one), share: size(part) / size(batch) });
          near(alone.gradNorm / whole[sign].gradNorm, 1, 1e-5, `${one.name}: ${sign} gradNorm`);
          near(alone.sums.loss, whole[sign].sums.loss, 1e-6, `${one.name}: ${sign} loss`);
          for (const [parameter, gradient] of yield* readAll(encoder, alone.gradient)) {
            const total = sum.get(parameter) ?? new Float64Array(gradient.length);
            gradient.forEach((x, i) => total[i] += x);
            sum.set(parameter, total);
          }
          releaseParameters(encoder, alone.gradient);
        }
        near(whole.positive.sums.loss + whole.negative.sums.loss, whole.sums.loss, 1e-9, `${one.name}: loss`);
        let product = 0;
        for (const [parameter, gradient] of yield* readAll(encoder, whole.gradient)) {
          const total = sum.get(parameter) ?? [];
          const error = relativeError(gradient, total);
          assert.ok(error <= 1e-5, `${one.name}: ${parameter} is off by ${error.toExponential(2)}`);
          if (file.entries.has(parameter)) assert.ok(relativeError(total, yield* file.read(parameter)) <= tolerance);
          product += norm(gradient) ** 2;
        }
        // |g+ + g-|² = |g+|² + |g-|² + 2 cos |g+||g-|
        const [p, n] = [whole.positive.gradNorm, whole.negative.gradNorm];
        near(Math.sqrt(p * p + n * n + 2 * (whole.cosine ?? NaN) * p * n) / Math.sqrt(product), 1, 1e-4, "cosine");
        releaseParameters(encoder, whole.gradient);
      }
    }),
);

testInFloat32(
  "activations that are computed again give the same bits as those that were kept",
  (encoder) =>
    Effect.gen(function* () {
      for (const name of ["qwen2_tied", "qwen3_untied"]) {
        const golden = readGolden(name);
        const model = yield* loadModel(encoder, name);
        const found: ReadonlyMap<string, Float32Array>[] = [];
        for (const mode of ["training", "recompute"] as const) {
          const set = Parameters.zeros(encoder, model.parameters.layout, "gradients");
          model.table(64);
          const live = encoder.pool.statistics.live;
          const pairs = Parameters.gradientsOf(model.weights, Parameters.modelTensors(model.config, set));
          const tape = new Tape(encoder, mode, pairs);
          const packed = packRows(encoder, sequencesOf(golden));
          const R = packed.targets.length;
          const targets = encoder.upload(packed.targets, 1, R);
          const output = tokenLogProbs(tape, predictorStates(tape, model, packed), model.weights.head, targets, 0.6);
          tape.seed(output.logProbs, encoder.upload(Float32Array.from({ length: R }, (_, i) => i % 5 - 2.5), R, 1));
          tape.seed(output.entropy, encoder.upload(Float32Array.from({ length: R }, (_, i) => i % 3 - 0.7), R, 1));
          tape.backward();
          packed.release();
          encoder.release(targets);
          assert.equal(encoder.pool.statistics.live, live, `${name} ${mode}: every buffer is given back`);
          found.push(yield* readAll(encoder, set));
        }
        for (const [parameter, gradient] of found[0]) {
          sameBits(found[1].get(parameter) ?? new Float32Array(), gradient, `${name} ${parameter}`);
          assert.ok(gradient.some((x) => x !== 0), `${name} ${parameter}`);
        }
      }
    }),
);

testInFloat32(
  "chunks of other sizes round sums differently and change nothing else",
  (encoder) =>
    Effect.gen(function* () {
      const golden = readGolden("qwen3_tied");
      const [one] = golden.cases;
      const model = yield* loadModel(encoder, "qwen3_tied");
      const batch = batchOf(golden, one);
      const gradients = function* (chunk: number, sequences = batch) {
        const result = yield* policyGradient(model, sequences, settingsOf(one, chunk));
        return { ...result, all: yield* readAll(encoder, result.gradient) };
      };
      const expected = yield* gradients(40);
      for (const chunk of [1, 17, 40, 8192]) {
        const found = yield* gradients(chunk);
        near(found.sums.loss, expected.sums.loss, 1e-12, `chunk ${chunk}: loss`);
        assert.equal(found.sums.tokens, expected.sums.tokens);
        for (const [parameter, gradient] of found.all) {
          const other = expected.all.get(parameter) ?? new Float32Array();
          const error = relativeError(gradient, other);
          assert.ok(error <= 1e-5, `chunk ${chunk}: ${parameter} is off by ${error.toExponential(2)}`);
          if (chunk === 40) sameBits(gradient, other, parameter);
        }
      }
      // The signs are differentiated apart, so how they are mixed does not matter either.
      const sorted = yield* gradients(40, batch.toSorted((a, b) => a.sign < b.sign ? -1 : a.sign > b.sign ? 1 : 0));
      for (const [parameter, gradient] of sorted.all) {
        sameBits(gradient, expected.all.get(parameter) ?? new Float32Array(), parameter);
      }
    }),
);

testInFloat32(
  "a number that is not finite stops the gradient and names the parameter and the responses",
  (encoder) =>
    Effect.gen(function* () {
      const golden = readGolden("qwen2_untied");
      const [one] = golden.cases;
      const model = yield* loadModel(encoder, "qwen2_untied");
      const batch = batchOf(golden, one);
      for (const bad of [NaN, Infinity, -Infinity]) {
        const old = batch[3].oldLogProbs.slice();
        old[1] = bad;
        const broken = batch.with(3, { ...batch[3], oldLogProbs: old });
        const error = yield* Effect.flip(policyGradient(model, broken, settingsOf(one)));
        assert.ok(error instanceof GradientError);
        assert.match(error.message, /problem-1#3/);
        assert.doesNotMatch(error.message, /problem-1#4|problem-0/);
      }
      const place = model.parameters.layout.places.find(({ spec }) =>
        spec.name === "model.layers.1.mlp.down_proj.weight"
      );
      assert.ok(place !== undefined);
      encoder.write(Parameters.flat(model.parameters, place), Float32Array.of(NaN));
      const error = yield* Effect.flip(policyGradient(model, batch, settingsOf(one)));
      assert.ok(error instanceof GradientError);
      assert.match(error.message, /first bad parameter "model\.[^"]+"/);
      assert.match(error.message, /3 of 3 responses \(problem-0#0, problem-1#3, problem-1#4\)/);
      const nothing = yield* Effect.flip(policyGradient(model, [], settingsOf(one)));
      assert.match(nothing.message, /Cannot differentiate a mini-batch of no responses/);
    }),
);
