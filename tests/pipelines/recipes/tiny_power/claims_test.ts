import assert from "node:assert/strict";
import { coursesOf, quantitiesOf } from "../../../../pipelines/records/claim.ts";
import { type Cell, recipes } from "../../../../pipelines/recipes/mod.ts";
import { settingsOf } from "../../../../pipelines/study/plan.ts";

const recipe = recipes["tiny-power"];
const { cells, evaluations, claims = [], choices = {}, settings } = recipe;

const of = ({ condition, algorithm }: { readonly condition: string; readonly algorithm: string }) =>
  cells.filter((cell) => cell.condition === condition && cell.algorithm === algorithm);

const responses = (cell: Cell, name: string): number =>
  Math.max(
    0,
    ...cell.evaluations.filter(({ evaluation, at }) => evaluation === name && at === undefined)
      .map((one) => one.responses ?? evaluations.find((known) => known.name === name)?.settings.responses ?? 0),
  );

Deno.test("every claim asks of cells of five bases, with responses enough, on the reported problems", () => {
  for (const { id, statistic } of claims) {
    for (const quantity of quantitiesOf(statistic)) {
      assert.notEqual(quantity.kind, "insight", id);
      const asked = of(quantity);
      assert.equal(new Set(asked.map(({ base }) => base)).size, 5, `${id}: ${quantity.condition}`);
      if (quantity.kind !== "pass-at-k") continue;
      const { k, evaluation } = quantity;
      assert.equal(evaluation, evaluations[0].name, id);
      assert.ok(asked.every((cell) => responses(cell, evaluation) >= k), `${id}: k = ${k}`);
    }
    for (const course of coursesOf(statistic)) {
      assert.ok(of(course).every((cell) => cell.evaluations.some(({ at }) => at !== undefined)), `${id}: a course`);
    }
  }
  assert.equal(new Set(claims.map(({ id }) => id)).size, claims.length);
});

Deno.test("twelve claims are primary, and they stand first", () => {
  assert.equal(claims.filter(({ primary }) => primary).length, 12);
  assert.ok(claims.slice(0, 12).every(({ primary }) => primary));
});

Deno.test("no seed, and no problem seed, is one of the earlier studies", () => {
  const earlier = recipes["tiny-full"];
  const seeds = new Set([...earlier.cells.map(({ seed }) => seed), recipes.tiny.settings.seed]);
  assert.ok(cells.every(({ seed }) => !seeds.has(seed)));
  const problemSeeds = evaluations.map((one) => one.settings.problemSeed);
  assert.deepEqual(problemSeeds, [3, 4]);
});

Deno.test("cells have names of their own; those that a rule gives a rate come after the cells that it compares", () => {
  assert.equal(new Set(cells.map(({ name }) => name)).size, cells.length);
  const place = new Map(cells.map(({ name }, i) => [name, i]));
  const named = new Set(evaluations.map(({ name }) => name));
  for (const [i, cell] of cells.entries()) {
    assert.match(cell.name, /^[\w.-]+$/);
    const steps = cell.settings.steps ?? settings.steps ?? 0;
    for (const { evaluation, at = [] } of cell.evaluations) {
      assert.ok(named.has(evaluation), cell.name);
      assert.ok(at.every((step) => step < steps), cell.name);
    }
    if (cell.rate === undefined) continue;
    const compared = choices[cell.rate].candidates.flatMap((one) => one.cells);
    assert.ok(compared.every((name) => (place.get(name) ?? Infinity) + 50 < i), cell.name);
  }
});

Deno.test("objectives that are compared, and the cells that choose their rates, share one entropy bonus", () => {
  const compared = cells.filter(({ condition }) => condition === "objectives" || condition.startsWith("rate "));
  assert.ok(compared.length > 80);
  for (const cell of compared) {
    assert.equal(
      settingsOf(recipe, { ...cell.settings, algorithm: cell.algorithm === "base" ? "nsr" : cell.algorithm })
        .entropyCoef,
      1e-4,
      cell.name,
    );
  }
});
