import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import { denominatorsOf, tokenFactor } from "../../../pipelines/algorithms/aggregation.ts";
import { policyGradient } from "../../../pipelines/learning/gradient.ts";
import { type ChosenToken, logitGradients } from "../../../pipelines/learning/logit_gradients.ts";
import { releaseParameters } from "../../../pipelines/models/parameters.ts";
import { readGolden } from "../../golden/models/golden.ts";
import { testInFloat32 } from "../../kernels/run_case.ts";
import { batchOf, loadModel, readAll, relativeError, settingsOf } from "../models/golden_on_device.ts";

testInFloat32(
  "the gradient of the logits, token by token, is what training's gradient of the head is made of",
  (encoder) =>
    Effect.gen(function* () {
      const name = "qwen3_untied";
      const golden = readGolden(name);
      const [one] = golden.cases;
      const model = yield* loadModel(encoder, name);
      const settings = settingsOf(one);
      const batch = batchOf(golden, one).map((record) => ({ ...record, referenceLogProbs: undefined }));
      const lengths = batch.map(({ responseTokens }) => responseTokens.length);
      const aggregated = { ...settings, denominators: denominatorsOf(lengths) };
      // One step of the on-policy loss by hand: -A w, and the entropy bonus.
      const seedsOf = (sequence: number, position: number) => {
        const weight = tokenFactor(lengths[sequence], aggregated);
        return [{ dLogProb: -batch[sequence].advantages[position] * weight, dEntropy: -settings.entropyCoef * weight }];
      };
      const chosen = batch.flatMap((_, sequence) =>
        Array.from({ length: lengths[sequence] }, (_, position): ChosenToken => ({
          sequence,
          position,
          seeds: seedsOf(sequence, position),
        }))
      );
      const V = model.config.vocabSize;
      // With logits z = W h, the gradient G of W is a sum of dz h over tokens, so W[v] · G[v] is that of dz[v] z[v].
      const sums = new Float64Array(V);
      const logProbs = batch.map((_, sequence) => new Float32Array(lengths[sequence]));
      yield* logitGradients(model, batch, chosen, settings.temperature, (token, { logits, gradients: [gradient] }) => {
        assert.equal(logits.length, V);
        for (let v = 0; v < V; v++) sums[v] += gradient[v] * logits[v];
        const scaled = logits.map((z) => z / settings.temperature);
        const total = scaled.reduce((sum, z) => sum + Math.exp(z), 0);
        const target = batch[token.sequence].responseTokens[token.position];
        logProbs[token.sequence][token.position] = scaled[target] - Math.log(total);
      });
      const onPolicy = batch.map((record, i) => ({ ...record, oldLogProbs: logProbs[i] }));
      const { gradient } = yield* policyGradient(model, onPolicy, { ...settings, gradientChunk: 8192 });
      const [gradients, weights] = yield* Effect.all([readAll(encoder, gradient), readAll(encoder, model.parameters)]);
      const [G, W] = [gradients, weights].map((all) => all.get("lm_head.weight") ?? new Float32Array());
      const C = model.config.width;
      const products = Float64Array.from({ length: V }, (_, v) => {
        let sum = 0;
        for (let c = 0; c < C; c++) sum += W[v * C + c] * G[v * C + c];
        return sum;
      });
      assert.ok(relativeError(sums, products) < 1e-5, `${relativeError(sums, products)}`);
      releaseParameters(encoder, gradient);
    }),
);
