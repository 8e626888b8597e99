/**
 * cons@k: how often the answer that most of k responses agree on is right. Responses that give no answer have no vote; where several answers
 * have most votes, the credit is the share of right ones among them, so cons@1 is Pass@1. With n responses the k are taken n / k times, one
 * after another in the order of their sample indices, and the mean is over these groups. Right answers agree with each other (they equal
 * the gold answer); wrong ones agree if they are written alike but for spaces, or by `same`, the task's own equivalence.
 */
import type { Fact } from "./facts.ts";

/** Whether two answers say the same thing. */
export type Same = (a: string, b: string) => boolean;

/** More different wrong answers to one problem than these are compared by their text alone. */
const mostClasses = 64;

/** The class of each response: 0 for right ones, -1 for no answer, else one number for each wrong answer. */
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

/** cons@k of one problem for each k; its responses in the order of their sample indices, at least as many as the largest k. */
export const consAtK = (facts: ReadonlyArray<Fact>, ks: ReadonlyArray<number>, same: Same): ReadonlyArray<number> => {
  const classes = classesOf(facts, same);
  return ks.map((k) => {
    const groups = Math.floor(classes.length / k);
    let sum = 0;
    for (let i = 0; i < groups; i++) sum += credit(classes.subarray(i * k, (i + 1) * k));
    return sum / groups;
  });
};
