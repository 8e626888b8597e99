/** What a server refuses, and in which words: statuses, the fields that errors name, keys, hosts, limits. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../../pipelines/cli.ts";
import { Effect, Result } from "effect";
import { eventsOf, post, testServer } from "./served_model.ts";

/** The status of a raw request, whose Host header fetch would not send. */
const rawStatus = (url: string, headers: Record<string, string>, method = "GET"): Promise<number> =>
  new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on("error", reject);
    sent.end();
  });

testServer("a field that cannot be used is named in a 400", { kind: "chat" }, async ({ url }) => {
  const messages = [{ role: "user", content: "1" }];
  const cases: ReadonlyArray<readonly [string, object, string]> = [
    ["completions", { prompt: "1", temperature: "hot" }, "temperature"],
    ["completions", { prompt: "1", temperature: NaN, top_p: 0 }, "top_p"],
    ["completions", { prompt: "1", n: 0 }, "n"],
    ["completions", { prompt: "1", n: 129 }, "n"],
    ["completions", { prompt: "1", max_tokens: 32 }, "max_tokens"],
    ["completions", { prompt: "1", max_tokens: 0 }, "max_tokens"],
    ["completions", { prompt: "1", stop: [""] }, "stop"],
    ["completions", { prompt: "1", logprobs: 21 }, "logprobs"],
    ["completions", { prompt: "1", logit_bias: { 1: 5 } }, "logit_bias"],
    ["completions", { prompt: "1", frequency_penalty: 0.5 }, "frequency_penalty"],
    ["completions", { prompt: "1", seed: 1.5 }, "seed"],
    ["completions", { prompt: "1", model: "other" }, "model"],
    ["completions", { prompt: "1", constructor: 1 }, "constructor"],
    ["completions", {}, "prompt"],
    ["completions", { prompt: "" }, "prompt"],
    ["completions", { prompt: [] }, "prompt"],
    ["completions", { prompt: [77] }, "prompt"],
    ["completions", { prompt: [-1] }, "prompt"],
    ["completions", { prompt: [1, "a"] }, "prompt"],
    ["completions", { prompt: Array(33).fill(1) }, "prompt"],
    ["completions", { prompt: [1e12] }, "prompt"],
    ["completions", { prompt: "1 ".repeat(10_000) }, "prompt"],
    ["completions", { prompt: Array(20).fill(1) }, "max_tokens"],
    ["completions", { prompt: "1", n: 3, best_of: 5 }, "best_of"],
    [
      "completions",
      { prompt: "1", seed: 1, rollout: { seed: 1, step: 1, problem_id: "a", sample_index: 0 } },
      "seed",
    ],
    ["completions", { prompt: Array(128).fill("1"), n: 128 }, "prompt"],
    ["chat/completions", { messages: [{ role: "user", content: "1 ".repeat(31) }] }, "messages"],
    ["chat/completions", { messages: [{ role: "user", content: "1 ".repeat(10_000) }] }, "messages"],
    ["chat/completions", { messages, chat_template: "{{ 1 }}" }, "chat_template"],
    ["chat/completions", { messages, chat_template_kwargs: { messages: "x" } }, "chat_template_kwargs.messages"],
    ["chat/completions", { messages, chat_template_kwargs: { n: 1e12 } }, "chat_template_kwargs"],
    ["chat/completions", { messages, tools: [{ type: "function" }] }, "tools"],
    ["chat/completions", { messages, top_logprobs: 2 }, "top_logprobs"],
    ["chat/completions", { messages: [{ role: "tool", content: "1" }] }, "messages"],
    ["chat/completions", { messages: [{ role: "user", content: "1", name: "n" }] }, "messages[0].name"],
    ["chat/completions", { messages: Array(1025).fill(messages[0]) }, "messages"],
    ["chat/completions", {}, "messages"],
  ];
  for (const [path, body, param] of cases) {
    const { status, error } = await post(`${url}/v1/${path}`, body);
    assert.equal(status, 400, JSON.stringify(body));
    assert.equal(error.param, param, error.message);
    assert.match(error.message, /^field "/);
  }
  for (const body of ["", "[]", "{", `{"prompt":${"[".repeat(50)}${"]".repeat(50)}}`]) {
    assert.equal((await post(`${url}/v1/completions`, body)).status, 400, body);
  }
  const harmless = { user: "u", metadata: { a: "b" }, presence_penalty: 0, best_of: 1, stop: null, suffix: null };
  assert.equal((await post(`${url}/v1/completions`, { prompt: "1", ...harmless })).status, 200);
});

testServer("paths, methods, content types, hosts and sizes are checked", {}, async ({ url }) => {
  const status = async (path: string, init: RequestInit = {}) => {
    const response = await fetch(`${url}${path}`, init);
    await response.body?.cancel();
    assert.equal(response.headers.get("access-control-allow-origin"), null);
    return response.status;
  };
  const json = { "content-type": "application/json" };
  assert.equal(await status("/health"), 200);
  assert.equal(await status("/v2"), 404);
  assert.equal(await status("/update_weights_from_disk", { method: "POST", headers: json, body: "{}" }), 404);
  assert.equal(await status("/v1/completions"), 405);
  assert.equal(await status("/v1/completions", { method: "OPTIONS" }), 405);
  assert.equal(await status("/v1/completions", { method: "POST", body: '{"prompt":"1"}' }), 415);
  assert.equal(await status("/v1/completions", { method: "POST", headers: json, body: "1".repeat(17 << 20) }), 413);
  assert.equal(await rawStatus(`${url}/v1/models`, { host: "localhost:1" }), 200);
  assert.equal(await rawStatus(`${url}/v1/models`, { host: "[::1]:1" }), 200);
  for (const host of ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "127.evil"]) {
    assert.equal(await rawStatus(`${url}/v1/models`, { host }), 403, host);
  }
});

