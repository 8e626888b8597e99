/**
 * GRPO's advantage: A = (r - mean) / (std + 1e-6) over the rollouts of one problem, std with the n - 1 of a sample, the
 * same on every token. A group of one has mean 0 and std 1, as in verl. A problem whose rollouts all earned the same
 * gets exactly 0, whatever a sum of its rewards rounds to: without a KL term it moves nothing, with one it moves through that alone (and
 * through the entropy bonus, which every token has). The result for a response does not depend on the order of the batch: sums run over sorted rewards.
 */
import type { Advantage } from "./algorithm.ts";

const EPSILON = 1e-6;

/** Mean and sample standard deviation of a group's rewards, (0, 1) for a group of one. */
export const groupStatistics = (rewards: ReadonlyArray<number>): { readonly mean: number; readonly std: number } => {
  if (rewards.length === 1) return { mean: 0, std: 1 };
  const sorted = rewards.toSorted((a, b) => a - b);
  if (sorted[0] === sorted[sorted.length - 1]) return { mean: sorted[0], std: 0 };
  const mean = sorted.reduce((sum, reward) => sum + reward, 0) / sorted.length;
  const squares = sorted.reduce((sum, reward) => sum + (reward - mean) * (reward - mean), 0);
  return { mean, std: Math.sqrt(squares / (sorted.length - 1)) };
};

/** The reward against its group's mean, in units of the group's standard deviation; groups are made by `problemId`. */
export const groupBaseline: Advantage = {
  scope: "batch",
  needs: [],
  credit: (batch) => {
    const groups = Map.groupBy(batch, ({ problemId }) => problemId);
    const statistics = new Map(
      Array.from(groups, ([problemId, group]) => [problemId, groupStatistics(group.map(({ reward }) => reward))]),
    );
    return batch.map(({ problemId, reward, weight, responseTokens }) => {
      const { mean, std } = statistics.get(problemId) ?? { mean: 0, std: 1 };
      return { advantages: new Float32Array(responseTokens.length).fill(weight * (reward - mean) / (std + EPSILON)) };
    });
  },
};
