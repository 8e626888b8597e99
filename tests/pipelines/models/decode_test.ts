/**
 * The promise that sampler and trainer agree: the log-probs and entropies that decoding reports equal those of a scoring pass bit for bit,
 * whatever the batch, and neither batch nor neighbours change a token.
 */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import { Key } from "../../../data/random.ts";
import { type Dispatch, Encoder } from "../../../kernels/encoder.ts";
import type { Kernel } from "../../../kernels/kernel.ts";
import { pageRows } from "../../../kernels/ops/kv_cache/pages.ts";
import { sliceRows } from "../../../kernels/tensor.ts";
import { decode, type DecodeOptions, type Response } from "../../../pipelines/models/decode.ts";
import type { Model } from "../../../pipelines/models/model.ts";
import type { ModelConfig } from "../../../pipelines/models/model_config.ts";
import { poolShape, type Request } from "../../../pipelines/models/pool_shape.ts";
import { score } from "../../../pipelines/models/score.ts";
import { testOnDevice } from "../../kernels/run_case.ts";
import { goldenModels, readGolden } from "../../golden/models/golden.ts";
import { loadModel, sameBits } from "./golden_on_device.ts";
import { madeUpModel } from "./made_up_model.ts";

const greedy = { temperature: 0, topK: 0, topP: 1 };

const samplings = [
  { temperature: 1, topK: 0, topP: 1 },
  { temperature: 0.6, topK: 0, topP: 1 },
  { temperature: 0.6, topK: 0, topP: 0.95 },
  { temperature: 1, topK: 5, topP: 1 },
  { temperature: 0.7, topK: 20, topP: 0.8 },
];

/** Every request's response, decoded `batch` at a time. */
const decoded = (
  model: Model,
  requests: ReadonlyArray<Request>,
  sampling: typeof greedy,
  batch: number,
  options: DecodeOptions = {},
) => Stream.runCollect(decode(model, requests, sampling, model.config.stopTokens, { batch, ...options }));

/** `count` requests: groups of `group` share a prompt of 1 to 13 tokens; some may have few tokens. */
const requestsFor = (model: Model, count: number, group: number): ReadonlyArray<Request> =>
  Array.from({ length: count }, (_, i) => {
    const problem = Math.floor(i / group);
    return {
      promptTokens: Int32Array.from(
        { length: 1 + problem * 5 % 13 },
        (_, t) => (problem * 31 + t * t * 7) % (model.config.vocabSize - 4),
      ),
      key: Key.fold(Key.make(7), "decode", problem, i % group),
      maxTokens: i % 29 === 0 ? 1 : 12 - i % 4,
    };
  });

const sameResponse = (found: Response, expected: Response, what: string) => {
  assert.deepEqual(found.responseTokens, expected.responseTokens, what);
  assert.equal(found.finish, expected.finish, what);
  sameBits(found.logProbs, expected.logProbs, `${what}: logProbs`);
  sameBits(found.entropy, expected.entropy, `${what}: entropy`);
};

/** Counts the rows that are read into the cache outside of steps: prompts, and what was drawn by those who go on. */
class Reads extends Encoder {
  rows = 0;
  #isStep = false;

