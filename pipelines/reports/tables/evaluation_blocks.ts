/** Groups evaluation rows by (task, evaluation, slice). A model may have only one number per k; two are an error. */
import { Result } from "effect";
import type { EvaluationRow } from "../../records/rows.ts";
import { labelOf, type Series, seriesOf } from "../series.ts";

/** The measurements of one evaluation; `ks` ascend, `series` are in printing order. */
export interface EvaluationBlock {
  readonly task: string | undefined;
  readonly evaluation: string | undefined;
  readonly slice: string | undefined;
  readonly problems: number | undefined;
  readonly ks: ReadonlyArray<number>;
  readonly series: ReadonlyArray<Series>;
  readonly at: (label: string, k: number) => EvaluationRow | undefined;
}

const sliceOf = ({ slice }: EvaluationRow): string | undefined => slice === "all" ? undefined : slice;

const keyOf = (row: EvaluationRow): string => JSON.stringify([row.task, row.evaluation, sliceOf(row)]);

/** The k of some rows, ascending. */
export const ksOf = (rows: ReadonlyArray<EvaluationRow>): ReadonlyArray<number> =>
  [...new Set(rows.map(({ k }) => k))].sort((a, b) => a - b);

/** The blocks in order of first appearance, or a fault of the rows. */
export const evaluationBlocks = (
  rows: ReadonlyArray<EvaluationRow>,
): Result.Result<ReadonlyArray<EvaluationBlock>, string> => {
  if (rows.length === 0) return Result.fail("there are no rows");
  const odd = rows.find(({ k, passAtK }) => k < 1 || passAtK < 0 || passAtK > 1);
  if (odd !== undefined) return Result.fail(`expected k of at least 1 and passAtK from 0 to 1, found ${show(odd)}`);
  const blocks: EvaluationBlock[] = [];
  for (const members of Map.groupBy(rows, keyOf).values()) {
    const cells = new Map<string, EvaluationRow>();
    for (const row of members) {
      const key = JSON.stringify([labelOf(row), row.k]);
      if (cells.has(key)) return Result.fail(`found two rows for one model at one k, ${show(row)}`);
      cells.set(key, row);
    }
    const [first] = members;
    const problems = members.every((row) => row.problems === first.problems) ? first.problems : undefined;
    blocks.push({
      task: first.task,
      evaluation: first.evaluation,
      slice: sliceOf(first),
      problems,
      ks: ksOf(members),
      series: seriesOf(members),
      at: (label, k) => cells.get(JSON.stringify([label, k])),
    });
  }
  return Result.succeed(blocks);
};

/** A block's name without the task: `T 0.6, hard slice, 96 problems`; empty if nothing has a name. */
export const blockName = ({ evaluation, slice, problems }: EvaluationBlock): string =>
  [
    evaluation ?? [],
    slice === undefined ? [] : `${slice} slice`,
    problems === undefined ? [] : `${problems} problem${problems === 1 ? "" : "s"}`,
  ].flat().join(", ");

/** A block's name with the task. */
export const fullName = (block: EvaluationBlock): string =>
  [block.task ?? [], blockName(block) || []].flat().join(", ");

const show = (row: EvaluationRow): string =>
  [`model "${labelOf(row)}"`, row.evaluation ? `evaluation "${row.evaluation}"` : [], `k ${row.k}`, `${row.passAtK}`]
    .flat().join(", ");

/**
 * Splits the evaluations into those of whole tables (the main condition and the larger learning rate) and those of ablations. Ablations
 * name a condition; rows with a k for which only the base has enough responses are left out.
 */
export const mainAndAblations = (rows: ReadonlyArray<EvaluationRow>) => {
  const isMain = ({ evaluation = "" }: EvaluationRow) => !evaluation.includes(",") || evaluation.endsWith(", lr 3e-4");
  const main = rows.filter(isMain);
  // Evaluations of `evaluate` are named by their sampling, commas and all; none of them is an ablation.
  if (main.length === 0) return { main: rows, ablations: [] };
  const others = rows.filter((row) => !isMain(row));
  const trained = new Set(others.filter((row) => labelOf(row) !== "base").map(({ k }) => k));
  return { main, ablations: others.filter(({ k }) => trained.has(k)) };
};
