/** What the pages of a study are made of, and how much of it is done. */
import type { Explained } from "../../records/explained.ts";
import type { DynamicsRow, EvaluationRow } from "../../records/rows.ts";
import type { FrontierRow, InsightRow, SweepRow } from "../../records/study_rows.ts";
import type { Recipe } from "../../recipes/mod.ts";
import type { Judged } from "../tables/verdicts.ts";
import type { DynamicsWords } from "./dynamics_section.ts";
import type { ShownRecords } from "./excerpts.ts";
import type { Progress } from "./summary_section.ts";

/** Rows of a study, and where they come from; it has at least its evaluations, all else is shown where it is there. */
export interface StudyReport extends Partial<ShownRecords> {
  /** What the page is called where no recipe names it. */
  readonly name?: string;
  readonly recipe?: Recipe;
  /** The commits of the code that ran it, in the order of running. */
  readonly commits?: ReadonlyArray<string>;
  readonly device?: string;
  readonly evaluations: ReadonlyArray<EvaluationRow>;
  /** Training dynamics of the main condition, their mean where cells are kept; and what is said of them. */
  readonly dynamics: ReadonlyArray<DynamicsRow>;
  readonly dynamicsWords?: DynamicsWords;
  readonly claims?: ReadonlyArray<Judged>;
  readonly frontier?: ReadonlyArray<FrontierRow>;
  readonly sweeps?: ReadonlyArray<SweepRow>;
  readonly insights?: ReadonlyArray<InsightRow>;
  readonly explained?: ReadonlyArray<Explained>;
  /** Names of the cells that are done, of a study that keeps them. */
  readonly cells?: ReadonlyArray<string>;
  readonly records?: ReadonlyArray<{ readonly file: string; readonly sha256: string }>;
}

/** The cells of the recipe that are done, by condition. */
export const doneOf = ({ recipe, cells = [] }: StudyReport): ReadonlyMap<string, number> => {
  const names = new Set(cells);
  const done = (recipe?.cells ?? []).filter(({ name }) => names.has(name));
  return new Map([...Map.groupBy(done, ({ condition }) => condition)].map(([name, some]) => [name, some.length]));
};

/** How many of the recipe's cells are done; undefined for a study that keeps none. */
export const progressOf = (study: StudyReport): Progress | undefined => {
  const { recipe, cells = [] } = study;
  if (recipe === undefined || cells.length === 0) return undefined;
  const done = [...doneOf(study).values()].reduce((sum, count) => sum + count, 0);
  return { done, total: recipe.cells.length };
};
