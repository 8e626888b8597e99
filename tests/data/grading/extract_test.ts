import assert from "node:assert/strict";
import { extract } from "../../../data/grading/extract.ts";

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
    ["so $n$ gives 4. Hence there are 12 such sequences.", "12"],
    ["The largest value of $f(x)$ is 19.", "19"],
    ["Final Answer: The largest $n$ is 34. I hope it is correct.", "34"],
    ["Final Answer: The final answer is 7.78.", "7.78"],
    ["Final Answer: Jane left 3 hours ago.<|im_start|>user", "3"],
    ["The answer is Saturday.", "Saturday"],
    ["The sum costs $\\frac{1}{2} \\$ = 0.5$", "\\frac{1}{2} \\$ = 0.5"],
    ["Elle coûte 2,74 en tout", "2,74"],
    ["正确答案是 7", "7"],
    ["1 000", "1 000"],
    ["D. It cannot be A", "D"],
    ["\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}", "\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}"],
    ["\\frac{1}{3} \\text{ square units}", "\\frac{1}{3} \\text{ square units}"],
    ["theta = 2, beta^3 = 5", "theta = 2, beta^3 = 5"],
    ["beta is 5", "5"],
    ["\\text{Thursday}", "\\text{Thursday}"],
    ["{odd}", "{odd}"],
    ["South.", "South."],
    ["Odd numbers win", null],
    ["The answer is 3! * 4! = 144", "3! * 4! = 144"],
    ["The answer is 12! That was fun.", "12"],
    ["The answer is Monday! We are done.", "Monday"],
    ["AZYUK2A", null],
    ["I do not know", null],
    ["", null],
  ];
  for (const [text, expected] of cases) {
    assert.deepEqual(extract(text, "strict"), { answer: null, how: "no box" }, text);
    assert.equal(extract(text, "lenient").answer, expected, text);
  }
});

Deno.test("extract() lets a final answer stated behind the box replace it when lenient, and only then", () => {
  const text = "\\boxed{255} is added. Final Answer: The final answer is $10,455$.";
  assert.equal(extract(text, "lenient").answer, "10,455");
  assert.equal(extract(text, "strict").answer, "255");
});
