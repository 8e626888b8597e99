import assert from "node:assert/strict";
import { Effect } from "effect";
import { sampleStage } from "../../../pipelines/stages/sample.ts";
import { base, collect, prompts } from "../stages/with_policy.ts";
import { score } from "../../../pipelines/learning/score.ts";
import { sameBits } from "../models/golden_on_device.ts";
import { eventsOf, onDevice, post, testServer } from "./served_model.ts";

const prompt = "3 5 7 ~5 20 <direct>";
const ids = [3, 5, 7, 75, 20, 71];

testServer("a prompt as text and as tokens has one answer, and a seed gives it again", {}, async ({ url }) => {
  const ask = (body: object) => post(`${url}/v1/completions`, { seed: 5, n: 4, return_token_ids: true, ...body });
  const text = await ask({ prompt });
  assert.equal(text.status, 200);
  assert.deepEqual(text.choices[0].prompt_token_ids, ids);
  assert.deepEqual((await ask({ prompt: ids })).choices, text.choices);
  assert.deepEqual((await ask({ prompt: [ids] })).choices, text.choices);
  const two = await ask({ prompt: [ids, ids.slice(0, 5)] });
  assert.equal(two.choices.length, 8);
  assert.deepEqual(two.choices.slice(0, 4), text.choices);
  assert.notDeepEqual((await ask({ prompt, seed: 6 })).choices, text.choices);
  const tokens = text.choices.reduce(
    (sum: number, choice: { token_ids: number[] }) => sum + choice.token_ids.length,
    0,
  );
  assert.deepEqual(text.usage, { prompt_tokens: 6, completion_tokens: tokens, total_tokens: 6 + tokens });
});

testServer("a seeded request has the same answer alone and among 63 others", { batch: 16 }, async ({ url, served }) => {
  const body = (seed: number) => ({
    prompt: ids.slice(0, 2 + seed % 5),
    seed,
    max_tokens: 4 + seed % 20,
    temperature: seed % 3 === 0 ? 0.6 : 1,
    top_p: seed % 4 === 0 ? 0.9 : 1,
    logprobs: 0,
    return_token_ids: true,
  });
  const seeds = Array.from({ length: 64 }, (_, seed) => seed);
  const together = await Promise.all(seeds.map((seed) => post(`${url}/v1/completions`, body(seed))));
  for (const seed of seeds) {
    const alone = await post(`${url}/v1/completions`, body(seed));
    assert.deepEqual(together[seed].choices, alone.choices, `seed ${seed}`);
  }
  assert.equal(served.engine.load().running, 0);
  assert.equal(served.engine.load().freeBlocks, served.engine.load().blocks);
});

testServer(
  "log-probs of responses, prompts and alternatives are those of score, bit for bit",
  {},
  async ({ url, served }) => {
    for (const temperature of [1, 0.6, 0]) {
      const { choices } = await post(`${url}/v1/completions`, {
        prompt: ids,
        n: 3,
        seed: 1,
        temperature,
        logprobs: 3,
        echo: true,
        prompt_logprobs: 2,
        return_token_ids: true,
      });
      for (const { token_ids, logprobs, prompt_logprobs } of choices) {
        const whole = [...ids, ...token_ids];
        const sequence = { promptTokens: Int32Array.from([ids[0]]), responseTokens: Int32Array.from(whole.slice(1)) };
        const scored = await onDevice(score(served.model, [sequence], temperature === 0 ? 1 : temperature));
        assert.equal(logprobs.token_logprobs[0], null);
        assert.equal(prompt_logprobs[0], null);
        sameBits(Float32Array.from(logprobs.token_logprobs.slice(1)), scored.logProbs[0], `temperature ${temperature}`);
        ids.slice(1).forEach((id, i) =>
          assert.equal(prompt_logprobs[i + 1][id].logprob, scored.logProbs[0][i], `prompt token ${i + 1}`)
        );
        logprobs.top_logprobs.slice(1).forEach((top: Record<string, number>, i: number) => {
          const token = logprobs.tokens[i + 1];
          assert.equal(top[token], scored.logProbs[0][i], `alternatives at ${i + 1}`);
          const larger = Object.values(top).filter((one) => one > top[token]);
          assert.ok(larger.length >= 3 || Object.keys(top).length === 3, `alternatives at ${i + 1}`);
        });
      }
    }
  },
);

