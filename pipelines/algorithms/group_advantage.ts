/**
 * Advantages that are one number a response, the same on each of its tokens, and follow from the response's group alone: the responses of
 * one problem. Sums run over sorted numbers, so the order of the batch does not change a response's result.
 */
import type { Advantage, AdvantageNeed, Response } from "./algorithm.ts";

/** The mean of some numbers, whatever their order; exactly their value where all are equal. */
export const meanOf = (numbers: ReadonlyArray<number>): number => {
  const sorted = numbers.toSorted((a, b) => a - b);
  if (sorted[0] === sorted[sorted.length - 1]) return sorted[0];
  return sorted.reduce((sum, x) => sum + x, 0) / sorted.length;
};

/** Whether the rewards of a group differ, so that it says which of its responses are better. */
export const hasSignal = (group: ReadonlyArray<Pick<Response, "reward">>): boolean =>
  group.some(({ reward }) => reward !== group[0].reward);

/** An advantage by group: `advantagesOf` gives one number for each response of a group, in order; `scale` a factor for the whole batch. */
export const groupAdvantage = (
  needs: ReadonlyArray<AdvantageNeed>,
  advantagesOf: (group: ReadonlyArray<Response>) => ReadonlyArray<number>,
  scale: (groups: ReadonlyArray<ReadonlyArray<Response>>) => number = () => 1,
): Advantage => ({
  scope: "batch",
  needs,
  credit: (batch) => {
    const groups = [...Map.groupBy(batch, ({ problemId }) => problemId).values()];
    const factor = scale(groups);
    const found = new Map<Response, number>();
    for (const group of groups) {
      const advantages = advantagesOf(group);
      group.forEach((response, i) => found.set(response, factor * advantages[i]));
    }
    return batch.map((response) => ({
      advantages: new Float32Array(response.responseTokens.length).fill(response.weight * (found.get(response) ?? 0)),
    }));
  },
});
