import assert from "node:assert/strict";
import { Result } from "effect";
import { Key } from "../../../data/random.ts";
import {
  bodyOf,
  completionsUrl,
  type Job,
  readChoices,
  refusedField,
} from "../../../pipelines/evaluation/completion.ts";
import { backOff, retryAfter } from "../../../pipelines/files/retry.ts";

const prompt = {
  task: "math",
  split: "test",
  problemId: "math/test/0",
  question: "1 + 1?",
  goldAnswer: "2",
  promptText: "1 + 1?\n",
};
const job: Job = { prompt, indices: [4, 5, 9], maxTokens: 100 };
const settings = { servedModel: "m", temperature: 0.6, topP: 0.95, topK: 0, seed: 1, logprobs: true };

Deno.test("a server, its /v1 and the place itself name one place; what is no URL is refused", () => {
  const url = (endpoint: string) => Result.getOrThrow(completionsUrl(endpoint));
  for (
    const endpoint of [
      "http://h:8000",
      "http://h:8000/",
      "http://h:8000/v1",
      "http://h:8000/v1/",
      "http://h:8000/v1/completions",
    ]
  ) {
    assert.equal(url(endpoint), "http://h:8000/v1/completions");
  }
  assert.equal(url("https://h/some/proxy/v1"), "https://h/some/proxy/v1/completions");
  for (const endpoint of ["localhost:8000", "ftp://h", "", "h"]) {
    assert.ok(Result.isFailure(completionsUrl(endpoint)), endpoint);
  }
});

