import assert from "node:assert/strict";
import { parseFormula } from "../../../data/grading/parser.ts";
import { equal } from "../../../data/grading/symbolic.ts";

const same = (a: string, b: string) => {
  const [x, y] = [parseFormula(a), parseFormula(b)];
  assert.ok(x !== null && y !== null, `${a} | ${b}`);
  return equal(x, y);
};

Deno.test("equal() knows identities in variables", () => {
  for (
    const [a, b] of [
      ["(x+1)^2", "x^2+2x+1"],
      ["\\frac{x+2}{7}", "\\frac{x}{7}+\\frac{2}{7}"],
      ["\\tan^2(y)+1", "\\sec^2(y)"],
      ["\\sin 2x", "2\\sin x \\cos x"],
      ["\\ln(ab)", "\\ln a + \\ln b"],
      ["(x+y+z)^{200}", "(z+y+x)^{200}"],
      ["\\sqrt{x^3}", "x\\sqrt{x}"],
      ["e^{i\\pi}+x", "x-1"],
    ]
  ) assert.equal(same(a, b), true, `${a} = ${b}`);
  for (const [a, b] of [["(x+1)^2", "x^2+1"], ["x", "y"], ["x", "-x"], ["\\sqrt{x^2}", "-x"], ["2x", "2x+10^{-3}"]]) {
    assert.equal(same(a, b), false, `${a} ≠ ${b}`);
  }
});

Deno.test("equal() compares constants exactly where it can and to 1e-9 where not", () => {
  for (
    const [a, b] of [
      ["\\sqrt{8}", "2\\sqrt2"],
      ["\\frac{1}{\\sqrt{2}}", "\\frac{\\sqrt{2}}{2}"],
      ["\\sin 30^\\circ", "0.5"],
      ["\\log_2 8", "3"],
      ["(1+i)^2", "2i"],
      ["\\sqrt{-4}", "2i"],
      ["\\sqrt[3]{-8}", "-2"],
      ["\\cos\\frac{\\pi}{3}", "\\frac12"],
    ]
  ) assert.equal(same(a, b), true, `${a} = ${b}`);
  for (const [a, b] of [["\\frac{1}{2004!}", "\\frac{1}{2006!}"], ["\\pi", "3.14159265"], ["\\sqrt{2}", "1.41421"]]) {
    assert.notEqual(same(a, b), true, `${a} ≠ ${b}`);
  }
});

Deno.test("equal() does not decide about what is undefined", () => {
  assert.equal(same("1/0", "2/0"), null);
  assert.equal(same("100000!", "1"), null);
  assert.equal(same("\\arcsin(x+9)", "\\arcsin(x+8)"), null);
});
