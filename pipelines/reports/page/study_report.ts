/** The content of a study's pages, and its progress. */
import { mean } from "../../../data/statistics.ts";
import type { Explained } from "../../records/explained.ts";
import type { DynamicsRow, EvaluationRow } from "../../records/rows.ts";
import {
  type ChosenRow,
  type FrontierRow,
  type InsightRow,
  labelOf as labelOfCell,
  type SweepRow,
} from "../../records/study_rows.ts";
import type { Cell, Recipe } from "../../recipes/mod.ts";
import { labelOf as labelOfRow, seriesName } from "../series.ts";
import type { FinishedCells } from "../tables/recipe_tables.ts";
import type { Judged } from "../tables/verdicts.ts";
import type { DynamicsWords } from "./dynamics_section.ts";
import type { ShownRecords } from "./excerpts.ts";

/** Rows of a study, and their provenance. Evaluations are required; all else is shown if present. */
export interface StudyReport extends Partial<ShownRecords> {
  /** The title of the page if there is no recipe. */
  readonly name?: string;
  readonly recipe?: Recipe;
  /** The commits of the code that ran the cells, in running order. */
  readonly commits?: ReadonlyArray<string>;
  readonly device?: string;
  readonly evaluations: ReadonlyArray<EvaluationRow>;
  /** Training dynamics of the main condition (the mean if cells are recorded), and facts about them. */
  readonly dynamics: ReadonlyArray<DynamicsRow>;
  readonly dynamicsWords?: DynamicsWords;
  readonly claims?: ReadonlyArray<Judged>;
  readonly frontier?: ReadonlyArray<FrontierRow>;
  readonly sweeps?: ReadonlyArray<SweepRow>;
  readonly chosen?: ReadonlyArray<ChosenRow>;
  readonly insights?: ReadonlyArray<InsightRow>;
  readonly explained?: ReadonlyArray<Explained>;
  /** Names of the finished cells, in a study with recorded cells. */
  readonly cells?: ReadonlyArray<string>;
  /** The number of optimizer steps of each trained cell, by its name. */
  readonly optimizerSteps?: ReadonlyMap<string, number>;
  readonly records?: ReadonlyArray<{ readonly file: string; readonly sha256: string }>;
}

/** The finished cells of the recipe, by condition. */
export const doneOf = (
  { recipe, cells = [], optimizerSteps = new Map() }: StudyReport,
): ReadonlyMap<string, FinishedCells> => {
  const names = new Set(cells);
  const done = (recipe?.cells ?? []).filter(({ name }) => names.has(name));
  const meansOf = (some: ReadonlyArray<Cell>) =>
    [...Map.groupBy(some, ({ algorithm }) => algorithm)].flatMap(([algorithm, own]) => {
      const counts = own.flatMap(({ name }) => optimizerSteps.get(name) ?? []);
      return counts.length === 0 ? [] : [[algorithm, mean(counts)] as const];
    });
  return new Map(
    [...Map.groupBy(done, ({ condition }) => condition)].map(([name, some]) => [
      name,
      { count: some.length, optimizerSteps: new Map(meansOf(some)) },
    ]),
  );
};

/** How many cells of a study are done. */
export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly state: string;
  /** What the numbers of an unfinished study are. */
  readonly caution?: string;
}

/** The progress of a study that records its cells, or of an unfinished comparison; undefined for a complete one. */
export const progressOf = (study: StudyReport): Progress | undefined => {
  const { recipe, cells = [], evaluations } = study;
  if (recipe === undefined) return undefined;
  const total = recipe.cells.length;
  if (recipe.claims !== undefined) {
    if (cells.length === 0) return undefined;
    const done = [...doneOf(study).values()].reduce((sum, { count }) => sum + count, 0);
    if (done >= total) return { done, total, state: `All ${total} cells of the study are done.` };
    const state = `An unfinished study: ${done} of ${total} cells are done.`;
    return { done, total, state, caution: "Numbers are of those cells; claims that need others are untried." };
  }
  const there = new Set(evaluations.map(labelOfRow));
  const missing = recipe.cells.map(labelOfCell).filter((label) => !there.has(label));
  if (missing.length === 0) return undefined;
  const verb = missing.length === 1 ? "is" : "are";
  const state = `An unfinished study: ${missing.map(seriesName).join(", ")} ${verb} not done.`;
  return { done: total - missing.length, total, state, caution: "Numbers are of the other methods." };
};
