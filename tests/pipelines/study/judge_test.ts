import assert from "node:assert/strict";
import { type Statistic, type StudyClaim, verdictOf } from "../../../pipelines/records/claim.ts";
import { drawsOf } from "../../../pipelines/study/bootstrap.ts";
import { evidenceOf } from "../../../pipelines/study/evidence.ts";
import { judge } from "../../../pipelines/study/judge.ts";
import { recorded } from "./made_up_study.ts";

const passAt = (algorithm: string, k: number, more: object = {}) => ({
  kind: "pass-at-k" as const,
  condition: algorithm === "base" ? "base" : "main",
  algorithm,
  evaluation: "T 0.6",
  k,
  ...more,
});

const asked = (statistic: Statistic, more: Partial<StudyClaim> = {}) =>
  judge(
    [{
      id: "made-up",
      statement: "made up",
      where: "nowhere",
      statistic,
      comparison: "above",
      threshold: 0,
      unit: "share",
      ...more,
    }],
    evidenceOf(recorded),
    200,
  )[0];

const near = (found: number | undefined, expected: number) =>
  assert.ok(Math.abs((found ?? NaN) - expected) < 1e-12, `${found}, expected ${expected}`);

Deno.test("a difference of Pass@1 is the mean over problems and cells, paired", () => {
  const row = asked({ name: "difference", of: passAt("psr", 1), minus: passAt("base", 1) });
  near(row.value, 3 / 8);
  // Every problem gains the same, so a paired interval has no width.
  near(row.low, 3 / 8);
  near(row.high, 3 / 8);
  assert.equal(row.cells, 4);
  assert.equal(row.verdict, "holds");
});

Deno.test("a Pass@k alone has an interval over problems; a slice has the problems of the slice only", () => {
  const row = asked({ name: "difference", of: passAt("psr", 1) });
  near(row.value, 5.5 / 8);
  assert.ok((row.low ?? 1) < 5.5 / 8 && (row.high ?? 0) > 5.5 / 8);
  near(asked({ name: "difference", of: passAt("psr", 1, { slice: "hard" }) }).value, 5 / 8);
  near(asked({ name: "difference", of: passAt("psr", 1, { step: 5 }) }).value, 3.5 / 8);
});

Deno.test("least and greatest are taken draw by draw, of any statistics", () => {
  const psr: Statistic = { name: "difference", of: passAt("psr", 1), minus: passAt("base", 1) };
  const nsr: Statistic = { name: "difference", of: passAt("nsr", 1), minus: passAt("base", 1) };
  near(asked({ name: "least", of: [psr, nsr] }).value, 2 / 8);
  near(asked({ name: "greatest", of: [psr, { name: "least", of: [psr, nsr] }] }).value, 3 / 8);
});

Deno.test("at matched Pass@1 the course is taken where it first has it, between two of its points", () => {
  // PSR passes NSR's 4.5 / 8 midway between 3.5 (step 5) and 5.5 (step 10).
  const matched = asked({
    name: "at-matched",
    by: "pass-at-1",
    of: passAt("nsr", 1),
    course: { condition: "main", algorithm: "psr", evaluation: "T 0.6" },
  });
  near(matched.value, 0);
});

Deno.test("at matched updates the course is taken after as many updates, the base being none", () => {
  // NSR's 10 updates are PSR's at step 5, where it has 3.5 / 8.
  const matched = asked({
    name: "at-matched",
    by: "updates",
    of: passAt("nsr", 1),
    course: { condition: "main", algorithm: "psr", evaluation: "T 0.6" },
  });
  near(matched.value, 1 / 8);
  const best = asked({
    name: "above-best",
    of: passAt("nsr", 1),
    course: { condition: "main", algorithm: "psr", evaluation: "T 0.6" },
  });
  near(best.value, -1 / 8);
  assert.equal(best.verdict, "does not");
});

Deno.test("metrics are means over a span of steps; a ratio is of means", () => {
  const metric = (algorithm: string, first: number, last: number) => ({
    kind: "metric" as const,
    condition: "main",
    algorithm,
    field: "testEntropy",
    steps: [first, last] as const,
  });
  near(asked({ name: "difference", of: metric("psr", 1, 10) }).value, 0.25);
  near(asked({ name: "ratio", of: metric("psr", 10, 10), over: metric("nsr", 10, 10) }).value, 0.5);
});

Deno.test("what no cell can answer is untried, and so is a k beyond the responses", () => {
  assert.equal(asked({ name: "difference", of: passAt("grpo", 1) }).verdict, "untried");
  const row = asked({ name: "difference", of: passAt("psr", 16) });
  assert.deepEqual([row.verdict, row.cells, row.value], ["untried", 0, undefined]);
});

Deno.test("a verdict needs the whole interval on one side", () => {
  const above = { comparison: "above", threshold: 0 } as const;
  assert.deepEqual([[1, 2], [-1, 1], [-2, -1], [0, 1], [-1, 0]].map(([low, high]) => verdictOf(above, low, high)), [
    "holds",
    "undecided",
    "does not",
    "undecided",
    "does not",
  ]);
  const below = { comparison: "below", threshold: 0.5 } as const;
  assert.deepEqual([[0, 0.4], [0.4, 0.6], [0.5, 1]].map(([low, high]) => verdictOf(below, low, high)), [
    "holds",
    "undecided",
    "does not",
  ]);
  const within = { comparison: "within", threshold: 1 } as const;
  assert.deepEqual([[-0.5, 0.5], [-2, 0], [1, 2], [-3, -1]].map(([low, high]) => verdictOf(within, low, high)), [
    "holds",
    "undecided",
    "does not",
    "does not",
  ]);
  assert.equal(verdictOf(above, NaN, 1), "untried");
});

Deno.test("draws are the same each time, begin with the study itself, and draw as many as there are", () => {
  const draws = drawsOf(3, 5, 50);
  assert.deepEqual(draws, drawsOf(3, 5, 50));
  assert.deepEqual([...draws[0].cells, ...draws[0].problems], Array(8).fill(1));
  for (const { cells, problems } of draws) {
    assert.equal(cells.reduce((sum, x) => sum + x, 0), 3);
    assert.equal(problems.reduce((sum, x) => sum + x, 0), 5);
  }
});
