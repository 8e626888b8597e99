/**
 * The advantage of PSR, NSR, W-REINFORCE and REINFORCE: A = weight * reward on every token of the response, without baseline or
 * normalisation. With only one sign left, either would make every advantage zero. The authors' code scores an incorrect response 0 and
 * subtracts 1 here, so a reward of 0 counts as -1.
 */
import type { Advantage } from "./algorithm.ts";

/** A = weight * reward, the same for each response token. */
export const rewardAdvantage: Advantage = {
  scope: "response",
  needs: [],
  credit: (batch) =>
    batch.map(({ reward, weight, responseTokens }) => ({
      advantages: new Float32Array(responseTokens.length).fill(weight * (reward === 0 ? -1 : reward)),
    })),
};
