import assert from "node:assert/strict";
import { coursesOf, quantitiesOf } from "../../../../pipelines/records/claim.ts";
import { recipes } from "../../../../pipelines/recipes/mod.ts";

const { "tiny-power": study, "tiny-power-again": again } = recipes;

Deno.test("the primary claims are asked again as they stand, of the same models from all five bases", () => {
  const { claims = [], cells } = again;
  assert.deepEqual(claims, study.claims?.filter(({ primary }) => primary));
  assert.equal(claims.length, 12);
  const asked = claims.flatMap(({ statistic }) => [...quantitiesOf(statistic), ...coursesOf(statistic)]);
  const isOf = (cell: typeof cells[number]) => ({ condition, algorithm }: typeof asked[number]) =>
    cell.condition === condition && cell.algorithm === algorithm;
  for (const one of asked) {
    const found = cells.filter((cell) => isOf(cell)(one));
    assert.equal(new Set(found.map(({ base }) => base)).size, 5, one.condition);
  }
  for (const cell of cells) {
    assert.ok(asked.some(isOf(cell)), cell.name);
    const { name, seed, settings, ...rest } = cell;
    const original = study.cells.find((one) => one.name === name.replace(/\d+$/, `${seed - 3}`));
    assert.ok(original !== undefined, name);
    assert.deepEqual({ ...rest, settings: { ...settings, seed: seed - 3 } }, {
      condition: original.condition,
      base: original.base,
      algorithm: original.algorithm,
      settings: original.settings,
      evaluations: original.evaluations,
    });
    assert.equal(settings.seed, seed);
  }
});

Deno.test("it shares no seed, and no problem seed, with the study whose claims it asks", () => {
  const seeds = new Set([...study.cells, ...recipes["tiny-full"].cells].map(({ seed }) => seed));
  assert.ok(again.cells.every(({ seed }) => !seeds.has(seed)));
  const problems = new Set(
    [study, recipes["tiny-full"], recipes.tiny].flatMap(({ evaluations }) =>
      evaluations.map((one) => one.settings.problemSeed)
    ),
  );
  assert.ok(again.evaluations.every((one) => !problems.has(one.settings.problemSeed)));
  assert.equal(again.evaluations[0].settings.problemSeed, 5);
});
