import assert from "node:assert/strict";
import { Result } from "effect";
import { recipes } from "../../../pipelines/recipes/mod.ts";
import { planOf, secondsOf } from "../../../pipelines/study/plan.ts";

Deno.test("the plan of the tiny study has a line a condition, and its time without a GPU", () => {
  const lines = Result.getOrThrow(planOf(recipes["tiny"]));
  assert.match(lines[0], /^base: 1 cells, about \d+ s$/);
  assert.match(lines[1], /^main: 6 cells, about \d+ min/);
  assert.match(lines[2], /^7 cells, about \d+ min.* in one process on two cores without a GPU: \d+\.\d core-hours$/);
});

Deno.test("a cell takes the time of its steps and of its responses, a base only that of its responses", () => {
  const recipe = recipes["tiny"];
  const [base, ...trained] = recipe.cells.map((cell) => secondsOf(recipe, cell));
  for (const seconds of trained) assert.ok(seconds > base && seconds < 10 * base, `${seconds} and ${base} s`);
});
