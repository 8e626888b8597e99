import assert from "node:assert/strict";
import { boxed } from "../../../data/grading/boxed.ts";
import { grade } from "../../../data/grading/grade.ts";
import { endsInThought, spoken } from "../../../data/grading/thought.ts";
import { tasks } from "../../../data/mod.ts";
import { verify } from "../../../pipelines/stages/verify.ts";

Deno.test("spoken() keeps what stands behind the last thought, and nothing where one never ends", () => {
  const cases: ReadonlyArray<[string, string | null]> = [
    ["plain", "plain"],
    ["<think>a</think> b", " b"],
    ["a</think> b", " b"],
    ["<think>a</think>b<think>c</think>d", "d"],
    ["a<think>b</think>c", "c"],
    ["a <think>b</think>", ""],
    ["<think>a", null],
    ["<thinking>a</thinking>b", "b"],
    ["<think>a</think>b<thinking>c", null],
    ["<|begin_of_thought|>a<|end_of_thought|>b", "b"],
    ["◁think▷a◁/think▷b", "b"],
    ["[THINK]a[/THINK]b", "b"],
    ["<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b", "<|message|>b"],
    ["<think>a</think>b\n</think>", "b\n"],
  ];
  for (const [text, expected] of cases) assert.equal(spoken(text), expected, text);
  assert.equal(spoken("a \\boxed{1}", true), null);
  assert.equal(spoken("a</think>b", true), "b");
});

Deno.test("an answer before a thought is none, whatever the thought says", () => {
  for (const response of ["\\boxed{5}. <think>done</think>", "\\boxed{5} <think>or 6?</think> So it is."]) {
    for (const mode of ["strict", "lenient"] as const) assert.ok(!grade("5", response, mode).correct, response);
  }
  assert.ok(grade("5", "\\boxed{6} <think>no</think> \\boxed{5}", "strict").correct);
});

Deno.test("a prompt that ends with an opened thought leaves it to the response to end it", () => {
  assert.ok(endsInThought("Solve it.<|im_start|>assistant\n<think>\n"));
  assert.ok(!endsInThought("What does <think> mean?\nassistant:"));
  assert.ok(!endsInThought("<think></think>\n\n"));
  const asked = { question: "6 * 7", goldAnswer: "42", promptText: "6 * 7? <think>\n" };
  assert.equal(tasks.math.grade(asked, "It is \\boxed{42}", "strict").reason, "the thought does not end");
  assert.ok(tasks.math.grade(asked, "Hm.</think> It is \\boxed{42}", "strict").correct);
  assert.ok(!verify({ ...asked, responseText: "\\boxed{42}" }, tasks.math, "strict").correct);
  assert.ok(verify({ ...asked, promptText: "6 * 7?", responseText: "\\boxed{42}" }, tasks.math, "strict").correct);
});

Deno.test("a response that breaks off in doubt behind its box has not answered, one that checks and ends has", () => {
  for (
    const [response, correct] of [
      ["So \\boxed{42}. Wait, let me check the", false],
      ["So \\boxed{42}. Hmm", false],
      ["So \\boxed{42}. Let me verify: 6 times 7 is 42. It holds.", true],
      ["So \\boxed{42}. Let me check: $6 \\cdot 7 = 42$", true],
      ["So \\boxed{42}. We waited long", true],
    ] as const
  ) assert.equal(grade("42", response, "strict").correct, correct, response);
});

Deno.test("a box without braces holds one number or command, and more is not understood", () => {
  const cases: ReadonlyArray<[string, string | null]> = [
    ["$\\boxed 3.5$", "3.5"],
    ["$\\boxed -7$.", "-7"],
    ["$\\boxed 1,234$", "1,234"],
    ["$\\boxed \\frac{1}{2}$", "\\frac{1}{2}"],
    ["$\\boxed \\frac12$", "\\frac12"],
    ["$\\boxed \\sqrt[3]{2}$", "\\sqrt[3]{2}"],
    ["$\\boxed \\pi$", "\\pi"],
    ["$\\boxed x$", "x"],
    ["$\\boxed 3/4$", "\\boxed 3/4"],
    ["$\\boxed 2\\sqrt{3}$", "\\boxed 2\\sqrt{3}"],
    ["$\\boxed x=5$", "\\boxed x=5"],
    ["\\boxed{42}, with \\boxed as asked", "42"],
    ["\\boxed{42} and \\boxed{ }", "42"],
    ["\\framebox{42}", "42"],
  ];
  for (const [text, expected] of cases) assert.equal(boxed(text), expected, text);
  for (const gold of ["3", "3/4"]) assert.equal(grade(gold, "$\\boxed 3/4$", "strict").correct, false, gold);
});

Deno.test("a statement that is denied, asked or taken back states nothing", () => {
  for (
    const [gold, response, correct] of [
      ["42", "The answer is 42? No, that is too large.", false],
      ["42", "I doubt that the answer is 42.", false],
      ["42", "If the answer is 42, then n is 6.", false],
      ["17", "I don't think the answer is 42. It must be 17.", true],
      ["42", "The answer is 42. No, that is wrong.", false],
      ["5", "The answer is 5. I do not claim that the answer is 6.", true],
      ["2, 3", "The answer is $x = 2$ and $x = 3$.", true],
      ["2", "The answer is $x = 2$ or $x = 3$.", false],
      ["72", "The answer is 72, which is what we wanted.", true],
      ["72", "The answer is 72 clips, altogether.", true],
      ["70000", "He sold it for $200,000 and paid $130,000. The profit is $70,000.", true],
      ["12", "答案是：12。", true],
      ["7", "He has 3 + 4 = 7.\n#### 7", true],
    ] as const
  ) assert.equal(grade(gold, response, "lenient").correct, correct, response);
});
