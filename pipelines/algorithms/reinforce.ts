/** REINFORCE: PSR + NSR with equal weights, rewards +1 and -1, no baseline. */
import type { Algorithm } from "./algorithm.ts";
import { rewardAdvantage } from "./reward_advantage.ts";

/** REINFORCE: weight 1 for both signs. */
export const reinforce: Algorithm = {
  name: "reinforce",
  summary: "REINFORCE: correct and incorrect responses with equal weight",
  weight: () => 1,
  advantage: rewardAdvantage,
};
