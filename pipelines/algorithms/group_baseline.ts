/**
 * GRPO's advantage: A = (r - mean) / (std + 1e-6) over the rollouts of one problem, with the sample std (n - 1), the same on every token. A
 * group of one has mean 0 and std 1, as in verl. If all rewards of a group are equal, A is exactly 0 whatever the rounding of their sum;
 * only the KL term and the entropy bonus then have a gradient. Sums run over sorted rewards, so the order of the batch does not change a
 * response's result.
 */
import type { Advantage } from "./algorithm.ts";

const EPSILON = 1e-6;

/** Mean and sample standard deviation of a group's rewards; (0, 1) for a group of one. */
export const groupStatistics = (rewards: ReadonlyArray<number>): { readonly mean: number; readonly std: number } => {
  if (rewards.length === 1) return { mean: 0, std: 1 };
  const sorted = rewards.toSorted((a, b) => a - b);
  if (sorted[0] === sorted[sorted.length - 1]) return { mean: sorted[0], std: 0 };
  const mean = sorted.reduce((sum, reward) => sum + reward, 0) / sorted.length;
  const squares = sorted.reduce((sum, reward) => sum + (reward - mean) * (reward - mean), 0);
  return { mean, std: Math.sqrt(squares / (sorted.length - 1)) };
};

/** The reward minus its group's mean, divided by the group's standard deviation; a group shares one `problemId`. */
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
