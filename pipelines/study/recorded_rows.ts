/**
 * The results of a study's cells as rows: problems, correct responses, dynamics and measurements of a step (`problems.ndjson`,
 * `counts.ndjson`, `dynamics.ndjson`, `insights.ndjson`). All its numbers are derived from these. A study that does not record cells has
 * Pass@k (`evaluations.ndjson`) and dynamics of each algorithm's one model.
 */
import { tasks } from "../../data/mod.ts";
import { ks as publishedKs } from "../../data/paper/published.ts";
import { verdictCounts } from "../files/metrics.ts";
import { possibleKs } from "../evaluation/evaluate.ts";
import type { Cell, Recipe } from "../recipes/mod.ts";
import type { DynamicsRow, EvaluationRow } from "../records/rows.ts";
import type * as Records from "../records/schema.ts";
import {
  type CountRow,
  type InsightRow,
  labelOf,
  type ProblemRow,
  roundedDigits,
  type StepRow,
} from "../records/study_rows.ts";
import { defaults } from "../settings/settings.ts";
import { passAtK } from "../stages/pass_at_k.ts";
import type { Outcome } from "./run_cell.ts";

/** A cell with its outcome. */
export interface Done {
  readonly cell: Cell;
  readonly outcome: Outcome;
}

const namesOf = ({ name, condition, algorithm, base, seed }: Cell) => ({
  cell: name,
  condition,
  algorithm,
  base,
  seed,
});

/** The problems of a split in order, with their slices; `problemSeed` generated them unless they are the published ones. */
export const problemRows = (
  prompts: ReadonlyArray<Records.Prompt>,
  problemSeed: number | undefined,
  isGrouped = false,
): ReadonlyArray<ProblemRow> =>
  prompts.map((prompt, index) => ({
    ...(problemSeed !== undefined && { problemSeed }),
    index,
    problemId: prompt.problemId,
    slices: Object.entries(tasks[prompt.task].slices ?? {}).filter(([, holds]) => holds(prompt)).map(([name]) => name)
      .join(" "),
    ...(isGrouped && { group: tasks[prompt.task].alikeBy?.(prompt) ?? prompt.problemId }),
  }));

/** The indices of each slice's problems. */
export const slicesOf = (problems: ReadonlyArray<ProblemRow>): Readonly<Record<string, ReadonlyArray<number>>> => {
  const names = new Set(problems.flatMap(({ slices }) => slices.split(" ").filter((name) => name !== "")));
  return Object.fromEntries(
    [...names].map((name) => [
      name,
      problems.filter(({ slices }) => slices.split(" ").includes(name)).map(({ index }) => index),
    ]),
  );
};

/** Correct responses of every cell, evaluation and point of training, in the order of the evaluation's problems. */
export const countRows = (
  done: ReadonlyArray<Done>,
  problemsOf: (evaluation: string) => ReadonlyArray<ProblemRow>,
): ReadonlyArray<CountRow> =>
  done.flatMap(({ cell, outcome }) =>
    outcome.measured.map(({ evaluation, step, tallies }) => {
      const right = new Map(tallies.map(({ problemId, c }) => [problemId, c]));
      return {
        ...namesOf(cell),
        step,
        evaluation,
        n: Math.min(...tallies.map(({ n }) => n)),
        correct: Int32Array.from(problemsOf(evaluation), ({ problemId }) => right.get(problemId) ?? 0),
      };
    })
  );

const kept = [
  "correctRatio",
  "fullySolvedRatio",
  "meanEntropy",
  "meanResponseLength",
  "truncatedRatio",
  "updates",
  "optimizerSteps",
  "gradNorm",
  "clipFraction",
  "approxKl",
  "cosine",
  "testAccuracy",
  "testEntropy",
];

const normOf = (row: Readonly<Record<string, unknown>>, sign: string): unknown => {
  const part = row[sign];
  return typeof part === "object" && part !== null && "gradNorm" in part ? part.gradNorm : undefined;
};

/** The dynamics of every cell, rounded: only the fields that claims and figures read. */
export const stepRows = (done: ReadonlyArray<Done>): ReadonlyArray<StepRow> =>
  done.flatMap(({ cell, outcome }) =>
    outcome.metrics.map((row) => {
      const found = [
        ...kept.map((name) => [name, row[name]] as const),
        ["positiveGradNorm", normOf(row, "positive")] as const,
        ["negativeGradNorm", normOf(row, "negative")] as const,
      ];
      const numbers = found.flatMap(([name, value]) => typeof value === "number" ? [[name, roundedDigits(value)]] : []);
      return { label: labelOf(cell), ...namesOf(cell), step: Number(row.step), ...Object.fromEntries(numbers) };
    })
  );

/** The measurements of every cell that has them; each names the algorithm of its step. */
export const insightRows = (done: ReadonlyArray<Done>): ReadonlyArray<InsightRow> =>
  done.flatMap(({ cell, outcome }) =>
    (outcome.insights ?? []).map(({ section, insight, algorithm, quantity, value, count, of }) => ({
      ...namesOf(cell),
      algorithm,
      section,
      insight,
      quantity,
      value,
      count,
      of,
    }))
  );

/** Pass@k of each cell by every evaluation, of all problems and of each part of the task. */
export const passAtKRows = (
  recipe: Recipe,
  prompts: ReadonlyArray<Records.Prompt>,
  done: ReadonlyArray<Done>,
): ReadonlyArray<EvaluationRow> => {
  const { task = defaults.task } = recipe.settings;
  const parts = [["all", () => true] as const, ...Object.entries(tasks[task].slices ?? {})].map(([slice, holds]) => ({
    slice,
    names: new Set(prompts.filter(holds).map(({ problemId }) => problemId)),
  }));
  return done.flatMap(({ cell, outcome }) =>
    outcome.measured.flatMap(({ evaluation, tallies }) => {
      const ks = possibleKs(publishedKs, Math.min(...tallies.map(({ n }) => n)));
      return parts.flatMap(({ slice, names }) => {
        const chosen = tallies.filter(({ problemId }) => names.has(problemId));
        if (chosen.length === 0) return [];
        const named = { label: labelOf(cell), algorithm: cell.algorithm, task, evaluation };
        return passAtK(chosen, ks, defaults.bootstrap).map((row) => ({ ...named, ...row, slice }));
      });
    })
  );
};

/** The dynamics of each trained cell as recorded by its run, from the base's step 0 on. */
export const dynamicsRows = (done: ReadonlyArray<Done>): ReadonlyArray<DynamicsRow> => {
  const isBase = ({ cell }: Done) => cell.algorithm === "base";
  const start = done.filter(isBase).flatMap(({ outcome }) => outcome.metrics);
  return done.filter((one) => !isBase(one)).flatMap(({ cell, outcome }) =>
    [...start, ...outcome.metrics].map(({ [verdictCounts]: _, ...row }) => ({ algorithm: cell.algorithm, ...row }))
  );
};
