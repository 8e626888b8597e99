/** Whole models on an emulated card with all that an NVIDIA card may use, part of `deno task test:lanes`: decoding, scoring and a gradient. */
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import assert from "node:assert/strict";
import { Key } from "../../../../data/random.ts";
import { metricsOf } from "../../../../pipelines/algorithms/objective.ts";
import { decode } from "../../../../pipelines/sampling/decode.ts";
import { policyGradient } from "../../../../pipelines/learning/gradient.ts";
import type { LoadOptions } from "../../../../pipelines/models/model.ts";
import type { Request } from "../../../../pipelines/sampling/pool_shape.ts";
import { score } from "../../../../pipelines/learning/score.ts";
import { emulatedCard, type EmulatedEncoder } from "../../../../kernels/wasm/interpreter/emulated_card.ts";
import { readGolden } from "../../../golden/models/golden.ts";
import { batchOf, loadModel, sameBits, settingsOf } from "../../../pipelines/models/golden_on_device.ts";
import { decoded, greedy, sameAsScored } from "../../../pipelines/sampling/decoding.ts";
import { madeUpModel } from "../../../pipelines/models/made_up_model.ts";
import { testOnCard } from "./on_card.ts";

const models: ReadonlyArray<readonly [string, LoadOptions]> = [
  ["qwen2_untied", {}],
  ["qwen2_tied", { activations: "f16" }],
  ["qwen3_tied", { storage: "bf16" }],
  ["llama_tied", {}],
];

const sampling = { temperature: 1, topK: 5, topP: 0.9 };

/** Requests in pairs that share a prompt. */
const requests = Array.from({ length: 6 }, (_, i): Request => ({
  promptTokens: Int32Array.from({ length: 1 + (i >> 1) * 5 }, (_, t) => ((i >> 1) * 31 + t * t * 7) % 60),
  key: Key.fold(Key.make(7), "decode", i),
  maxTokens: 12 - i % 4,
}));

/** Loss and gradient norm of a model's first golden mini-batch. */
const trained = Effect.fnUntraced(function* (encoder: EmulatedEncoder, name: string, options: LoadOptions) {
  const golden = readGolden(name);
  const [one] = golden.cases;
  const model = yield* loadModel(encoder, name, options);
  const { sums, gradNorm } = yield* policyGradient(model, batchOf(golden, one), settingsOf(one));
  return { loss: metricsOf(sums).loss, gradNorm };
});

for (const [name, options] of models) {
  testOnCard(
    `${name} ${
      JSON.stringify(options)
    }: decoding reports the bits of scoring, loss and gradient are near those of plain kernels`,
    { cooperative: true, matrix: true },
    (encoder) =>
      Effect.gen(function* () {
        const model = yield* loadModel(encoder, name, options);
        const { stopTokens } = model.config;
        const responses = yield* Stream.runCollect(decode(model, requests, sampling, stopTokens, { batch: 4 }));
        const sequences = requests.map(({ promptTokens }, i) => ({ promptTokens, ...responses[i] }));
        const scored = yield* score(model, sequences, sampling.temperature);
        responses.forEach(({ logProbs, entropy }, i) => {
          sameBits(logProbs, scored.logProbs[i], `response ${i}: logProbs`);
          sameBits(entropy, scored.entropy[i], `response ${i}: entropy`);
        });
        const plain = emulatedCard();
        const expected = yield* trained(plain, name, options);
        assert.deepEqual(plain.card.faults, []);
        const found = yield* trained(encoder, name, options);
        // Operands of matrix units are rounded to float16.
        for (const key of ["loss", "gradNorm"] as const) {
          const off = Math.abs(found[key] / expected[key] - 1);
          assert.ok(off < 5e-3, `${key} ${found[key]}, expected ${expected[key]}`);
        }
      }),
  );
}

testOnCard(
  "contexts of more than one chunk of keys: decoding reports the bits of scoring",
  { cooperative: true },
  (encoder) =>
    Effect.gen(function* () {
      const model = madeUpModel(encoder, 50);
      const asked = [1, 500, 516].map((length, i): Request => ({
        promptTokens: Int32Array.from({ length }, (_, t) => (t * 7 + i) % 49),
        key: Key.fold(Key.make(3), "long", i),
        maxTokens: 4,
      }));
      const responses = yield* decoded(model, asked, greedy, 3);
      yield* sameAsScored(model, asked, responses, 1);
    }),
);
