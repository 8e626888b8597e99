/**
 * cons@k: how often the majority answer of k responses is correct. Responses without an answer have no vote. If several answers tie, the
 * credit is the share of correct ones among them, so cons@1 is Pass@1. The n responses form n / k groups of k in the order of their sample
 * indices; the result is the mean over the groups. All correct answers agree with each other (they equal the gold answer). Wrong ones agree
 * if their texts are equal up to spaces, or by `same`, the task's equivalence.
 */
import type { Fact } from "./facts.ts";

/** Whether two answers are equivalent. */
export type Same = (a: string, b: string) => boolean;

/** The number of wrong answers per problem that are compared by equivalence; any more are compared by their text alone. */
const mostClasses = 64;

/** The class of each response: 0 if correct, -1 without an answer, else one number per distinct wrong answer. */
const classesOf = (facts: ReadonlyArray<Fact>, same: Same): Int32Array => {
  const byText = new Map<string, number>();
  const firsts: string[] = [];
  let count = 0;
  return Int32Array.from(facts, ({ correct, answer }) => {
    if (correct) return 0;
    if (answer === null) return -1;
    const text = answer.replaceAll(/\s+/g, "");
    const known = byText.get(text);
    if (known !== undefined) return known;
    const agreed = firsts.findIndex((first) => same(first, answer) || same(answer, first));
    const found = agreed >= 0 ? agreed + 1 : ++count;
    if (agreed < 0 && firsts.length < mostClasses) firsts.push(answer);
    byText.set(text, found);
    return found;
  });
};

/** The credit of one vote. */
const credit = (classes: Int32Array): number => {
  const votes = new Map<number, number>();
  for (const one of classes) if (one >= 0) votes.set(one, (votes.get(one) ?? 0) + 1);
  const most = Math.max(0, ...votes.values());
  if (most === 0) return 0;
  const winners = [...votes].filter(([, count]) => count === most);
  return winners.some(([one]) => one === 0) ? 1 / winners.length : 0;
};

/** cons@k of one problem for each k; its responses are in the order of their sample indices, at least as many as the largest k. */
export const consAtK = (facts: ReadonlyArray<Fact>, ks: ReadonlyArray<number>, same: Same): ReadonlyArray<number> => {
  const classes = classesOf(facts, same);
  return ks.map((k) => {
    const groups = Math.floor(classes.length / k);
    let sum = 0;
    for (let i = 0; i < groups; i++) sum += credit(classes.subarray(i * k, (i + 1) * k));
    return sum / groups;
  });
};
