import assert from "node:assert/strict";
import { afterHashes, boxed } from "../../../data/grading/boxed.ts";

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
  assert.equal(boxed("\\boxed{2} apples and \\boxed{3} pears"), "2, 3");
  assert.equal(boxed("$x_1 = \\boxed{2}$ and $x_2 = \\boxed{3}$"), "2, 3");
  assert.equal(boxed("\\boxed{2} no no no \\boxed{3}"), "3");
  assert.equal(boxed("so \\\\boxed{840}."), "840");
  assert.equal(boxed("\\boxed{2}, \\boxed{2}"), "2");
  assert.equal(boxed("\\boxed{2} or rather \\boxed{3}"), "3");
  assert.equal(boxed("\\boxed{2} apples , and \\boxed{3}"), "2, 3");
  assert.equal(boxed("\\boxed{2}\\text{ or }\\boxed{3}"), "2, 3");
  assert.equal(boxed("\\boxed{2}\\text{ apples and }\\boxed{3}"), "2, 3");
  assert.equal(boxed("\\boxed{2} or and \\boxed{3}"), "2, 3");
  assert.equal(boxed("\\boxed{2} } \\boxed{3}"), "3");
  assert.equal(boxed("\\boxed{2} nor \\boxed{3}"), "3");
});

Deno.test("afterHashes() reads the last line alone, where it begins with the sign", () => {
  const cases: ReadonlyArray<[string, string | null]> = [
    ["work\n#### 42", "42"],
    ["work\n  ####42 \n\n", "42"],
    ["#### -1,000", "-1,000"],
    ["#### 41\n#### 42", "42"],
    ["#### 42\nand more", null],
    ["a #### 42", null],
    ["work\n####", null],
    ["", null],
  ];
  for (const [text, expected] of cases) assert.equal(afterHashes(text), expected, text);
});
