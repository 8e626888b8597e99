import assert from "node:assert/strict";
import { tasks } from "../../data/mod.ts";
import { template, templateNames } from "../../data/template.ts";

const question = "What is $1+1$?";

Deno.test("template() gives Table 2 of the paper for Qwen2.5-Math", () => {
  assert.equal(
    template("qwen2.5-math", question),
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n<|im_start|>user\nWhat is $1+1$?\n" +
      "Please reason step by step, and put your final answer within \\boxed{}.<|im_end|>\n<|im_start|>assistant\n",
  );
});

Deno.test("template() ends the non-thinking prompt of Qwen3 with an empty thought", () => {
  assert.equal(
    template("qwen3-non-thinking", question),
    `${template("qwen2.5-math", question)}<think>\n\n</think>\n\n`,
  );
});

Deno.test("template() gives plain text to base models, the question alone by none, and null for a name it does not have", () => {
  assert.equal(
    template("plain", question),
    "What is $1+1$?\nPlease reason step by step, and put your final answer within \\boxed{}.\n",
  );
  assert.equal(template("none", question), question);
  assert.equal(template("constructor", question), null);
});

Deno.test("every task asks with its first template unless told otherwise, and every template of it gives a prompt", () => {
  for (const [name, task] of Object.entries(tasks)) {
    assert.equal(task.name, name);
    assert.ok(task.templates.length > 0, name);
    assert.equal(task.promptText({ question }), task.promptText({ question }, task.templates[0]));
    for (const chosen of task.templates) assert.ok(task.promptText({ question }, chosen)?.includes(question));
  }
  assert.deepEqual(tasks.math.templates, templateNames);
});