testServer("a stream joins to the unstreamed answer, with usage at its end", {}, async ({ url }) => {
  for (const extra of [{}, { echo: true, logprobs: 2 }, { stop: ["=", "> 2"] }, { prompt_logprobs: 1 }]) {
    const body = { prompt, seed: 9, n: 5, max_tokens: 20, return_token_ids: true, ...extra };
    const whole = await post(`${url}/v1/completions`, body);
    const response = await fetch(`${url}/v1/completions`, {
      method: "POST",
      headers: { "content-type": "application/json; charset=utf-8" },
      body: JSON.stringify({ ...body, stream: true, stream_options: { include_usage: true } }),
    });
    assert.match(response.headers.get("content-type") ?? "", /^text\/event-stream/);
    const events = eventsOf(await response.text());
    assert.deepEqual(events.at(-1).usage, whole.usage);
    for (const choice of whole.choices) {
      const parts = events.flatMap(({ choices }) => choices).filter(({ index }) => index === choice.index);
      assert.equal(parts.map(({ text }) => text).join(""), choice.text);
      assert.deepEqual(parts.flatMap(({ token_ids }) => token_ids), choice.token_ids);
      assert.equal(parts.at(-1).finish_reason, choice.finish_reason);
      assert.equal(parts.at(-1).stop_reason, choice.stop_reason);
      for (const key of choice.logprobs === null ? [] : ["tokens", "token_logprobs", "top_logprobs", "text_offset"]) {
        assert.deepEqual(parts.flatMap(({ logprobs }) => logprobs[key]), choice.logprobs[key], key);
      }
      assert.deepEqual(parts[0].prompt_logprobs, choice.prompt_logprobs);
    }
  }
});

testServer(
  "a stop string ends a response before it, across tokens, at the token that completes it",
  {},
  async ({ url }) => {
    const ask = (stop?: unknown) =>
      post(`${url}/v1/completions`, { prompt, seed: 2, max_tokens: 16, temperature: 0, return_token_ids: true, stop });
    const free = (await ask()).choices[0];
    const words = free.text.split(" ");
    assert.ok(words.length >= 3, free.text);
    // The stop begins within one token and ends within a later one.
    const across = `${words[0]} ${words[1]}`.slice(words[0].length - 1);
    const cut = (await ask(["never", across])).choices[0];
    assert.equal(cut.text, free.text.slice(0, free.text.indexOf(across)));
    assert.deepEqual(cut.token_ids, free.token_ids.slice(0, 2));
    assert.equal(cut.finish_reason, "stop");
    assert.equal(cut.stop_reason, across);
    assert.equal((await ask("never")).choices[0].text, free.text);
  },
);

testServer("echo with one token, as lm-eval asks, gives the prompt and one token", {}, async ({ url }) => {
  const { choices } = await post(`${url}/v1/completions`, {
    model: "base",
    prompt: [ids, ids.slice(0, 4)],
    temperature: 0,
    max_tokens: 1,
    logprobs: 1,
    seed: 1234,
    echo: true,
  });
  assert.deepEqual(choices.map(({ logprobs }: { logprobs: { tokens: unknown[] } }) => logprobs.tokens.length), [7, 5]);
  const scoring = await post(`${url}/v1/completions`, { prompt: ids, max_tokens: 0, logprobs: 1, echo: true });
  assert.equal(scoring.choices[0].logprobs.tokens.length, 6);
  assert.equal(scoring.choices[0].finish_reason, "length");
});

testServer("a rollout's names give the response, log-probs and entropies that sample gives", {}, async ({ url }) => {
  const rollouts = await onDevice(Effect.gen(function* () {
    const settings = { model: base, responses: 2, temperature: 0.6, seed: 11, step: 4, maxTokens: 16 };
    return yield* collect(sampleStage, yield* prompts(3), settings);
  }));
  for (const { promptTokens, problemId, sampleIndex, responseTokens, logProbs, entropy } of rollouts) {
    const { choices: [choice] } = await post(`${url}/v1/completions`, {
      prompt: Array.from(promptTokens),
      max_tokens: 16,
      temperature: 0.6,
      return_token_ids: true,
      rollout: { seed: 11, step: 4, problem_id: problemId, sample_index: sampleIndex },
    });
    assert.deepEqual(choice.token_ids, Array.from(responseTokens));
    sameBits(Float32Array.from(choice.rollout.log_probs), logProbs, "log-probs");
    sameBits(Float32Array.from(choice.rollout.entropy), entropy, "entropy");
  }
});