  override dispatch(kernel: Kernel, dispatch: Dispatch): void {
    if (kernel.name === "decode_rows") this.#isStep = true;
    if (kernel.name === "append_token") this.#isStep = false;
    if (kernel.name === "rope_cache" && !this.#isStep) this.rows += dispatch.params.N;
    super.dispatch(kernel, dispatch);
  }
}

/** Leaves buffers for the caches lie free that are full of NaN: a row that is read and was never written makes every log-prob a NaN. */
const poison = (encoder: Encoder, { layers, kvHeads, headWidth }: ModelConfig, pages: number) => {
  const words = pages * pageRows * kvHeads * headWidth;
  const free = Array.from({ length: 2 * layers }, () => encoder.tensor(1, words));
  for (const tensor of free) encoder.write(tensor, new Float32Array(words).fill(NaN));
  for (const tensor of free) encoder.release(tensor);
};

/** GiB of the caches of a model with so many pages. */
const cacheOf = ({ layers, kvHeads, headWidth }: ModelConfig, pages: number): number =>
  2 * layers * pages * pageRows * kvHeads * headWidth * 4 / 2 ** 30;

/** Fails where a response's numbers are not those of scoring it. */
const sameAsScored = Effect.fnUntraced(function* (
  model: Model,
  requests: ReadonlyArray<Request>,
  responses: ReadonlyArray<Response>,
  temperature: number,
) {
  const sequences = requests.map(({ promptTokens }, i) => ({ promptTokens, ...responses[i] }));
  const scored = yield* score(model, sequences, temperature);
  responses.forEach(({ logProbs, entropy }, i) => {
    sameBits(logProbs, scored.logProbs[i], `response ${i}: logProbs, decoded and scored`);
    sameBits(entropy, scored.entropy[i], `response ${i}: entropy, decoded and scored`);
  });
});

for (const name of goldenModels) {
  const golden = readGolden(name);
  testOnDevice(
    `${name}: greedy continuations are those of transformers, and stop where they do`,
    (encoder) =>
      Effect.gen(function* () {
        const model = yield* loadModel(encoder, name);
        assert.deepEqual(model.config.stopTokens, golden.stopTokens);
        const requests = golden.greedy.map(({ prompt }): Request => ({
          promptTokens: Int32Array.from(prompt),
          key: [0, 0],
          maxTokens: 12,
        }));
        const responses = yield* decoded(model, requests, greedy, 8);
        golden.greedy.forEach(({ response, finish }, i) => {
          assert.deepEqual([...responses[i].responseTokens], response);
          assert.equal(responses[i].finish, finish);
        });
        // Greedy log-probs are those at temperature 1.
        yield* sameAsScored(model, requests, responses, 1);
      }),
  );
}

for (const [name, count] of [["qwen3_tied", 1000], ["llama_untied", 200]] as const) {
  testOnDevice(
    `${name}: ${count} rollouts have the bits of the trainer's pass in batches of 1, 7 and 64`,
    (encoder) =>
      Effect.gen(function* () {
        const model = yield* loadModel(encoder, name);
        const requests = requestsFor(model, count, 8);
        const [sampling] = samplings;
        const all = yield* decoded(model, requests, sampling, 64);
        yield* sameAsScored(model, requests, all, sampling.temperature);
        assert.ok(all.some(({ finish }) => finish === "stop") && all.some(({ finish }) => finish === "length"));
        const sevens = yield* decoded(model, requests, sampling, 7);
        sevens.forEach((response, i) => sameResponse(response, all[i], `rollout ${i} in a batch of 7`));
        const alone = requests.flatMap((_, i) => i % 10 === 3 ? [i] : []);
        const ones = yield* decoded(model, alone.map((i) => requests[i]), sampling, 1);
        ones.forEach((response, i) => sameResponse(response, all[alone[i]], `rollout ${alone[i]} alone`));
      }),
  );
}

for (const name of ["qwen2_untied", "qwen3_untied", "llama_tied"]) {
  testOnDevice(
    `${name}: rollouts have the bits of the trainer's pass at every temperature, top-p and top-k`,
    (encoder) =>
      Effect.gen(function* () {
        const model = yield* loadModel(encoder, name);
        const requests = requestsFor(model, 66, 3);
        for (const sampling of samplings) {
          const together = yield* decoded(model, requests, sampling, 64);
          yield* sameAsScored(model, requests, together, sampling.temperature);
          const sevens = yield* decoded(model, requests, sampling, 7);
          sevens.forEach((response, i) => sameResponse(response, together[i], `rollout ${i} in a batch of 7`));
        }
      }),
  );
}

testOnDevice("the kernels for large vocabularies keep the same promise", (encoder) =>
  Effect.gen(function* () {
    const model = madeUpModel(encoder, 1501);
    const requests = requestsFor(model, 33, 3);
    for (const sampling of samplings.slice(2)) {
      const together = yield* decoded(model, requests, sampling, 64);
      yield* sameAsScored(model, requests, together, sampling.temperature);
      const sevens = yield* decoded(model, requests, sampling, 7);
      sevens.forEach((response, i) => sameResponse(response, together[i], `rollout ${i} in a batch of 7`));
      const alone = yield* decoded(model, requests.slice(20, 26), sampling, 1);
      alone.forEach((response, i) => sameResponse(response, together[20 + i], `rollout ${20 + i} alone`));
    }
  }));

testOnDevice(
  "a prompt that is shared, repeated or asked alone gives the same responses",
  (encoder) =>
    Effect.gen(function* () {
      const model = yield* loadModel(encoder, "qwen3_tied");
      const [sampling] = samplings;
      const grouped = requestsFor(model, 24, 8);
      const shared = yield* decoded(model, grouped, sampling, 64);
      // Column by column, so that neighbours never have the same prompt.
      const order = grouped.map((_, i) => i % 3 * 8 + Math.floor(i / 3));
      const spread = yield* decoded(model, order.map((i) => grouped[i]), sampling, 64);
      order.forEach((from, i) => sameResponse(spread[i], shared[from], `rollout ${from} apart from its group`));
      // The reverse order makes other neighbours and another place in the cache.
      const reversed = yield* decoded(model, grouped.toReversed(), sampling, 5);
      reversed.toReversed().forEach((response, i) => sameResponse(response, shared[i], `rollout ${i} in reverse`));
    }),
);

testOnDevice(
  "places that are given on change no byte, whenever they are: other batches, other looks, mixed lengths",
  (encoder) =>
    Effect.gen(function* () {
      const model = yield* loadModel(encoder, "qwen3_tied");
      const [sampling] = samplings;
      const requests = requestsFor(model, 90, 5).map((one, i) => ({ ...one, maxTokens: 1 + i * 7 % 23 }));
      const all = yield* decoded(model, requests, sampling, 128);
      yield* sameAsScored(model, requests, all, sampling.temperature);
      for (const [batch, steps] of [[7, 1], [7, 3], [16, 2], [64, 32]]) {
        let done = 0;
        const finished = (count: number) => Effect.sync(() => void (done += count));
        const found = yield* decoded(model, requests, sampling, batch, { looks: () => steps, finished });
        assert.deepEqual([found.length, done], [90, 90]);
        found.forEach((response, i) =>
          sameResponse(response, all[i], `rollout ${i}, batch ${batch}, a look every ${steps} steps`)
        );
      }
      const some = requests.filter((_, i) => i % 13 === 4);
      const ones = yield* decoded(model, some, sampling, 1);
      ones.forEach((response, i) => sameResponse(response, all[13 * i + 4], `rollout ${13 * i + 4} alone`));
    }),
);

testOnDevice(
  "who takes a place over sees no key of who sat there, nor what the cache held before",
  (encoder) =>
    Effect.gen(function* () {
      const own = new Encoder(encoder.device, encoder.info);
      const model = yield* loadModel(own, "qwen3_tied");
      // Long sequences and short ones by turns, all at one place.
      const requests = requestsFor(model, 8, 1).map((one, i) => ({ ...one, maxTokens: i % 2 === 0 ? 24 : 5 }));
      poison(own, model.config, poolShape({ config: model.config, info: own.info }, requests, { batch: 1 }).pages);
      const responses = yield* Stream.runCollect(decode(model, requests, samplings[0], [], { batch: 1 }));
      assert.deepEqual(responses.map(({ responseTokens }) => responseTokens.length), [24, 5, 24, 5, 24, 5, 24, 5]);
      yield* sameAsScored(model, requests, responses, 1);
      yield* own.wait;
      own.pool.trim();
    }),
);

/** Groups of five, and of one, whose responses have up to 70 tokens. */
const longRequests = (model: Model): ReadonlyArray<Request> =>
  [...requestsFor(model, 20, 5), ...requestsFor(model, 26, 1).slice(20)]
    .map((one, i) => ({ ...one, maxTokens: i % 3 === 0 ? 70 : 1 + i * 11 % 70 }));

for (const kernels of ["plain", "cooperative"] as const) {
  testOnDevice(
    `${kernels} kernels: a cache so small that sequences wait and go on many times changes no byte, nor do stop tokens and full lengths`,
    (encoder) =>
      Effect.gen(function* () {
        const own = new Reads(encoder.device, { ...encoder.info, cooperative: kernels === "cooperative" });
        const model = yield* loadModel(own, "qwen3_tied");
        const { config } = model;
        const requests = longRequests(model);
        const prompts = new Set(requests.map(({ promptTokens }) => promptTokens.join())).size;
        assert.ok(prompts < requests.length);
        // Pages (or as many as the longest sequence needs), steps between looks, and places.
        const rooms = [[0, 2, 90], [9, 1, 90], [12, 20, 90], [24, 5, 90], [16, 3, 5]];
        for (
          const [sampling, stopTokens, tried] of [
            [samplings[0], config.stopTokens, rooms],
            [samplings[4], [], kernels === "plain" ? rooms.slice(1, 3) : []],
          ] as const
        ) {
          own.rows = 0;
          const run = (options: DecodeOptions) =>
            Stream.runCollect(decode(model, requests, sampling, stopTokens, options));
          const all = yield* run({});
          const once = own.rows;
          yield* sameAsScored(model, requests, all, sampling.temperature);
          const lengths = all.map(({ responseTokens }) => responseTokens.length);
          assert.ok(all.some(({ finish }, i) => finish === "length" && lengths[i] === 70));
          assert.equal(all.some(({ finish }) => finish === "stop"), stopTokens.length > 0);
          const again: number[] = [];
          for (const [pages, steps, batch] of tried) {
            own.rows = 0;
            const options = { batch, cache: cacheOf(config, pages) };
            const shape = poolShape({ config, info: own.info }, requests, options);
            // A page of the prompt and five of the response are what the longest sequence needs.
            assert.equal(shape.pages, Math.max(6, pages));
            poison(own, config, shape.pages);
            const found = yield* run({ ...options, looks: () => steps });
            assert.equal(found.length, requests.length);
            found.forEach((response, i) =>
              sameResponse(response, all[i], `rollout ${i}, ${pages} pages, a look every ${steps} steps`)
            );
            again.push((own.rows - once) / config.layers);
          }
          console.log(`${once / config.layers} rows of prompts; read again with fewer pages: ${again.join(", ")}`);
          const sum = again.reduce((a, b) => a + b, 0);
          assert.ok(sum >= 50 * tried.length, `rows read again: ${again}`);
        }
        model.dropTable();
        yield* own.wait;
        own.pool.trim();
      }),
  );
}

testOnDevice(
  "prompts that are read in several passes, cut anywhere, give the bits of scoring",
  (encoder) =>
    Effect.gen(function* () {
      const model = madeUpModel(encoder, 50);
      const requests = [900, 1500, 2600, 7].map((length, i): Request => ({
        promptTokens: Int32Array.from({ length }, (_, t) => (t * 7 + i * i) % 49),
        key: Key.fold(Key.make(5), "passes", i),
        maxTokens: 6,
      }));
      const responses = yield* decoded(model, requests, samplings[0], 4);
      yield* sameAsScored(model, requests, responses, 1);
    }),
);

testOnDevice("a stream that is left early gives its pool back", (encoder) =>
  Effect.gen(function* () {
    const model = yield* loadModel(encoder, "qwen3_tied");
    const requests = requestsFor(model, 40, 4);
    model.table(64);
    const before = encoder.pool.statistics.live;
    const stream = decode(model, requests, samplings[0], model.config.stopTokens, { batch: 4 });
    assert.equal((yield* Stream.runCollect(Stream.take(stream, 3))).length, 3);
    assert.equal(encoder.pool.statistics.live, before);
    assert.deepEqual(yield* Stream.runCollect(decode(model, [], samplings[0], [])), []);
  }));

testOnDevice(
  "logits that are not numbers end no differently from others, and are seen in the log-probs",
  (encoder) =>
    Effect.gen(function* () {
      for (const vocabSize of [70, 1501]) {
        const model = madeUpModel(encoder, vocabSize);
        for (const bad of [NaN, Infinity]) {
          encoder.write(sliceRows(model.weights.embedding, 60, 1), new Float32Array(16).fill(bad));
          for (const sampling of [greedy, ...samplings]) {
            const responses = yield* decoded(model, requestsFor(model, 4, 2), sampling, 4);
            assert.ok(responses.every(({ logProbs }) => !logProbs.every(Number.isFinite)));
          }
        }
      }
    }),
);

testOnDevice(
  "rows shared out among lanes: rollouts have the bits of scoring in batches of 3 and 40, long contexts cut into chunks too",
  (encoder) =>
    Effect.gen(function* () {
      const own = new Encoder(encoder.device, { ...encoder.info, cooperative: true });
      const model = yield* loadModel(own, "qwen3_tied");
      const requests = requestsFor(model, 40, 8);
      const all = yield* decoded(model, requests, samplings[0], 40);
      yield* sameAsScored(model, requests, all, samplings[0].temperature);
      const threes = yield* decoded(model, requests, samplings[0], 3);
      threes.forEach((response, i) => sameResponse(response, all[i], `rollout ${i} in a batch of 3`));
      const plain = yield* score(
        yield* loadModel(new Encoder(encoder.device, { ...encoder.info, cooperative: false }), "qwen3_tied"),
        requests.map(({ promptTokens }, i) => ({ promptTokens, ...all[i] })),
        samplings[0].temperature,
      );
      assert.throws(() => all.forEach(({ logProbs }, i) => sameBits(logProbs, plain.logProbs[i], "plain kernels")));
      const long = madeUpModel(own, 50);
      const asked = [1, 500, 1030].map((length, i): Request => ({
        promptTokens: Int32Array.from({ length }, (_, t) => (t * 7 + i) % 49),
        key: Key.fold(Key.make(3), "long", i),
        maxTokens: 20,
      }));
      const answers = yield* decoded(long, asked, greedy, 3);
      yield* sameAsScored(long, asked, answers, 1);
    }),
);
