/** The plan of a study: the settings of its cells, the shard of one process, and a time estimate measured on two cores without a GPU. */
import { Result } from "effect";
import type { Cell, CellEvaluation, Recipe } from "../recipes/mod.ts";
import * as Progress from "../files/progress.ts";
import { algorithmValues } from "../algorithms/algorithm_settings.ts";
import { gradingDefaults } from "../settings/grading.ts";
import { defaults, type Settings } from "../settings/settings.ts";

/** The defaults, overridden by those of the algorithm, by the recipe and then by `more`. */
export const settingsOf = (recipe: Recipe, more: Partial<Settings>): Settings => ({
  ...defaults,
  ...algorithmValues(more.algorithm ?? recipe.settings.algorithm),
  ...recipe.settings,
  ...more,
});

/** The settings that a cell is trained with. */
export const cellSettings = (recipe: Recipe, { algorithm, settings }: Cell): Settings =>
  settingsOf(recipe, { ...settings, ...(algorithm === "base" ? {} : { algorithm }) });

/** The cells of shard I of N, `I/N`: every Nth, so that each shard has some of the first cells. */
export const shardOf = (
  cells: ReadonlyArray<Cell>,
  shard: string | undefined,
): Result.Result<ReadonlyArray<Cell>, string> => {
  if (shard === undefined) return Result.succeed(cells);
  const [, part, parts] = (/^(\d+)\/(\d+)$/.exec(shard) ?? []).map(Number);
  if (part === undefined || part < 1 || part > parts) {
    return Result.fail(`--shard "${shard}": expected a part I of N as I/N, 1/2 say`);
  }
  return Result.succeed(cells.filter((_, i) => i % parts === part - 1));
};

/** The number of training steps of a cell. */
export const stepsOf = (recipe: Recipe, cell: Cell): number =>
  cell.algorithm === "base" ? 0 : cellSettings(recipe, cell).steps ?? 0;

/** The steps after which a cell is evaluated before its end, ascending. */
export const pointsOf = ({ evaluations }: Cell): ReadonlyArray<number> =>
  [...new Set(evaluations.flatMap(({ at }) => at ?? []))].sort((a, b) => a - b);

const divisor = (a: number, b: number): number => b === 0 ? a : divisor(b, a % b);

/** The checkpoint settings that a cell needs to be evaluated along its training. */
export const savingOf = (recipe: Recipe, cell: Cell): Partial<Settings> => {
  const points = pointsOf(cell);
  if (points.length === 0) return {};
  const saveEvery = points.reduce(divisor);
  return { saveEvery, keep: Math.max(1, Math.ceil(stepsOf(recipe, cell) / saveEvery)) };
};

/** The settings of one evaluation of a cell; the evaluation's `responses` override all others. */
export const evaluationSettings = (
  recipe: Recipe,
  cell: Cell,
  { evaluation, responses }: CellEvaluation,
): Settings => {
  const named = recipe.evaluations.find(({ name }) => name === evaluation);
  return settingsOf(recipe, {
    ...cell.settings,
    split: "test",
    extract: gradingDefaults.evaluate,
    ...named?.settings,
    ...(responses === undefined ? {} : { responses }),
    step: 0,
  });
};

/** The algorithms whose runs the page shows; the first one's prompt is followed through the stages. */
const shownAlgorithms: ReadonlyArray<string> = ["nsr", "psr"];

/** The cells whose runs the page shows: the first of the main condition by each of the algorithms. */
export const shownCells = (cells: ReadonlyArray<Cell>): ReadonlyArray<Cell> =>
  shownAlgorithms.flatMap((algorithm) =>
    cells.find((cell) => cell.condition === "main" && cell.algorithm === algorithm) ?? []
  );

/**
 * Seconds on two cores without a GPU (`wasm`), measured at the sizes of `tiny`: 60 steps of 32 x 8 with its greedy tests (20 seconds of one
 * core; two cells run side by side), and 128 x 256 responses.
 */
const trainingSeconds = 10;
const evaluationSeconds = 7.5;
const secondsPerRollout = trainingSeconds / (60 * 32 * 8);
const secondsPerResponse = evaluationSeconds / (128 * 256);
const secondsPerModel = 0.5;
const testProblems = 128;

/** Estimated seconds of a cell of the tiny study on two cores without a GPU. */
export const secondsOf = (recipe: Recipe, cell: Cell): number => {
  const { prompts = 0, responses } = cellSettings(recipe, cell);
  const training = stepsOf(recipe, cell) * prompts * responses * secondsPerRollout;
  const evaluating = cell.evaluations.map((one) => {
    const { limit = testProblems, responses: drawn } = evaluationSettings(recipe, cell, one);
    return (one.at?.length ?? 1) * (secondsPerModel + limit * drawn * secondsPerResponse);
  });
  return training + evaluating.reduce((sum, seconds) => sum + seconds, 0);
};

/** The plan of a study as lines: its cells by condition, and the estimated time. */
export const planOf = (recipe: Recipe, shard?: string): Result.Result<ReadonlyArray<string>, string> =>
  Result.map(shardOf(recipe.cells, shard), (cells) => {
    const total = (some: ReadonlyArray<Cell>) => some.reduce((sum, cell) => sum + secondsOf(recipe, cell), 0);
    const conditions = [...Map.groupBy(cells, ({ condition }) => condition)];
    return [
      ...conditions.map(([name, some]) => `${name}: ${some.length} cells, about ${Progress.duration(total(some))}`),
      `${cells.length} cells, about ${Progress.duration(total(cells))} in one process on two cores without a GPU: ` +
      `${(2 * total(cells) / 3600).toFixed(1)} core-hours`,
    ];
  });
