import assert from "node:assert/strict";
import { exact, type Fraction, toNumber } from "../../../data/grading/numeric.ts";
import { parseFormula } from "../../../data/grading/parser.ts";

const value = (text: string): Fraction | null => {
  const read = parseFormula(text);
  return read === null ? null : exact(read);
};

Deno.test("parse() and exact() give the value of arithmetic without variables", () => {
  const cases: ReadonlyArray<[string, bigint, bigint]> = [
    ["\\frac12", 1n, 2n],
    ["\\frac{3}{-6}", -1n, 2n],
    ["2\\frac{1}{3}", 7n, 3n],
    ["2+3*4^2", 50n, 1n],
    ["-2^2", -4n, 1n],
    ["2(3+4)/7", 2n, 1n],
    ["0.\\overline{3}", 1n, 3n],
    ["0.1\\overline{6}", 1n, 6n],
    [".25", 1n, 4n],
    ["2516_8", 1358n, 1n],
    ["\\sqrt{\\frac{9}{4}}", 3n, 2n],
    ["5!", 120n, 1n],
    ["\\binom{5}{2}", 10n, 1n],
    ["2^{-3}", 1n, 8n],
    ["50\\%", 1n, 2n],
    ["30^\\circ", 30n, 1n],
    ["(-1)^{10000001}", -1n, 1n],
    ["x^23 - x^2 3", 0n, 0n],
  ];
  for (const [text, n, d] of cases) assert.deepEqual(value(text), d === 0n ? null : { n, d }, text);
});

Deno.test("parse() reads a formula whole or not at all", () => {
  for (const text of ["", "1 2", "2+", "(1", "1)", "\\text{a}", "\\frac{1}", "1 \\unknown", "x ^", "**", "a = b"]) {
    assert.equal(parseFormula(text), null, text);
  }
  assert.equal(parseFormula("1+".repeat(400) + "1"), null);
  assert.equal(parseFormula("(".repeat(80) + "1" + ")".repeat(80)), null);
});

Deno.test("exact() refuses what is too large, undefined or irrational, at once", () => {
  for (
    const text of [
      "10^{10^{10}}",
      "9^{9^{9}}",
      "100000!",
      "((1000)!)!",
      "\\binom{1000000}{500000}",
      "1/0",
      "\\sqrt{2}",
      "0^{-1}",
    ]
  ) {
    const start = performance.now();
    assert.equal(value(text), null, text);
    assert.ok(performance.now() - start < 500, text);
  }
});

Deno.test("exact() tells numbers apart that doubles cannot", () => {
  assert.notDeepEqual(value("\\frac{1}{2^{99}}"), value("\\frac{1}{2^{99}+1}"));
  const [a, b] = [value("\\frac{2^{2005}+1}{3 \\cdot 2^{2006}}"), value("\\frac{1}{3 \\cdot 2}")];
  assert.ok(a !== null && b !== null);
  assert.notDeepEqual(a, b);
  assert.ok(Math.abs(toNumber(a) - toNumber(b)) < 1e-15);
});
