/**
 * Real models, for whoever has them: `deno task test:models DIR` takes every Hugging Face directory below DIR. Those that
 * `tests/golden/models/real.json` knows by the hash of their weights are compared with transformers: texts, tokens, log-probs, entropies and
 * greedy responses; of all it prints how many tokens a second are sampled, scored and trained, and the memory that took.
 * `torch_speed.py` beside this measures PyTorch on the same shapes.
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import { Key } from "../../data/random.ts";
import { openChatTemplate } from "../../pipelines/models/chat_template.ts";
import { openCheckpoint } from "../../pipelines/models/checkpoint.ts";
import { decode } from "../../pipelines/sampling/decode.ts";
import type { Request } from "../../pipelines/sampling/pool_shape.ts";
import type * as Model from "../../pipelines/models/model.ts";
import { loadModel, releaseModel } from "../../pipelines/models/model.ts";
import * as Safetensors from "../../pipelines/files/safetensors.ts";
import { score } from "../../pipelines/learning/score.ts";
import { measureSpeed } from "../../pipelines/bench/speed.ts";
import { openTokenizer } from "../../pipelines/models/tokenizer.ts";
import { testOnDevice } from "../kernels/run_case.ts";
import { sameBits } from "../pipelines/models/golden_on_device.ts";

interface Scored {
  readonly logProbs: ReadonlyArray<number>;
  readonly entropy: ReadonlyArray<number>;
}

interface GoldenCase extends Scored {
  readonly promptText: string;
  readonly prompt: ReadonlyArray<number>;
  readonly response: ReadonlyArray<number>;
  readonly responseText: string;
  readonly leads: ReadonlyArray<number>;
  readonly responses?: ReadonlyArray<Scored & { readonly tokens: ReadonlyArray<number> }>;
}

const golden: Readonly<Record<string, { readonly sha256: string; readonly cases: ReadonlyArray<GoldenCase> }>> = JSON
  .parse(Deno.readTextFileSync(new URL("../golden/models/real.json", import.meta.url)));

/** How far log-probs and entropies may be from those of transformers in float32. */
const tolerance = 5e-4;

const folder = Deno.args[0] ?? "";
const models = existsSync(folder)
  ? [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => existsSync(`${folder}/${name}/config.json`))
  : [];

Deno.test("DIR is a folder of Hugging Face directories", () =>
  assert.ok(
    models.length > 0,
    `Cannot test real models: no directory with a config.json below "${folder}"; deno task test:models DIR`,
  ));

for (const name of models.toSorted()) {
  const dir = `${folder}/${name}`;

  Deno.test(`${name}: texts, chats and tokens are those of transformers`, async () => {
    const tokenizer = await Effect.runPromise(openTokenizer(dir));
    const template = await Effect.runPromise(openChatTemplate(dir));
    for (const { promptText, prompt, response, responseText } of golden[name]?.cases ?? []) {
      assert.deepEqual([...tokenizer.encode(promptText)], prompt);
      assert.equal(tokenizer.decode(response), responseText);
      const content = /user\n([^]*?)<\|im_end\|>/.exec(promptText)?.[1] ?? "";
      const rendered = template.render([{ role: "user", content }], { addGenerationPrompt: true });
      assert.equal(await Effect.runPromise(rendered), promptText);
    }
  });

  testOnDevice(`${name}: numbers are those of transformers, and how fast`, (encoder) =>
    Effect.gen(function* () {
      const known = golden[name]?.sha256 === (yield* Safetensors.sha256File(`${dir}/model.safetensors`));
      if (!known) console.log(`${name}: no golden numbers for these weights, only speed is measured`);
      const model = yield* loadModel(encoder, yield* openCheckpoint(dir));
      if (known) {
        yield* checkScores(model, golden[name].cases);
        yield* checkGreedy(model, golden[name].cases);
      }
      yield* checkBits(model, known ? golden[name].cases.slice(0, 2).map(({ prompt }) => prompt) : [[1, 2, 3]]);
      yield* measure(model, name);
      releaseModel(model);
      yield* encoder.wait;
      encoder.pool.trim();
    }));
}