Deno.test("a request asks for its sampling to the last setting, by a seed of its own", () => {
  const body = bodyOf(job, settings, new Set());
  assert.deepEqual({ ...body, seed: 0 }, {
    model: "m",
    prompt: "1 + 1?\n",
    n: 3,
    seed: 0,
    temperature: 0.6,
    top_p: 0.95,
    max_tokens: 100,
    stream: false,
    top_k: -1,
    min_p: 0,
    repetition_penalty: 1,
    add_special_tokens: false,
    return_token_ids: true,
    logprobs: 1,
  });
  const seeds = [job, { ...job, indices: [5, 9] }, { ...job, prompt: { ...prompt, problemId: "math/test/1" } }].map((
    one,
  ) => bodyOf(one, settings, new Set()).seed);
  assert.equal(new Set(seeds).size, 3);
  assert.ok(seeds.every((seed) => Number.isInteger(seed) && Number(seed) >= 0 && Number(seed) < 2 ** 31));
  assert.equal(bodyOf(job, settings, new Set()).seed, seeds[0]);
  assert.notEqual(bodyOf(job, { ...settings, seed: 2 }, new Set()).seed, seeds[0]);
  const tokens = bodyOf({ ...job, prompt: { ...prompt, promptTokens: Int32Array.of(1, 2) } }, {
    ...settings,
    topK: 20,
    logprobs: false,
  }, new Set(["min_p"]));
  assert.deepEqual([tokens.prompt, tokens.top_k, tokens.logprobs, tokens.min_p, tokens.add_special_tokens], [
    [1, 2],
    20,
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("a refused field is left out only where that asks for the same responses", () => {
  const body = bodyOf(job, settings, new Set());
  assert.equal(refusedField("Unrecognized request argument supplied: min_p", body), "min_p");
  assert.equal(refusedField("unknown field top_k", body), "top_k");
  assert.equal(refusedField("unknown field top_k", bodyOf(job, { ...settings, topK: 20 }, new Set())), undefined);
  assert.equal(refusedField("max_tokens is too large", body), undefined);
  assert.equal(refusedField("temperature must be at most 1", body), undefined);
});

const reply = (...choices: ReadonlyArray<object>) => JSON.stringify({ choices, usage: { completion_tokens: 7 } });
const choices = (text: string, most = 2) => Result.getOrThrow(readChoices(text, most)).choices;
const wrong = (text: string, most = 2) => Result.getOrThrow(Result.flip(readChoices(text, most)));

Deno.test("replies of vLLM and of llama.cpp are read, in the order of their index", () => {
  const logprobs = { token_logprobs: [-0.5, 0], tokens: ["a", "b"] };
  assert.deepEqual(
    choices(reply(
      { index: 1, text: "b", finish_reason: "length", logprobs: null },
      { index: 0, text: "a", finish_reason: "stop", token_ids: [3, 4], logprobs },
    )),
    [
      { text: "a", finish: "stop", tokens: Int32Array.of(3, 4), logProbs: Float32Array.of(-0.5, 0) },
      { text: "b", finish: "length" },
    ],
  );
  const content = [{ id: 5, token: "x", logprob: -1 }, { id: 6, token: "y", logprob: -2 }];
  assert.deepEqual(choices(reply({ index: 0, text: "xy", finish_reason: "stop", logprobs: { content } })), [
    { text: "xy", finish: "stop", tokens: Int32Array.of(5, 6), logProbs: Float32Array.of(-1, -2) },
  ]);
  // One response: its length is what the server counts; of several nobody knows.
  assert.equal(choices(reply({ text: "a", finish_reason: "stop" }))[0].length, 7);
});

Deno.test("a reply that cannot be used is said to be so and why", () => {
  const good = { index: 0, text: "a", finish_reason: "stop" };
  assert.equal(wrong(reply(good).slice(0, -5)), "it is not whole JSON");
  assert.equal(wrong("[]"), 'it has no "choices"');
  assert.match(wrong('{"error":{"message":"busy"}}'), /it has an error: .*busy/);
  assert.equal(wrong(reply()), '"choices" has 0 responses, expected 2');
  assert.equal(wrong(reply(good, { ...good, index: 1 }), 1), '"choices" has 2 responses, expected 1');
  assert.equal(wrong(reply(good, good)), 'two "choices" have one "index"');
  assert.equal(wrong(reply({ ...good, text: null })), '"choices[0]" has no "text"');
});

Deno.test('an ending of a server\'s own keeps what came and says how it was; only "length" is too long', () => {
  for (const reason of ["abort", "content_filter", "repetition", "tool_calls", "constructor", ""]) {
    assert.deepEqual(choices(reply({ index: 0, text: "a", finish_reason: reason }))[0].finishReason, reason);
    assert.equal(choices(reply({ index: 0, text: "a", finish_reason: reason }))[0].finish, "stop");
  }
  for (const choice of [{ text: "a", finish_reason: null }, { text: "a" }, { text: "a", finish_reason: 3 }]) {
    const [{ finish, finishReason }] = choices(reply(choice));
    assert.deepEqual([finish, finishReason], ["stop", null]);
  }
  assert.equal("finishReason" in choices(reply({ text: "a", finish_reason: "length" }))[0], false);
});

Deno.test("a bad choice loses none of the good ones", () => {
  const good = { index: 1, text: "b", finish_reason: "stop" };
  const { choices: read, bad } = Result.getOrThrow(readChoices(reply({ index: 0, text: null }, good), 3));
  assert.deepEqual(read, [{ text: "b", finish: "stop" }]);
  assert.equal(bad, '"choices[0]" has no "text"');
});

Deno.test("numbers that are not finite, as Python writes them, and ids that are none are left out, not the response", () => {
  const text =
    '{"choices":[{"text":"NaN, \\"-Infinity\\"","finish_reason":"stop","logprobs":{"token_logprobs":[-Infinity,NaN]}}]}';
  assert.deepEqual(choices(text), [{ text: 'NaN, "-Infinity"', finish: "stop" }]);
  for (const bad of [4294967295, 2147483648, -1, 0.5, 1e300, "3"]) {
    const [{ tokens, length }] = choices(reply({ text: "a", finish_reason: "stop", token_ids: [3, bad] }));
    assert.deepEqual([tokens, length], [undefined, 7], `${bad}`);
  }
  const huge = reply({ text: "a", finish_reason: "stop", logprobs: { token_logprobs: [-1e300] } });
  assert.equal("logProbs" in choices(huge)[0], false);
});

Deno.test("waits double up to a minute, are shortened by half at most, differ by name, and respect Retry-After", () => {
  const key = Key.fold(Key.make(0), "retry", "a");
  for (let attempt = 1; attempt <= 12; attempt++) {
    const full = Math.min(60_000, 500 * 2 ** (attempt - 1));
    const wait = backOff(key, attempt, undefined);
    assert.ok(wait <= full && wait > full / 2, `${attempt}: ${wait}`);
    assert.equal(backOff(key, attempt, undefined), wait);
    assert.notEqual(backOff(Key.fold(Key.make(0), "retry", "b"), attempt, undefined), wait);
  }
  assert.equal(backOff(key, 1, 30_000), 30_000);
  assert.equal(backOff(key, 1, 1e12), 3_600_000);
  assert.equal(retryAfter("2", 0), 2000);
  assert.equal(retryAfter("0.3", 0), 300);
  assert.equal(retryAfter("Thu, 01 Jan 1970 00:00:05 GMT", 2000), 3000);
  assert.equal(retryAfter("Thu, 01 Jan 1970 00:00:05 GMT", 9000), 0);
  assert.deepEqual([retryAfter(null, 0), retryAfter("soon", 0), retryAfter("-1", 0)].map((wait) => wait ?? 0), [
    0,
    0,
    0,
  ]);
});
