import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import { movedTokens } from "../../../pipelines/insights/moved_tokens.ts";
import { policyGradient } from "../../../pipelines/learning/gradient.ts";
import * as Model from "../../../pipelines/models/model.ts";
import * as Optimizer from "../../../pipelines/learning/optimizer.ts";
import { makeOptimizer } from "../../../pipelines/learning/optimizer.ts";
import { readGolden } from "../../golden/models/golden.ts";
import { testOnDevice } from "../../kernels/run_case.ts";
import { batchOf, loadModel, settingsOf } from "../models/golden_on_device.ts";

testOnDevice(
  "tokens are measured window by window, and the window does not show",
  (encoder) =>
    Effect.gen(function* () {
      const golden = readGolden("qwen3_tied");
      const [one] = golden.cases;
      const model = yield* loadModel(encoder, "qwen3_tied");
      const batch = batchOf(golden, one);
      const stepped = Model.clone(model);
      const { gradient, gradNorm } = yield* policyGradient(stepped, batch, settingsOf(one));
      const step = { learningRate: 1e-3, weightDecay: 0, maxGradNorm: 1 };
      Optimizer.update(stepped, makeOptimizer(stepped), gradient, gradNorm, step);
      const settings = { ...settingsOf(one), algorithm: "w-reinforce" as const };
      const all = yield* movedTokens(model, stepped, batch, settings);
      assert.equal(all.length, batch.reduce((sum, { responseTokens }) => sum + responseTokens.length, 0));
      assert.ok(all.every(({ logProbChange }) => Number.isFinite(logProbChange) && logProbChange !== 0));
      const narrow = yield* movedTokens(model, stepped, batch, settings, undefined, 3 * model.config.vocabSize);
      const bare = (tokens: typeof all) =>
        tokens.map(({ deviation: _, update: __, gradientByPrior: ___, ...rest }) => rest);
      assert.deepEqual(bare(narrow), bare(all));
      // A window's own denominators round the gradient differently in its last bit.
      narrow.forEach(({ update }, i) => assert.ok(Math.abs(update - all[i].update) <= 1e-6));
      const firsts = yield* movedTokens(model, stepped, batch, settings, [0, 99]);
      assert.equal(firsts.length, batch.length);
      // Nothing changes where nothing was done.
      const still = yield* movedTokens(model, model, batch, settings, [1]);
      assert.ok(
        still.every(({ logProbChange, probabilityByPrior }) => logProbChange === 0 && probabilityByPrior === undefined),
      );
    }),
);
