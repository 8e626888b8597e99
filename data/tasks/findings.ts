/**
 * Problems in the rows of a data set, for a reader: gold answers that are missing, joined or one of several, stored targets that differ
 * from the solution, and duplicate questions, above all between training and test.
 */
import { grade } from "../grading/grade.ts";
import type { Problem } from "../task.ts";
import { goldOfSolution } from "./gold.ts";
import { nearDuplicates } from "./near_duplicates.ts";
import { fieldsOf } from "./rows.ts";

/** One finding; `other` is the second problem of a pair. */
export interface Finding {
  readonly finding:
    | "empty gold"
    | "joined boxes"
    | "alternative boxes"
    | "damaged target"
    | "leak"
    | "duplicate"
    | "variant";
  readonly problemId: string;
  readonly other: string;
  readonly detail: string;
}

/** Findings about single rows as stored. */
export function goldFindings(rows: ReadonlyArray<unknown>, prefix: string): ReadonlyArray<Finding> {
  return rows.flatMap((row, i): ReadonlyArray<Finding> => {
    const { solution, target } = fieldsOf(row);
    const gold = solution === null ? null : goldOfSolution(solution);
    if (gold === null) return [];
    const problemId = `${prefix}/${i}`;
    const found = (finding: Finding["finding"], detail: string): Finding => ({ finding, problemId, other: "", detail });
    if (gold.answer.trim() === "") return [found("empty gold", "the last box holds nothing")];
    return [
      ...(gold.boxes === "joined" ? [found("joined boxes", gold.answer)] : []),
      ...(gold.boxes === "alternatives" ? [found("alternative boxes", gold.answer)] : []),
      ...(target === null || gold.boxes !== "one" || grade(gold.answer, `\\boxed{${target}}`, "strict").correct
        ? []
        : [found("damaged target", `"${target}" for "${gold.answer}"`)]),
    ];
  });
}

/**
 * Duplicate problems: texts at least this similar with the same answer, a leak if across splits. Texts with a similarity from 0.9 on and
 * different answers are variants of one problem.
 */
export function repeatedProblems(problems: ReadonlyArray<Problem>, atLeast = 0.8): ReadonlyArray<Finding> {
  const splitOf = ({ problemId }: Problem) => problemId.slice(0, problemId.lastIndexOf("/"));
  const pairs = nearDuplicates(problems.map(({ question }) => question), atLeast);
  return pairs.flatMap(({ first, second, similarity }): ReadonlyArray<Finding> => {
    const [a, b] = [problems[first], problems[second]];
    const same = grade(a.goldAnswer, `\\boxed{${b.goldAnswer}}`, "strict").correct;
    if (!same && similarity < 0.9) return [];
    const finding = !same ? "variant" : splitOf(a) === splitOf(b) ? "duplicate" : "leak";
    return [{
      finding,
      problemId: a.problemId,
      other: b.problemId,
      detail: `${(100 * similarity).toFixed(0)} % alike`,
    }];
  });
}
