/**
 * Negative sample reinforcement: trains on incorrect responses only and makes each less likely. The probability they lose goes to the other
 * tokens in proportion to the policy's own probabilities, so NSR prunes and does not sharpen.
 */
import type { Algorithm } from "./algorithm.ts";
import { rewardAdvantage } from "./reward_advantage.ts";

/** NSR: weight 0 for correct responses, 1 for incorrect ones. */
export const nsr: Algorithm = {
  name: "nsr",
  summary: "negative sample reinforcement: learns from incorrect responses only",
  weight: (sign) => sign === "negative" ? 1 : 0,
  advantage: rewardAdvantage,
};
