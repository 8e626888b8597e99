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
