/**
 * The promise that sampler and trainer agree: the log-probs and entropies that decoding reports equal those of a scoring pass bit for bit,
 * whatever the batch, and neither batch nor neighbours change a token.
 */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import { Key } from "../../../data/random.ts";
import { Encoder } from "../../../kernels/gpu/encoder.ts";
import { sliceRows } from "../../../kernels/gpu/tensor.ts";
import { decode } from "../../../pipelines/sampling/decode.ts";
import type { Request } from "../../../pipelines/sampling/pool_shape.ts";
import { score } from "../../../pipelines/learning/score.ts";
import { isEmulated, testOnSubgroups } from "../../kernels/on_subgroups.ts";
import { testOnDevice } from "../../kernels/run_case.ts";
import { goldenModels, readGolden } from "../../golden/models/golden.ts";
import { decoded, greedy, requestsFor, sameAsScored, sameResponse, samplings } from "./decoding.ts";
import { loadModel, sameBits } from "../models/golden_on_device.ts";
import { madeUpModel } from "../models/made_up_model.ts";

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
  "reassigned slots change no byte: other batches, other sync intervals, mixed lengths",
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
        const found = yield* decoded(model, requests, sampling, batch, { syncInterval: () => steps, finished });
        assert.deepEqual([found.length, done], [90, 90]);
        found.forEach((response, i) =>
          sameResponse(response, all[i], `rollout ${i}, batch ${batch}, a sync every ${steps} steps`)
        );
      }
      const some = requests.filter((_, i) => i % 13 === 4);
      const ones = yield* decoded(model, some, sampling, 1);
      ones.forEach((response, i) => sameResponse(response, all[13 * i + 4], `rollout ${13 * i + 4} alone`));
    }),
);

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

testOnSubgroups(
  "rows shared out among lanes: rollouts have the bits of scoring in batches of 3 and 40, long contexts cut into chunks too",
  (encoder) =>
    Effect.gen(function* () {
      const own = new Encoder(encoder.device, { ...encoder.info, cooperative: true });
      const model = yield* loadModel(own, "qwen3_tied");
      const requests = requestsFor(model, isEmulated ? 4 : 40, isEmulated ? 2 : 8);
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
      // An emulated card reads long prompts in `deno task test:lanes`.
      if (isEmulated) return;
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
