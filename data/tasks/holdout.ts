/**
 * One file of problems in two splits. The hash of a question alone decides where it goes, so rows may be added, removed or reordered, and a
 * question that is there twice stands on one side.
 */
import { Key } from "../random.ts";
import type { Problem, Split } from "../task.ts";

/** Where a question stands between 0 and 1, by its words; white space does not count. */
const placeOf = ({ question }: Pick<Problem, "question">): number =>
  Key.fold(Key.make(0), "holdout", question.trim().replaceAll(/\s+/g, " "))[0] / 2 ** 32;

/** Problems in their order by split; `share`, from 0 to 1, is the expected part of the test split. */
export const heldOut = <A extends Pick<Problem, "question">>(
  problems: ReadonlyArray<A>,
  share: number,
): Readonly<Record<Split, ReadonlyArray<A>>> => ({
  train: problems.filter((problem) => placeOf(problem) >= share),
  test: problems.filter((problem) => placeOf(problem) < share),
});
