/** How a rollout batch is cut into optimizer steps, and what a step does to a model: what the trainer's records show to the bit is tested there. */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import { policyGradient } from "../../../pipelines/learning/gradient.ts";
import * as Optimizer from "../../../pipelines/learning/optimizer.ts";
import { makeOptimizer } from "../../../pipelines/learning/optimizer.ts";
import { optimizerStep, stepBatches, whole } from "../../../pipelines/learning/optimizer_step.ts";
import * as Model from "../../../pipelines/models/model.ts";
import { merge } from "../../../pipelines/settings/resolve.ts";
import { readGolden } from "../../golden/models/golden.ts";
import { testOnDevice } from "../../kernels/run_case.ts";
import { batchOf, loadModel, settingsOf } from "../models/golden_on_device.ts";

const batch = Array.from({ length: 10 }, (_, i) => i);
const sizes = { prompts: 4, responses: 3, miniBatch: 2, criticMiniBatch: 6 };

Deno.test("policy and critic step together where both cut a batch alike, else the critic's steps come first", () => {
  const parts = [{ sequences: batch.slice(0, 6), share: 1 }, { sequences: batch.slice(6), share: 4 / 6 }];
  assert.deepEqual(stepBatches(batch, sizes, true), parts.map((part) => ({ policy: part, critic: part })));
  assert.deepEqual(stepBatches(batch, sizes, false), parts.map((policy) => ({ policy })));
  // A critic's mini-batch is never larger than the rollout batch.
  const apart = stepBatches(batch, { ...sizes, criticMiniBatch: 256 }, true);
  assert.deepEqual(apart, [{ critic: { sequences: batch, share: 10 / 12 } }, ...parts.map((policy) => ({ policy }))]);
  assert.deepEqual(stepBatches([], sizes, true), []);
});

testOnDevice(
  "a step applies the gradient that it shows and gives its buffers back",
  (encoder) =>
    Effect.gen(function* () {
      const golden = readGolden("qwen3_tied");
      const [one] = golden.cases;
      const sequences = batchOf(golden, one);
      const model = yield* loadModel(encoder, "qwen3_tied");
      const [stepped, expected] = [Model.clone(model), Model.clone(model)];
      const settings = { ...merge({ learningRate: 1e-3 }), ...settingsOf(one), algorithm: "grpo" as const };
      const policy = { model: stepped, optimizer: makeOptimizer(stepped) };
      const held = () => encoder.pool.statistics.use.get("gradients") ?? 0;
      const before = held();
      const done = yield* optimizerStep(
        { policy, critic: undefined },
        { policy: { sequences, share: settingsOf(one).share }, critic: whole(sequences) },
        settings,
        ({ policy, critic }) => Effect.succeed({ norm: policy?.gradNorm, critic }),
      );
      assert.equal(held(), before);
      const { gradient, gradNorm } = yield* policyGradient(expected, sequences, settingsOf(one));
      assert.deepEqual(done.observed, { norm: gradNorm, critic: undefined });
      assert.equal(done.state.policy.optimizer.step, 1);
      Optimizer.update(expected, makeOptimizer(expected), gradient, gradNorm, settings);
      for (const [i, arena] of stepped.parameters.arenas.entries()) {
        assert.deepEqual(yield* encoder.read(arena), yield* encoder.read(expected.parameters.arenas[i]));
      }
    }),
);
