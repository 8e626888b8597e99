/**
 * The gold answer of a solution: its last box, with the boxes joined to it by "and" or "or" if they are different answers. If they are one
 * answer written twice, or the solution says that either will do, only the last one counts.
 */
import { boxedParts } from "../grading/boxed.ts";
import { equivalent } from "../grading/equivalence.ts";

/** A gold answer and how its boxes were read: `joined` into a list, `alternatives` with the last one taken, or one. */
export interface Gold {
  readonly answer: string;
  readonly boxes: "one" | "joined" | "alternatives";
}

const either = /\beither\b[^.]*\baccept|\balso (?:an? )?accept/i;

/** The gold answer of a solution; null if nothing is boxed. */
export function goldOfSolution(solution: string): Gold | null {
  const parts = boxedParts(solution);
  const last = parts.at(-1);
  if (last === undefined) return null;
  if (parts.length === 1) return { answer: last, boxes: "one" };
  const alike = parts.every((part) => equivalent(last, part)) || either.test(solution);
  return alike ? { answer: last, boxes: "alternatives" } : { answer: parts.join(", "), boxes: "joined" };
}
