/**
 * The gold answer of a solution: its last box, and with it the boxes joined to it by "and" or "or" where they are different answers. Where they
 * are one answer written twice, or the solution says that either will do, the last one stands for both.
 */
import { boxedParts } from "../grading/boxed.ts";
import { equivalent } from "../grading/equivalence.ts";

/** A gold answer, and what was seen of its boxes: `joined` into a list, `alternatives` of which the last was taken, or one. */
export interface Gold {
  readonly answer: string;
  readonly boxes: "one" | "joined" | "alternatives";
}

const either = /\beither\b[^.]*\baccept|\balso (?:an? )?accept/i;

/** The gold answer of a solution; null where nothing is boxed. */
export function goldOfSolution(solution: string): Gold | null {
  const parts = boxedParts(solution);
  const last = parts.at(-1);
  if (last === undefined) return null;
  if (parts.length === 1) return { answer: last, boxes: "one" };
  const alike = parts.every((part) => equivalent(last, part)) || either.test(solution);
  return alike ? { answer: last, boxes: "alternatives" } : { answer: parts.join(", "), boxes: "joined" };
}
