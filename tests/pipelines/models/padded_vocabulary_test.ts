/** Padded vocabularies against PyTorch, masked and kept (`tests/golden/models/make_padded_golden.py`), and the sampler against the trainer. */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import { metricsOf } from "../../../pipelines/algorithms/objective.ts";
import { openCheckpoint } from "../../../pipelines/models/checkpoint.ts";
import { policyGradient } from "../../../pipelines/learning/gradient.ts";
import { knownTokens } from "../../../pipelines/models/known_tokens.ts";
import { loadModel } from "../../../pipelines/models/model.ts";
import { recordedAs } from "../../../pipelines/settings/padded_vocabulary.ts";
import { score } from "../../../pipelines/learning/score.ts";
import { fault } from "../../../pipelines/stages/score.ts";
import { goldenDirectory } from "../../golden/models/golden.ts";
import { testInFloat32 } from "../../kernels/run_case.ts";
import { decoded, requestsFor, sameAsScored, samplings } from "../sampling/decoding.ts";
import { near, norm, readAll } from "./golden_on_device.ts";

interface Computed {
  readonly logProbs: ReadonlyArray<ReadonlyArray<number>>;
  readonly entropy: ReadonlyArray<ReadonlyArray<number>>;
  readonly loss: number;
  readonly gradNorms: Readonly<Record<string, number>>;
  readonly headRows: ReadonlyArray<number>;
}
const golden: {
  readonly temperature: number;
  readonly entropyCoef: number;
  readonly cases: ReadonlyArray<{
    readonly model: string;
    readonly known: number;
    readonly sequences: ReadonlyArray<{
      readonly prompt: ReadonlyArray<number>;
      readonly response: ReadonlyArray<number>;
      readonly advantage: number;
    }>;
    readonly mask: Computed;
    readonly keep: Computed;
  }>;
} = JSON.parse(Deno.readTextFileSync(new URL("../../golden/models/padded.json", import.meta.url)));

for (const { model: name, known, sequences, mask, keep } of golden.cases) {
  const load = (encoder: Parameters<typeof loadModel>[0], knownTokens: number | undefined) =>
    Effect.flatMap(openCheckpoint(goldenDirectory(name)), (checkpoint) => {
      const config = knownTokens === undefined ? checkpoint.config : { ...checkpoint.config, knownTokens };
      return loadModel(encoder, { ...checkpoint, config });
    });
  const packed = sequences.map(({ prompt, response }) => ({
    promptTokens: Int32Array.from(prompt),
    responseTokens: Int32Array.from(response),
  }));

  for (const [what, limit, expected] of [["mask", known, mask], ["keep", undefined, keep]] as const) {
    testInFloat32(
      `${name}, ${what}: log-probs, entropies, loss and gradients are PyTorch's`,
      (encoder) =>
        Effect.gen(function* () {
          const model = yield* load(encoder, limit);
          const found = yield* score(model, packed, golden.temperature);
          for (const field of ["logProbs", "entropy"] as const) {
            expected[field].forEach((list, i) =>
              list.forEach((x, t) => near(found[field][i][t], x, 1e-4, `${field} ${i} ${t}`))
            );
          }
          const batch = packed.map((sequence, i) => ({
            ...sequence,
            problemId: `problem-${i}`,
            sampleIndex: 0,
            sign: sequences[i].advantage > 0 ? "positive" as const : "negative" as const,
            oldLogProbs: found.logProbs[i],
            advantages: new Float32Array(sequence.responseTokens.length).fill(sequences[i].advantage),
          }));
          const result = yield* policyGradient(model, batch, {
            clipRatio: 0.2,
            entropyCoef: golden.entropyCoef,
            klCoef: 0,
            aggregation: "token-mean",
            share: 1,
            temperature: golden.temperature,
            gradientChunk: 40,
          });
          near(metricsOf(result.sums).loss, expected.loss, 1e-4, "loss");
          const gradients = yield* readAll(encoder, result.gradient);
          for (const [parameter, gradient] of gradients) {
            near(norm(gradient) / expected.gradNorms[parameter], 1, 1e-4, `gradient of ${parameter}`);
          }
          const head = gradients.get("lm_head.weight") ?? gradients.get("model.embed_tokens.weight");
          const { width } = model.config;
          expected.headRows.forEach((x, row) => {
            const size = norm(head?.subarray(row * width, (row + 1) * width) ?? []);
            near(size, x, 1e-4 * Math.max(1, x), `row ${row} of the head's gradient`);
            if (what === "mask" && row >= known) assert.equal(size, 0, `row ${row} has a gradient`);
          });
        }),
    );
  }

  testInFloat32(
    `${name}: no token that the tokenizer does not know is sampled, and the sampler is the trainer`,
    (encoder) =>
      Effect.gen(function* () {
        const [masked, whole] = [yield* load(encoder, known), yield* load(encoder, undefined)];
        const requests = requestsFor(masked, 24, 4);
        let beyond = 0;
        for (const sampling of samplings) {
          const responses = yield* decoded(masked, requests, sampling, 7);
          assert.ok(responses.every(({ responseTokens }) => responseTokens.every((token) => token < known)));
          yield* sameAsScored(masked, requests, responses, sampling.temperature);
          const others = yield* decoded(whole, requests, sampling, 7);
          beyond += others.filter(({ responseTokens }) => responseTokens.some((token) => token >= known)).length;
        }
        assert.ok(beyond > 0, "the whole vocabulary never drew one either");
      }),
  );
}

