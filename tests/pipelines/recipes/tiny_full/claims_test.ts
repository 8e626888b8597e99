import assert from "node:assert/strict";
import { coursesOf, quantitiesOf } from "../../../../pipelines/records/claim.ts";
import { studyClaims } from "../../../../pipelines/recipes/tiny_full/claims.ts";
import { type Cell, recipes } from "../../../../pipelines/recipes/mod.ts";

const { cells, evaluations, sweeps = [], settings } = recipes["tiny-full"];

const of = ({ condition, algorithm }: { readonly condition: string; readonly algorithm: string }) =>
  cells.filter((cell) => cell.condition === condition && cell.algorithm === algorithm);

const responses = (cell: Cell, name: string, step: number | undefined): number =>
  Math.max(
    0,
    ...cell.evaluations.filter(({ evaluation, at }) =>
      evaluation === name &&
      (step === undefined ? at === undefined : at?.includes(step) || cell.settings.steps === step)
    ).map((one) => one.responses ?? evaluations.find((known) => known.name === name)?.settings.responses ?? 0),
  );

Deno.test("every claim asks of cells that the full study has, with responses enough", () => {
  for (const { id, statistic } of studyClaims) {
    for (const quantity of quantitiesOf(statistic)) {
      if (quantity.kind === "insight") {
        assert.ok(cells.some(({ condition, insights }) => condition === quantity.condition && insights), id);
        continue;
      }
      const asked = of(quantity);
      assert.ok(asked.length >= 3, `${id}: ${quantity.condition}, ${quantity.algorithm}`);
      if (quantity.kind === "metric") continue;
      const { k, evaluation, step } = quantity;
      assert.ok(asked.every((cell) => responses(cell, evaluation, step) >= k), `${id}: k = ${k}, ${evaluation}`);
    }
    for (const course of coursesOf(statistic)) {
      assert.ok(of(course).some((cell) => cell.evaluations.some(({ at }) => at !== undefined)), `${id}: a course`);
    }
  }
  assert.equal(new Set(studyClaims.map(({ id }) => id)).size, studyClaims.length);
});

Deno.test("cells of the full study have names of their own, bases that are shipped, and evaluations that exist", () => {
  assert.equal(new Set(cells.map(({ name }) => name)).size, cells.length);
  const names = new Set(evaluations.map(({ name }) => name));
  for (const cell of cells) {
    assert.match(cell.name, /^[\w.-]+$/);
    assert.ok(Deno.statSync(`${cell.settings.model}/model.safetensors`).isFile, cell.name);
    const steps = cell.settings.steps ?? settings.steps ?? 0;
    for (const { evaluation, at = [] } of cell.evaluations) {
      assert.ok(names.has(evaluation), `${cell.name}: ${evaluation}`);
      assert.ok(at.every((step) => step < steps), cell.name);
    }
  }
  for (const { repeats } of evaluations) assert.ok(repeats === undefined || names.has(repeats));
  for (const { setting, points } of sweeps) {
    for (const point of points) assert.ok(of(point).length > 0, `${setting} ${point.value}`);
  }
});
