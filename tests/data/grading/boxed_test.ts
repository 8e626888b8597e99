import assert from "node:assert/strict";
import { boxed, extract, lastBox } from "../../../data/grading/boxed.ts";

Deno.test("boxed() finds the last balanced box, with or without a brace", () => {
  const cases: ReadonlyArray<[string, string | null]> = [
    ["so \\boxed{\\frac{1}{2}}.", "\\frac{1}{2}"],
    ["\\boxed{1} and later in the text \\boxed{2}", "2"],
    ["\\fbox{7}", "7"],
    ["\\boxed 5 is it", "5"],
    ["\\boxed{\\{1,2\\}}", "\\{1,2\\}"],
    ["\\boxed{\\boxed{3}}", "\\boxed{3}"],
    ["\\boxed{4} then \\boxed{never closed", "4"],
    ["{ \\boxed{5}", "5"],
    ["\\boxed{}", ""],
    ["\\boxedx{5}", null],
    ["nothing", null],
  ];
  for (const [text, expected] of cases) assert.equal(boxed(text), expected, text);
});

Deno.test("boxed() joins different boxes in a row, and nothing else", () => {
  assert.equal(boxed("$\\boxed{2}$, $\\boxed{3}$ and $\\boxed{5}$"), "2, 3, 5");
  assert.equal(boxed("\\boxed{2}, \\boxed{2}"), "2");
  assert.equal(boxed("\\boxed{2} or rather \\boxed{3}"), "3");
  assert.equal(lastBox("\\boxed{2}, \\boxed{3}"), "3");
});

Deno.test("extract() reads a box only behind the last </think>", () => {
  assert.deepEqual(extract("<think>\\boxed{1}</think> It is \\boxed{2}.", "strict"), {
    answer: "2",
    how: "from the box",
  });
  assert.deepEqual(extract("<think>\\boxed{1}</think> It is 2.", "strict"), {
    answer: null,
    how: "no box after </think>",
  });
});

Deno.test("extract() gives nothing without a box when strict, and looks further when lenient", () => {
  const cases: ReadonlyArray<[string, string | null]> = [
    ["The answer is $\\frac{1}{2}$.", "\\frac{1}{2}"],
    ["Final Answer: **73**", "73"],
    ["We get $x=3$ and are done.", "x=3"],
    ["(0,9)", "(0,9)"],
    ["That makes 1,234 in all.", "1,234"],
    ["I do not know", null],
    ["", null],
  ];
  for (const [text, expected] of cases) {
    assert.deepEqual(extract(text, "strict"), { answer: null, how: "no box" }, text);
    assert.equal(extract(text, "lenient").answer, expected, text);
  }
});
