import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import { momentTypes } from "../../../kernels/gpu/half_precision.ts";
import { metricsOf } from "../../../pipelines/algorithms/objective.ts";
import { criticGradient, policyGradient } from "../../../pipelines/learning/gradient.ts";
import type { Model } from "../../../pipelines/models/model.ts";
import * as Optimizer from "../../../pipelines/learning/optimizer.ts";
import { makeOptimizer } from "../../../pipelines/learning/optimizer.ts";
import { releaseParameters } from "../../../pipelines/models/parameters.ts";
import * as Safetensors from "../../../pipelines/files/safetensors.ts";
import { openSafetensors, writeSafetensors } from "../../../pipelines/files/safetensors.ts";
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
  sameBits,
  sequencesOf,
  settingsOf,
} from "../models/golden_on_device.ts";

/** Fails where a weight after the step is not PyTorch's; AdamW's epsilon rules those whose gradient is nearly zero. */
const compareWeights = Effect.fnUntraced(function* (
  model: Model,
  name: string,
  what: string,
  step: GoldenStep,
) {
  const after = yield* openTensors(name, step.after ?? "");
  const gradients = yield* openTensors(name, step.gradient);
  let compared = 0;
  for (const [parameter, weights] of yield* readAll(model.encoder, model.parameters)) {
    const gradient = yield* gradients.read(parameter);
    const expected = yield* after.read(parameter);
    const smallest = Math.max(1e-6, 1e-3 * norm(gradient) / Math.sqrt(gradient.length));
    weights.forEach((weight, i) => {
      if (Math.abs(gradient[i]) < smallest) return;
      compared++;
      near(weight, expected[i], 1e-5, `${what}: weight ${i} of ${parameter}`);
    });
  }
  assert.ok(compared > 10_000, `${what}: only ${compared} weights compared`);
});

for (const name of goldenModels) {
  const golden = readGolden(name);

  for (const one of golden.cases.filter(({ after }) => after !== undefined)) {
    testInFloat32(
      `${name}: the weights after one step of ${one.name} are PyTorch's`,
      (encoder) =>
        Effect.gen(function* () {
          const model = yield* loadModel(encoder, name);
          const { gradient, gradNorm } = yield* policyGradient(model, batchOf(golden, one), settingsOf(one));
          const stepped = Optimizer.update(model, makeOptimizer(model), gradient, gradNorm, one);
          assert.equal(stepped.step, 1);
          yield* compareWeights(model, name, one.name, one);
        }),
    );
  }

  testInFloat32(`${name}: the losses and norms of ten steps are PyTorch's`, (encoder) =>
    Effect.gen(function* () {
      const model = yield* loadModel(encoder, name);
      const one = golden.cases.find((other) => other.name === golden.steps.case);
      assert.ok(one !== undefined);
      let optimizer = makeOptimizer(model);
      for (let step = 0; step < 10; step++) {
        const { gradient, gradNorm, sums } = yield* policyGradient(model, batchOf(golden, one), settingsOf(one));
        near(metricsOf(sums).loss, golden.steps.losses[step], 1e-4, `step ${step + 1}: loss`);
        near(gradNorm / golden.steps.gradNorms[step], 1, 1e-3, `step ${step + 1}: gradNorm`);
        optimizer = Optimizer.update(model, optimizer, gradient, gradNorm, one);
        releaseParameters(encoder, gradient);
      }
    }));

  const { critic: expected } = golden;
  if (expected === undefined) continue;
  testInFloat32(`${name}: the critic's weights after one step are PyTorch's`, (encoder) =>
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
      const { gradient, gradNorm } = yield* criticGradient(critic, batch, settings);
      Optimizer.update(critic, makeOptimizer(critic), gradient, gradNorm, expected);
      yield* compareWeights(critic, name, "critic", expected);
    }));
}

for (const moments of momentTypes) {
  testInFloat32(
    `an optimizer with moments in ${moments} that was written and read goes on with the same bits`,
    (encoder) =>
      Effect.gen(function* () {
        const golden = readGolden("qwen3_tied");
        const [one] = golden.cases;
        const dir = yield* Effect.acquireRelease(
          Effect.promise(() => Deno.makeTempDir()),
          (path) => Effect.promise(() => Deno.remove(path, { recursive: true })),
        );
        const ends: ReadonlyMap<string, Float32Array>[] = [];
        for (const stored of [false, true]) {
          const model = yield* loadModel(encoder, "qwen3_tied");
          let optimizer = makeOptimizer(model, moments);
          for (let step = 0; step < 3; step++) {
            const { gradient, gradNorm } = yield* policyGradient(model, batchOf(golden, one), settingsOf(one));
            optimizer = Optimizer.update(model, optimizer, gradient, gradNorm, one);
            if (!stored) continue;
            const { name } = yield* writeSafetensors(
              dir,
              (hash) => hash,
              Optimizer.optimizerTensors(model, optimizer),
            );
            assert.equal(name, yield* Safetensors.digest(Optimizer.optimizerTensors(model, optimizer)));
            const file = yield* openSafetensors(`${dir}/${name}`);
            const types = new Set([...file.entries].map(([tensor, { dtype }]) => `${tensor.split(".")[0]} ${dtype}`));
            const dtype = moments === "bf16" ? "BF16" : "F32";
            assert.deepEqual(types, new Set(["step F32", `exp_avg ${dtype}`, `exp_avg_sq ${dtype}`]));
            optimizer = yield* Optimizer.restore(model, file, moments);
            assert.equal(optimizer.step, step + 1);
            const other = momentTypes.find((type) => type !== moments);
            const { message } = yield* Effect.flip(Optimizer.restore(model, file, other));
            assert.match(
              message,
              new RegExp(`tensor "exp_avg.*": expected moments of .* \\(--moments ${other}\\), found ${dtype}$`),
            );
          }
          ends.push(yield* readAll(encoder, model.parameters));
        }
        for (const [name, weights] of ends[0]) sameBits(ends[1].get(name) ?? new Float32Array(), weights, name);
      }).pipe(Effect.scoped),
  );
}
