/**
 * Long responses: sampling, scoring and training one of 32k tokens allocate in proportion to its length. The counting encoder runs the very
 * code of the passes, so a tensor of tokens times tokens would stand out, and it needs neither a device nor the memory.
 */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import { CountingEncoder } from "../../../kernels/gpu/counting_encoder.ts";
import { decode } from "../../../pipelines/sampling/decode.ts";
import { criticGradient, policyGradient } from "../../../pipelines/learning/gradient.ts";
import * as Model from "../../../pipelines/models/model.ts";
import { type ModelConfig, parseModelConfig, withValueHead } from "../../../pipelines/models/model_config.ts";
import * as Parameters from "../../../pipelines/models/parameters.ts";
import { score, values } from "../../../pipelines/learning/score.ts";
import { configText } from "../models/made_up_model.ts";
import { serverGpu as info } from "../../../pipelines/planning/run_plan.ts";

const prompt = 64;
const sequences = 3;
/** Rows of a sequence, which fill a pass; the last token of a response has none. Buffers come in powers of two, so these fill theirs alike. */
const rows = [8192, 16_384, 32_768];

/** One layer of 32 channels with a context of 32k tokens and a real vocabulary. */
const parsed = parseModelConfig({
  file: "config.json",
  text: JSON.stringify({
    ...JSON.parse(configText(151_936)),
    hidden_size: 32,
    intermediate_size: 64,
    max_position_embeddings: 32_769,
  }),
});
assert.ok(parsed.ok);
const { config } = parsed;

const settings = {
  clipRatio: 0.2,
  entropyCoef: 1e-4,
  klCoef: 0,
  aggregation: "token-mean",
  share: 1,
  temperature: 1,
  gradientChunk: 8192,
  valueClip: 0.5,
} as const;

const sequencesOf = (rows: number) => {
  const length = rows - prompt + 1;
  return Array.from({ length: sequences }, (_, i) => ({
    problemId: "",
    sampleIndex: i,
    sign: "negative" as const,
    promptTokens: new Int32Array(prompt),
    responseTokens: new Int32Array(length),
    oldLogProbs: new Float32Array(length),
    advantages: new Float32Array(length),
    values: new Float32Array(length),
    returns: new Float32Array(length),
  }));
};

const sampling = { temperature: 1, topK: 0, topP: 1 };

const passes: Readonly<Record<string, (model: Model.Model, rows: number) => Effect.Effect<unknown, unknown>>> = {
  sample: (model: Model.Model, rows: number) => {
    const requests = sequencesOf(rows).map(({ promptTokens, responseTokens }) => ({
      promptTokens,
      key: [0, 0] as const,
      maxTokens: responseTokens.length,
    }));
    return Stream.runDrain(decode(model, requests, sampling, []));
  },
  score: (model: Model.Model, rows: number) => score(model, sequencesOf(rows), 1),
  values: (model: Model.Model, rows: number) => values(model, sequencesOf(rows)),
  gradient: (model: Model.Model, rows: number) => policyGradient(model, sequencesOf(rows), settings),
  "critic gradient": (model: Model.Model, rows: number) => criticGradient(model, sequencesOf(rows), settings),
};

const modelOf = (encoder: CountingEncoder, own: ModelConfig) =>
  Model.fromParameters(encoder, own, Parameters.zeros(encoder, Parameters.parameterLayout(own), "weights"));

for (const [name, pass] of Object.entries(passes)) {
  Deno.test(`${name}: memory is linear in the length of a response, up to 32k tokens`, async () => {
    const own = /critic|values/.test(name) ? withValueHead(config) : config;
    const peaks: number[] = [];
    for (const count of rows) {
      const encoder = new CountingEncoder(info, 1);
      const model = modelOf(encoder, own);
      const before = encoder.pool.statistics.live;
      encoder.pool.mark();
      await Effect.runPromise(pass(model, count));
      peaks.push(encoder.pool.statistics.peak - before);
    }
    console.log(`${name}: ${peaks.map((bytes) => (bytes / 2 ** 20).toFixed(1)).join(", ")} MiB`);
    const more = peaks.slice(1).map((peak, i) => peak - peaks[i]);
    more.slice(1).forEach((bytes, i) => {
      assert.ok(Math.abs(bytes - 2 * more[i]) <= 0.05 * bytes + 2 ** 18, `peaks ${peaks.join(", ")} are not linear`);
    });
  });
}
