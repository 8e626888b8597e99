import assert from "node:assert/strict";
import { recipes } from "../../../pipelines/recipes/mod.ts";
import { evidenceOf } from "../../../pipelines/study/evidence.ts";
import { dynamicsOfCells, evaluationRows, frontierRows } from "../../../pipelines/study/derived_rows.ts";
import type { CountRow, StepRow } from "../../../pipelines/records/study_rows.ts";

const count = (algorithm: string, seed: number, step: number, n: number, share: number): CountRow => ({
  cell: `${algorithm}/${seed}`,
  condition: algorithm === "base" ? "base" : "main",
  algorithm,
  base: 1,
  seed,
  step,
  evaluation: "T 0.6",
  n,
  correct: Int32Array.from({ length: 4 }, () => share * n),
});

// Seed 1 draws 256 responses at the end and in the middle, 64 early; seed 2 only at the end.
const counts = [
  count("base", 1, 0, 256, 0.5),
  count("base", 2, 0, 256, 0.25),
  count("nsr", 1, 5, 64, 0.625),
  count("nsr", 1, 10, 256, 0.75),
  count("nsr", 1, 60, 256, 0.875),
  count("nsr", 2, 5, 64, 0.625),
  count("nsr", 2, 60, 256, 1),
];

Deno.test("the frontier has k = 256 where there are as many responses, on the cells that have every such point", () => {
  const rows = frontierRows(recipes.tiny, counts, evidenceOf({ counts, steps: [], slices: {} }));
  const of = (k: number) => rows.filter((row) => row.k === k).map(({ step, passAt1, cells }) => [step, passAt1, cells]);
  assert.deepEqual(of(256), [[0, 0.5, 1], [10, 0.75, 1], [60, 0.875, 1]]);
  assert.deepEqual(of(64).map(([step]) => step), [0, 5, 10, 60]);
  assert.deepEqual(of(64)[1], [5, 0.625, 2]);
});

Deno.test("one point after the base is no frontier", () => {
  const few = counts.filter(({ step }) => step === 0 || step === 60);
  assert.deepEqual(frontierRows(recipes.tiny, few, evidenceOf({ counts: few, steps: [], slices: {} })), []);
});

Deno.test("beside algorithms along training, one that was evaluated once has its one point", () => {
  const one = [...counts, count("psr", 1, 60, 64, 0.75)];
  const rows = frontierRows(recipes.tiny, one, evidenceOf({ counts: one, steps: [], slices: {} }));
  const psr = rows.filter(({ label }) => label === "psr").map(({ k, step, passAt1 }) => [k, step, passAt1]);
  assert.deepEqual(psr, [[64, 60, 0.75]]);
});

Deno.test("a condition with bases of its own begins with them, done or not, any other with the usual ones", () => {
  const of = (condition: string, algorithm: string, share: number) => ({
    ...count(algorithm, 1, algorithm === "base" ? 0 : 60, 4, share),
    condition,
    cell: `${condition}/${algorithm}`,
  });
  const all = [
    of("base", "base", 0.25),
    of("main", "nsr", 0.5),
    of("padded", "base", 0),
    of("padded", "nsr", 0.75),
    of("clip off", "nsr", 1),
    of("latent base", "base", 0.75),
    of("latent mode", "nsr", 0.5),
  ];
  const recipe = {
    settings: recipes.tiny.settings,
    cells: all.map(({ condition, algorithm }) => ({
      ...recipes.tiny.cells[0],
      condition,
      algorithm: algorithm === "base" ? "base" as const : "nsr" as const,
      settings: { model: condition.split(" ")[0] === "latent" ? "latent" : "usual" },
    })),
  };
  const shown = (done: typeof all) =>
    evaluationRows(recipe, done, evidenceOf({ counts: done, steps: [], slices: {} }))
      .filter(({ k }) => k === 1).map((row) => [row.evaluation, row.label, row.passAtK]);
  assert.deepEqual(shown(all), [
    ["T 0.6", "base", 0.25],
    ["T 0.6", "nsr", 0.5],
    ["T 0.6, padded", "base", 0],
    ["T 0.6, padded", "nsr", 0.75],
    ["T 0.6, clip off", "base", 0.25],
    ["T 0.6, clip off", "nsr", 1],
    ["T 0.6, latent mode", "base", 0.75],
    ["T 0.6, latent mode", "nsr", 0.5],
  ]);
  const early = of("latent mode", "nsr", 0.25);
  const along = [...all, { ...early, step: 30 }].map((row) => ({
    ...row,
    n: 64,
    correct: row.correct.map((c) => 16 * c),
  }));
  const frontier = frontierRows(recipe, along, evidenceOf({ counts: along, steps: [], slices: {} }));
  assert.deepEqual(
    frontier.filter(({ condition }) => condition === "latent mode").map(({ step, passAt1 }) => [step, passAt1]),
    [[0, 0.75], [30, 0.25], [60, 0.5]],
  );
  const unfinished = all.filter(({ condition, algorithm }) => condition !== "padded" || algorithm !== "base");
  assert.deepEqual(shown(unfinished).filter(([name]) => name === "T 0.6, padded"), [["T 0.6, padded", "nsr", 0.75]]);
});

const step = (condition: string, algorithm: string, base: number, accuracy: number): StepRow => ({
  label: algorithm,
  cell: `${condition}/${algorithm}/${base}`,
  condition,
  algorithm,
  base,
  seed: 1,
  step: condition === "base" ? 0 : 1,
  testAccuracy: accuracy,
  cosine: 0.25,
});

Deno.test("a page's dynamics are the mean over cells, from the bases on, and say of how few and of how many", () => {
  const { dynamics, dynamicsWords } = dynamicsOfCells([
    step("base", "base", 1, 0.5),
    step("base", "base", 2, 0.75),
    step("main", "psr", 1, 0.5),
    step("main", "nsr", 1, 0.75),
    step("main", "nsr", 2, 1),
    step("one update a batch", "reinforce", 1, 1),
  ]);
  assert.deepEqual(dynamics.map(({ algorithm, step, testAccuracy }) => [algorithm, step, testAccuracy]), [
    ["psr", 0, 0.625],
    ["psr", 1, 0.5],
    ["nsr", 0, 0.625],
    ["nsr", 1, 0.875],
  ]);
  assert.deepEqual(dynamicsWords.cells, [1, 2]);
  assert.deepEqual(dynamicsWords.onPolicy.map((row) => Reflect.get(row, "cosine")), [0.25, 0.25]);
});
