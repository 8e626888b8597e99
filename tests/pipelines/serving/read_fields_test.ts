import assert from "node:assert/strict";
import { Result } from "effect";
import { readFields } from "../../../pipelines/serving/read_fields.ts";
import {
  chatFields,
  completionFields,
  tokenizeFields,
  updateFields,
} from "../../../pipelines/serving/request_fields.ts";
import type { Group } from "../../../pipelines/settings/setting.ts";

const odd: ReadonlyArray<unknown> = [
  true,
  -1,
  1.5,
  1e300,
  NaN,
  -Infinity,
  Number.MAX_SAFE_INTEGER + 1,
  "",
  "x",
  "1",
  [],
  [[]],
  [1, "a"],
  [1.5],
  [-1],
  [NaN],
  [{}],
  ["a", ""],
  Array(17).fill("a"),
  Array(1025).fill({ role: "user", content: "1" }),
  {},
  { a: null },
  { type: "text", text: 1 },
  { __proto__: null, constructor: 1 },
];

const refusalOf = (fields: Group, body: Record<string, unknown>) => {
  const read = readFields(fields, body);
  assert.ok(Result.isFailure(read), JSON.stringify(body).slice(0, 100));
  return read.failure;
};

Deno.test("a value of a wrong type or size is refused with the name of its field, for every field", () => {
  for (const fields of [completionFields, chatFields, tokenizeFields, updateFields] satisfies ReadonlyArray<Group>) {
    for (const [name, { description }] of Object.entries(fields)) {
      let refused = 0;
      for (const value of odd) {
        const read = readFields(fields, { [name]: value });
        if (Result.isSuccess(read)) continue;
        refused++;
        const { status, param = "", message } = read.failure;
        assert.equal(status, 400);
        assert.ok(param === name || param.startsWith(`${name}.`) || param.startsWith(`${name}[`), `${name}: ${param}`);
        assert.ok(message.startsWith(`field "${param}": `) && message.length < 500, message);
      }
      // What describes the caller is read as it is.
      assert.ok(
        description === "describes the caller" ? refused === 0 : refused > odd.length / 2,
        `${name}: ${refused}`,
      );
    }
  }
});

Deno.test("numbers that JSON does not have are named", () => {
  assert.match(refusalOf(completionFields, { temperature: NaN }).message, /found NaN$/);
  assert.match(refusalOf(completionFields, { top_p: Infinity }).message, /found Infinity$/);
});

Deno.test("what is not read is refused by its path, in objects and lists too", () => {
  const user = { role: "user", content: "1" };
  const names = { seed: 1, step: 1, problem_id: "a", sample_index: 0 };
  const cases: ReadonlyArray<readonly [Record<string, unknown>, string]> = [
    [{ unknown: 0 }, "unknown"],
    [JSON.parse('{"__proto__":{"n":2}}'), "__proto__"],
    [{ stream_options: { include_usage: true, more: false } }, "stream_options.more"],
    [{ stream_options: { include_obfuscation: true } }, "stream_options"],
    [{ rollout: { ...names, index: 1 } }, "rollout.index"],
    [{ rollout: { ...names, sample_index: Number.MAX_SAFE_INTEGER } }, "rollout"],
    [{ messages: [user, { ...user, name: "n" }] }, "messages[1].name"],
    [{ messages: [{ ...user, tool_calls: [{}] }] }, "messages[0].tool_calls"],
    [
      { messages: [{ role: "user", content: [{ type: "text", text: "a", cache_control: { type: "ephemeral" } }] }] },
      "messages[0].content[0].cache_control",
    ],
    [{ messages: [{ role: "user", content: [{ type: "image_url", image_url: { url: "a" } }] }] }, "messages"],
    [{ response_format: { type: "json_object" } }, "response_format"],
    [{ response_format: { type: "text", schema: {} } }, "response_format.schema"],
    [{ modalities: ["text", "audio"] }, "modalities"],
    [{ tools: [{ type: "function" }] }, "tools"],
    [{ chat_template_kwargs: { mode: {} } }, "chat_template_kwargs"],
    [
      { chat_template_kwargs: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [i, 1])) },
      "chat_template_kwargs",
    ],
    [{ logit_bias: { 1: 5 } }, "logit_bias"],
  ];
  for (const [body, param] of cases) assert.equal(refusalOf(chatFields, body).param, param, JSON.stringify(body));
  const long = refusalOf(completionFields, { ["\u001b[31m".repeat(100_000)]: 1 });
  assert.ok(long.message.length < 600 && !long.message.includes("\u001b"), long.message);
});

Deno.test("fields that clients send as a matter of course and that change nothing are read", () => {
  const harmless = {
    response_format: { type: "text" },
    modalities: ["text"],
    tools: [],
    tool_choice: "auto",
    function_call: "none",
    parallel_tool_calls: true,
    logit_bias: {},
    stop_token_ids: [],
    store: false,
    prompt_cache_key: "key",
    safety_identifier: "caller",
    stream_options: { include_usage: null, include_obfuscation: false },
    reasoning_effort: null,
    // An assistant's message as the clients give it back.
    messages: [{
      role: "assistant",
      content: "1",
      refusal: null,
      annotations: [],
      audio: null,
      function_call: null,
      tool_calls: [],
    }],
  };
  const read = Result.getOrThrow(readFields(chatFields, harmless));
  assert.deepEqual(read.messages, [{ role: "assistant", content: "1" }]);
  const completion = { suffix: "", logit_bias: {}, best_of: 1, stream_options: null, logprobs: null, min_p: 0 };
  assert.equal(Result.getOrThrow(readFields(completionFields, completion)).n, 1);
});

Deno.test("prompts are texts or lists of ids, and millions of ids are read", () => {
  const read = (prompt: unknown) => Result.getOrThrow(readFields(completionFields, { prompt })).prompt;
  const ids = Array.from({ length: 3_000_000 }, (_, i) => i % 70);
  for (const prompt of ["a", ["a", ""], [1, 2], [[1], []], [], ids]) assert.equal(read(prompt), prompt);
  for (const prompt of [1, [1, "a"], [[1], "a"], [[1.5]], [[[1]]], [-1], [null], { 0: 1 }]) {
    assert.equal(refusalOf(completionFields, { prompt }).param, "prompt");
  }
});