const checkScores = Effect.fnUntraced(function* (model: Model.Model, cases: ReadonlyArray<GoldenCase>) {
  const expected = cases.flatMap((one) => [
    { ...one, tokens: one.response },
    ...(one.responses ?? []).map((response) => ({ prompt: one.prompt, ...response })),
  ]);
  const sequences = expected.map(({ prompt, tokens }) => ({
    promptTokens: Int32Array.from(prompt),
    responseTokens: Int32Array.from(tokens),
  }));
  const found = yield* score(model, sequences, 1);
  for (const field of ["logProbs", "entropy"] as const) {
    let worst = 0;
    expected.forEach((one, i) =>
      one[field].forEach((x, t) => {
        const error = Math.abs(found[field][i][t] - x);
        worst = Math.max(worst, error);
        assert.ok(error <= tolerance, `response ${i}, token ${t}: ${field} ${found[field][i][t]}, expected ${x}`);
      })
    );
    const tokens = expected.reduce((sum, one) => sum + one.tokens.length, 0);
    console.log(`  ${field}: ${tokens} tokens, furthest from transformers ${worst.toExponential(1)}`);
  }
});

const checkGreedy = Effect.fnUntraced(function* (model: Model.Model, cases: ReadonlyArray<GoldenCase>) {
  const requests = cases.map(({ prompt }): Request => ({
    promptTokens: Int32Array.from(prompt),
    key: [0, 0],
    maxTokens: 24,
  }));
  const sampling = { temperature: 0, topK: 0, topP: 1 };
  const found = yield* Stream.runCollect(decode(model, requests, sampling, model.config.stopTokens));
  cases.forEach(({ response, leads }, i) => {
    const differs = response.findIndex((token, t) => found[i].responseTokens[t] !== token);
    if (differs < 0) return;
    // Float32 sums in another order decide a near tie either way; what follows is another text.
    const what = `prompt ${i}: token ${differs} is ${found[i].responseTokens[differs]}, expected ${response[differs]}`;
    assert.ok(leads[differs] <= 2 * tolerance, `${what}, which leads by ${leads[differs]}`);
    console.log(`  ${what}, a near tie (${leads[differs]})`);
  });
  console.log(`  greedy: ${cases.length} responses of up to 24 tokens are those of transformers`);
});

/** The shapes that `torch_speed.py` measures too. */
const workload = { promptTokens: 80, responseTokens: 32, batch: 16, miniBatch: 8 };

const gigabytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(2)} GiB`;

/** The sampler's log-probs are those of `score`, bit for bit. */
const checkBits = Effect.fnUntraced(function* (model: Model.Model, prompts: ReadonlyArray<ReadonlyArray<number>>) {
  const requests = prompts.flatMap((prompt, p) =>
    Array.from({ length: 2 }, (_, i): Request => ({
      promptTokens: Int32Array.from(prompt),
      key: Key.fold(Key.make(0), "bits", p, i),
      maxTokens: 16,
    }))
  );
  const responses = yield* Stream.runCollect(decode(model, requests, { temperature: 1, topK: 0, topP: 1 }, []));
  const scores = yield* score(model, requests.map((request, i) => ({ ...request, ...responses[i] })), 1);
  responses.forEach(({ logProbs, entropy }, i) => {
    sameBits(logProbs, scores.logProbs[i], `response ${i}: logProbs, sampled and scored`);
    sameBits(entropy, scores.entropy[i], `response ${i}: entropy, sampled and scored`);
  });
  console.log(`  sampled and scored alike, bit for bit: ${16 * responses.length} tokens`);
});

const measure = Effect.fnUntraced(function* (model: Model.Model, name: string) {
  console.log(`${name}: prompts of ${workload.promptTokens} tokens, responses of ${workload.responseTokens}`);
  for (const row of yield* measureSpeed(model, workload, { runs: 1, works: ["sample", "score", "gradient"] })) {
    const { work, sequences, tokensPerSecond, seconds, gflops, productShare } = row;
    console.log(
      `  ${work}, ${sequences} sequences: ${tokensPerSecond.toFixed(1)} tokens/s (${seconds.toFixed(1)} s), products ` +
        `${gflops.toFixed(1)} GFLOP/s, ${(100 * productShare).toFixed(0)} % of the time`,
    );
  }
  const { peak } = model.encoder.pool.statistics;
  const resident = /VmHWM:\s+(\d+) kB/.exec(
    existsSync("/proc/self/status") ? Deno.readTextFileSync("/proc/self/status") : "",
  );
  const process = resident === null ? "" : `, of the process ${gigabytes(Number(resident[1]) * 1024)}`;
  console.log(`  peak memory of device buffers so far ${gigabytes(peak)}${process}`);
});
