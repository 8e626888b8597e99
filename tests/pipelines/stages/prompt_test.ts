import assert from "node:assert/strict";
import { promptStage } from "../../../pipelines/stages/prompt.ts";
import { filter, records } from "./filter.ts";

const model = new URL("../../golden/models/qwen2_tied", import.meta.url).pathname;
const data = new URL("../../data/fixtures", import.meta.url).pathname;
const math = { model, task: "math", split: "test" as const, data };

Deno.test("what a task knows of a problem travels with its prompt", async () => {
  const prompts = records(await filter(promptStage, [], { ...math, limit: 3 }));
  assert.equal(prompts.length, 3);
  for (const { level, type, problemId, promptTokens } of prompts) {
    assert.match(String(level), /^Level [1-5]$/);
    assert.ok(typeof type === "string" && type.length > 0);
    assert.match(String(problemId), /^math\/test\/\d+$/);
    assert.ok(Array.isArray(promptTokens) && promptTokens.length > 0);
  }
});

Deno.test("data that cannot be found are named, a data set's name as one", async () => {
  const missing = await filter(promptStage, [], { ...math, data: "no_such_folder/none.jsonl" });
  assert.match(
    missing.failure ?? "",
    /Cannot find the test problems of task "math": looked at "no_such_folder\/none.jsonl"/,
  );
  assert.equal(missing.stdout, "");
});

Deno.test("a tokenizer that lacks a token of the task is named with the token, and nothing is written", async () => {
  const dir = Deno.makeTempDirSync();
  const base = new URL("../../../data/models/countdown_1/", import.meta.url);
  const json = JSON.parse(Deno.readTextFileSync(new URL("tokenizer.json", base)));
  for (const [token, whose] of [["~12", 'problem "countdown/test/0"'], ["+", 'responses to task "countdown"']]) {
    const { [token]: _, ...vocab } = json.model.vocab;
    Deno.writeTextFileSync(
      `${dir}/tokenizer.json`,
      JSON.stringify({ ...json, model: { ...json.model, vocab } }),
    );
    const { failure, stdout } = await filter(promptStage, [], { model: dir, task: "countdown", split: "test" });
    assert.ok(failure?.includes(`expected a token for "${token}" (${whose}), found none in`), String(failure));
    assert.equal(stdout, "");
  }
  Deno.removeSync(dir, { recursive: true });
});
