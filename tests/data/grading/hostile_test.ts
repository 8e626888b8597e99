import assert from "node:assert/strict";
import { grade } from "../../../data/grading/grade.ts";
import { hostile } from "../../../data/grading/hostile.ts";
import { parseFormula } from "../../../data/grading/parser.ts";
import { costOf, dearest } from "../../../data/grading/work.ts";
import { formula } from "../../../data/grading/value.ts";
import { Key } from "../../../data/random.ts";

Deno.test("no hostile answer throws, and the same one gets the same verdict", () => {
  const key = Key.make(4);
  for (let i = 0; i < 2000; i++) {
    const { gold, response } = hostile(key, i);
    for (const mode of ["lenient", "paper"] as const) {
      const { correct, reason } = grade(gold, response, mode);
      assert.equal(typeof correct, "boolean");
      assert.ok(reason.length < 400, reason);
    }
    if (i % 50 === 0) assert.deepEqual(grade(gold, response, "strict"), grade(gold, response, "strict"));
  }
});

Deno.test("hostile inputs are the same for the same seed and differ by their index", () => {
  assert.deepEqual(hostile(Key.make(1), 7), hostile(Key.make(1), 7));
  assert.notDeepEqual(hostile(Key.make(1), 7), hostile(Key.make(1), 8));
});

Deno.test("formulas are weighed before they are evaluated, and what is too dear is not read", () => {
  const cost = (text: string) => {
    const read = parseFormula(text);
    assert.ok(read !== null, text);
    const { once, each } = costOf(read);
    return once + each;
  };
  const dear = [
    "\\sum_{i=1}^n \\sum_{j=1}^n \\sum_{k=1}^n ijk",
    Array(20).fill("\\frac{7^{2000}}{3^{5000}}").join("+"),
  ];
  for (const text of dear) {
    assert.ok(cost(text) > dearest, text);
    assert.equal(formula(text), null);
  }
  const cheap = [
    "\\frac{2^{2009}-1}{3\\cdot 2^{2008}-1}+1-1",
    "(x+y+z)^{200}",
    "(729/25)^{(2/3)}",
    "\\binom{20}{10}",
    "12!",
  ];
  for (const text of cheap) assert.ok(cost(text) < dearest / 2, `${text}: ${cost(text)}`);
});

Deno.test("long lists are compared item by item only as far as the allowance goes", () => {
  const list = (n: number, item: (i: number) => string) => Array.from({ length: n }, (_, i) => item(i)).join(", ");
  const same = (n: number) =>
    grade(list(n, (i) => `${i}+x`), `\\boxed{${list(n, (i) => `x+${n - 1 - i}`)}}`, "strict").correct;
  assert.ok(same(20));
  assert.ok(!same(64));
  assert.ok(grade(list(64, (i) => `${i}`), `\\boxed{${list(64, (i) => `${63 - i}`)}}`, "strict").correct);
});

Deno.test("what may be read in two ways is read in one, however often it stands there", () => {
  const texts = [
    ...["or  ", "and ", "apples  and ", ",  or ", "orand ", "oror ", "\\text{ or }  ", "x_1 = ", "or, "].flatMap((
      joint,
    ) => [8, 13, 40, 400].map((count) => `\\boxed{1}${joint.repeat(count)}! \\boxed{5}`)),
    ...["\\rm{} ", "\\text{} {} ", "\\text{m}\\cdot ", "\\mathrm{}  "].map((unit) => `\\boxed{5${unit.repeat(40)}!}`),
    `The answer of ${" ".repeat(3900)}5`,
    `answer${" * ".repeat(1300)}5`,
    `La réponse${" ".repeat(3900)}5`,
    `the answer is $1$${" ".repeat(1900)}$2$`,
  ];
  for (const text of texts) {
    for (const mode of ["strict", "lenient", "paper"] as const) {
      const found = grade("7", text, mode);
      assert.equal(found.correct, false, text);
    }
  }
  for (const text of [`\\boxed{${".".repeat(190_000)}x}`, `\\boxed{${"\\mbox{".repeat(30_000)}}`]) {
    assert.equal(grade("7", text, "paper").correct, false);
  }
});
