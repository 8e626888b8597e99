import assert from "node:assert/strict";
import { grade } from "../../../data/grading/grade.ts";

Deno.test("grade() needs a box when strict and says what it saw", () => {
  assert.deepEqual(grade("\\frac{1}{2}", "Thus $\\boxed{0.5}$.", "strict"), {
    answer: "0.5",
    correct: true,
    reason: '"0.5" from the box equals "\\frac{1}{2}"',
    goldForm: "number",
  });
  assert.deepEqual(grade("2", "Thus \\boxed{3}", "strict"), {
    answer: "3",
    correct: false,
    reason: '"3" from the box is not "2"',
    goldForm: "number",
  });
  assert.deepEqual(grade("42", "I think the number is 42.", "strict"), {
    answer: null,
    correct: false,
    reason: "no box",
    goldForm: "number",
  });
  assert.ok(grade("42", "I think the number is 42.", "lenient").correct);
});

Deno.test("grade() reads the box of a gold answer that has one", () => {
  assert.ok(grade("Therefore $x = \\boxed{\\frac{3}{4}}$.", "\\boxed{0.75}", "strict").correct);
});

Deno.test("grade() never rewards an empty answer, not even for an empty gold answer", () => {
  assert.equal(grade("", "\\boxed{}", "strict").reason, "the answer is empty");
  assert.equal(grade("1", "\\boxed{ $ $ }", "strict").reason, "the answer is empty");
  assert.equal(grade("", "\\boxed{1}", "strict").reason, "the gold answer is empty");
});

Deno.test("grade() refuses an answer of more than 8,192 characters, in words", () => {
  assert.equal(
    grade("1", `\\boxed{${"1".repeat(9000)}}`, "strict").reason,
    "the answer is longer than 8192 characters",
  );
});

Deno.test("no answer, however made, hangs the grader", () => {
  const units = [
    ..."{ } ( [ \\ $ 1 , ^ _ ! ~ = < | ° ₁ ² : &".split(" "),
    " ",
    "1,",
    "1 ",
    "a+",
    "\\text{",
    "\\frac{1}{",
    "\\sqrt{",
    "\\boxed{",
    "\\boxed{7} ",
    "\\left(",
    "\\cup ",
    "x=",
    "1 and ",
    "\\begin{pmatrix}",
    "10^{",
    "answer is ",
    "\\(",
    "\\pm",
    "\\binom{9}{",
  ];
  for (const unit of units) {
    for (const length of [8000, 400000]) {
      const text = unit.repeat(Math.ceil(length / unit.length));
      const start = performance.now();
      for (const response of [text, `\\boxed{${text}}`, `\\boxed{1${text}x}`]) {
        grade("\\frac{1}{2}", response, "lenient");
      }
      assert.ok(performance.now() - start < 3000, `${JSON.stringify(unit)}: ${performance.now() - start} ms`);
    }
  }
});

Deno.test("towers of powers, factorials and sums without end are wrong at once", () => {
  for (
    const tower of [
      "10^{10^{10}}",
      "9^{9^{9}}",
      "\\dfrac{5^{\\left(5^{\\left(5^{\\left(5^5\\right)}\\right)} - 4\\right)} - 5}{16}",
      "3^{3^{3^{3}}} \\bmod 7",
      "1000000000!",
      "((1000)!)!",
      "\\sum_{k=1}^{10^{12}} \\frac{1}{k}",
      "\\int_0^{1000000} \\sin(x^2) dx",
    ]
  ) {
    const start = performance.now();
    assert.equal(grade("7", `\\boxed{${tower}}`, "strict").correct, false, tower);
    assert.ok(performance.now() - start < 500, tower);
  }
});

Deno.test("grade() reads the end of a response and of a gold answer, however long they are", () => {
  const long = "then ".repeat(2_000_000);
  assert.ok(grade(`${long}\\boxed{5}`, `${long}\\boxed{5}`, "strict").correct);
  assert.equal(grade("5", `\\boxed{5} ${long}`, "strict").reason, "no box");
});
