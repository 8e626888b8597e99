/**
 * The primary claims of `tiny-power`, asked once more: the cells that they need, under seeds of their own, on test problems of another problem
 * seed. It was written down before any verdict of `tiny-power` was known, and has its thresholds.
 */
import { coursesOf, type Models, quantitiesOf } from "../../records/claim.ts";
import type { Cell, Recipe } from "../recipe.ts";
import { tinyPowerEvaluations } from "./cells.ts";
import { reported } from "./conditions.ts";
import { tinyPower } from "./tiny_power.ts";

const claims = tinyPower.claims?.filter(({ primary }) => primary) ?? [];

const asked: ReadonlyArray<Models> = claims.flatMap(({ statistic }) => [
  ...quantitiesOf(statistic),
  ...coursesOf(statistic),
]);

/** Seeds of the study, and those in their place. */
const seeds: ReadonlyMap<number, number> = new Map([[4, 7], [5, 8]]);

/** A cell under the seed in place of its own; none for a third seed, or if no primary claim asks of it. */
const again = (cell: Cell): ReadonlyArray<Cell> => {
  const seed = seeds.get(cell.seed);
  const isAsked = asked.some((of) => of.condition === cell.condition && of.algorithm === cell.algorithm);
  if (seed === undefined || !isAsked) return [];
  const name = cell.name.replace(/_seed-\d+$/, `_seed-${seed}`);
  return [{ ...cell, name, seed, settings: { ...cell.settings, seed } }];
};

/** The recipe of `deno task reproduce --recipe tiny-power-again`. */
export const tinyPowerAgain: Recipe = {
  ...tinyPower,
  name: "tiny-power-again",
  summary: "The primary claims of tiny-power once more, on other test problems and under other seeds: an hour",
  evaluations: tinyPowerEvaluations.filter(({ name }) => name === reported)
    .map((one) => ({ ...one, settings: { ...one.settings, problemSeed: 5 } })),
  cells: tinyPower.cells.flatMap(again),
  claims,
  choices: {},
  after: {
    study: "tiny-power",
    differs:
      "`tiny-power-again` asks the twelve primary claims of `tiny-power` of models trained under other seeds, two of each base in place of " +
      "three, and on test problems of another problem seed.",
  },
};