testServer("a full queue is a 429 that says when to come again, and late answers are a 408", {
  kind: "endless",
  batch: 2,
  queue: 3,
  timeout: 1,
}, async ({ url }) => {
  const body = { prompt: "1 2 3", max_tokens: 4000, n: 4 };
  const first = post(`${url}/v1/completions`, body);
  const stream = fetch(`${url}/v1/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ ...body, n: 1, stream: true }),
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  const refused = await post(`${url}/v1/completions`, body);
  assert.equal(refused.status, 429);
  assert.equal(refused.headers.get("retry-after"), "1");
  assert.equal((await first).status, 408);
  assert.match(await (await stream).text(), /"code":"timeout"/);
  const short = await post(`${url}/v1/completions`, { prompt: "1", max_tokens: 4 });
  assert.equal(short.status, 200);
});

testServer("scoring alone takes a prompt of the whole context", {}, async ({ url }) => {
  const prompt = Array.from({ length: 32 }, (_, i) => i);
  const body = { prompt, max_tokens: 0, prompt_logprobs: 0, stream: true };
  const response = await fetch(`${url}/v1/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  assert.equal(eventsOf(await response.text())[0].choices[0].prompt_logprobs.length, 32);
});

Deno.test("a server that others reach needs a key, and keys are never arguments", async () => {
  const folder = await mkdtemp(join(tmpdir(), "signum-keys-"));
  const refusal = async (...words: string[]) => {
    const ran = await Effect.runPromise(Effect.result(run(["serve", "--model", "data/models/countdown_1", ...words])));
    return Result.isFailure(ran) ? ran.failure.message : "";
  };
  try {
    const file = join(folder, "key");
    assert.match(await refusal("--host", "0.0.0.0"), /--host "0\.0\.0\.0" is not this machine's alone/);
    assert.match(await refusal("--api-key", "secret"), /--api-key/);
    assert.match(await refusal("--api-key-file", file), /there is no such file/);
    await writeFile(file, "two words\n");
    assert.match(await refusal("--api-key-file", file), /expected one key on one line/);
    await writeFile(file, "secret\n");
    Deno.env.set("SIGNUM_API_KEY", "two words");
    try {
      assert.match(await refusal("--host", "0.0.0.0"), /SIGNUM_API_KEY: expected one key on one line/);
    } finally {
      Deno.env.delete("SIGNUM_API_KEY");
    }
    assert.match(await refusal("--update-folder", folder), /needs a key of its own/);
    assert.match(await refusal("--update-key-file", file), /--update-folder is missing/);
    const both = ["--api-key-file", file, "--update-key-file", file, "--update-folder", folder];
    assert.match(await refusal(...both), /must not be the key of requests/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
