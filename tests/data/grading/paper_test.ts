import assert from "node:assert/strict";
import { grade } from "../../../data/grading/grade.ts";
import { paperAnswer, paperEqual, paperForm } from "../../../data/grading/paper.ts";
import { tasks } from "../../../data/mod.ts";

Deno.test("paperAnswer() takes the last box, else what the answer is, else the last number", () => {
  const cases: ReadonlyArray<[string, string]> = [
    ["\\boxed{1} then \\boxed{\\frac12}.", "\\frac{1}{2}"],
    ["<think>\\boxed{7}</think> none", "7"],
    ["$\\boxed 5$ it is", "5"],
    ["So the answer is $3/4$.", "\\frac{3}{4}"],
    ["We find 1,234 and -5.5 apples", "-5.5"],
    ["nothing", ""],
    ["\\boxed{never closed", "neverclosed"],
  ];
  for (const [text, expected] of cases) assert.equal(paperAnswer(text), expected, text);
});

Deno.test("paperForm() is the authors' normal form of a string", () => {
  const cases: ReadonlyArray<[string, string]> = [
    ["\\dfrac{1}{2}", "\\frac{1}{2}"],
    ["\\frac1{72}", "\\frac{1}{72}"],
    ["3/4", "\\frac{3}{4}"],
    [" .5 ", "0.5"],
    ["5\\text{ cm}", "5"],
    ["\\text{Saturday}", "{Saturday}"],
    ["x = 5", "5"],
    ["90^\\circ", "90"],
    ["50\\%", "50"],
    ["\\$3.00", "3"],
    ["\\left( 1, 2 \\right)", "(1,2)"],
    ["\\sqrt3", "\\sqrt{3}"],
    ["2 \\cdot 3", "23"],
  ];
  for (const [text, expected] of cases) assert.equal(paperForm(text), expected, text);
});

Deno.test("paperEqual() is as kind as the authors' grader, and as strict", () => {
  const check = (expected: boolean, pairs: ReadonlyArray<readonly [gold: string, answer: string]>) => {
    for (const [gold, answer] of pairs) {
      assert.equal(paperEqual(paperForm(answer), paperForm(gold)), expected, `${gold} | ${answer}`);
    }
  };
  check(true, [
    ["7", "700"],
    ["0.5", "50"],
    ["10.92", "0.1092"],
    ["3.3333", "3.33333"],
    ["\\frac{10}{3}", "\\frac{20}{6}"],
    ["(1,2)", "(1.00001, 2)"],
    ["1,2", "(1,2)"],
    ["C", "C) 12"],
    ["2x+4y=6", "2x + 4y - 6 = 0"],
    ["5", "x=5"],
  ]);
  check(false, [["7", "7.01"], ["25\\pi", "78.54"], ["x+1", "x+2"], ["\\text{Saturday}", "Sunday"], ["1,2", "2,1"]]);
});

Deno.test("grade() in paper mode reads a box before </think> too, and never rewards nothing", () => {
  assert.ok(grade("42", "<think>\\boxed{42}</think>", "paper").correct);
  assert.deepEqual(grade("", "\\boxed{}", "paper"), {
    answer: null,
    correct: false,
    reason: "the authors' extraction finds nothing",
    goldForm: "empty",
  });
});

Deno.test("AIME and AMC are compared as strings in paper mode, MATH as formulas", () => {
  const answers = (name: string) =>
    ["\\boxed{70}", "\\boxed{70.0}", "\\boxed{7000}"].map((response) =>
      tasks[name].grade({ question: "?", goldAnswer: "70" }, response, "paper").correct
    );
  assert.deepEqual(answers("aime-2025"), [true, true, false]);
  assert.deepEqual(answers("math"), [true, true, true]);
});

const pairs = Deno.env.get("SIGNUM_PAIRS");

Deno.test({
  name: "the paper mode agrees with the authors' grader on 99.5 of 100 hard answers of real models",
  ignore: pairs === undefined,
  fn() {
    const rows = Deno.readTextFileSync(`${pairs}/dev.jsonl`).trim().split("\n").map((line) => JSON.parse(line));
    const judged = rows.filter(({ hard, prediction, graders }) =>
      hard && typeof prediction === "string" && typeof graders?.official === "boolean"
    );
    const agreed = judged.filter(({ gold, prediction, graders }) =>
      grade(gold, `\\boxed{${prediction}}`, "paper").correct === graders.official
    );
    assert.ok(agreed.length / judged.length >= 0.995, `${agreed.length} of ${judged.length}`);
  },
});