Deno.test("knownTokens() counts the tokenizer's ids, and refuses a hole among them", async () => {
  const dir = Deno.makeTempDirSync();
  const known = (vocabSize: number) => Effect.runPromise(knownTokens(dir, vocabSize));
  assert.equal(await known(10), undefined);
  const write = (vocab: Record<string, number>, ids: ReadonlyArray<number>) =>
    Deno.writeTextFileSync(
      `${dir}/tokenizer.json`,
      JSON.stringify({
        model: { type: "WordLevel", vocab },
        added_tokens: ids.map((id) => ({ id, content: `<${id}>` })),
      }),
    );
  write({ a: 0, b: 1 }, [2, 3]);
  assert.deepEqual([await known(10), await known(4), await known(3)], [4, undefined, undefined]);
  write({ a: 0, b: 2 }, [4]);
  const error = await Effect.runPromise(Effect.flip(knownTokens(dir, 10)));
  assert.match(error.message, /a token for every id below 5 \(else --padded-vocabulary keep\), found none for 1$/);
  Deno.writeTextFileSync(`${dir}/tokenizer.json`, JSON.stringify({ model: { vocab: [["a", 0], ["b", -1]] } }));
  assert.equal(await known(10), 2);
  write({}, []);
  assert.match((await Effect.runPromise(Effect.flip(knownTokens(dir, 10)))).message, /expected tokens, found none/);
  Deno.removeSync(dir, { recursive: true });
});

Deno.test("a response with a token that the tokenizer does not know is refused by name, a prompt with one is not", async () => {
  const { config } = await Effect.runPromise(openCheckpoint(goldenDirectory("qwen3_tied")));
  const masked = { ...config, knownTokens: 50 };
  const record = (prompt: number, response: number) => ({
    problemId: "p",
    promptTokens: Int32Array.of(1, prompt),
    responseTokens: Int32Array.of(3, response),
  });
  assert.equal(fault("score", record(60, 49), masked), undefined);
  assert.match(
    fault("score", record(1, 50), masked) ?? "",
    /"responseTokens" has token 50, which the tokenizer \(50 tokens\)/,
  );
  assert.equal(fault("score", record(1, 50), config), undefined);
});

Deno.test("what a run records: nothing for a vocabulary that is not padded, else which of the two", () => {
  const found = ([undefined, "mask", "keep"] as const).map((asked) => recordedAs(undefined, asked));
  assert.deepEqual(found, [undefined, undefined, "keep"]);
  assert.deepEqual([recordedAs(50, undefined), recordedAs(50, "mask")], ["mask", "mask"]);
});
