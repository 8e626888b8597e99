/** Weighted REINFORCE: lambda * PSR + NSR. lambda = 1 is REINFORCE, lambda = 0 is NSR; the paper uses 0.1. */
import type { Algorithm } from "./algorithm.ts";
import { rewardAdvantage } from "./reward_advantage.ts";

/** W-REINFORCE: weight lambda for correct responses, 1 for incorrect ones. */
export const wReinforce: Algorithm = {
  name: "w-reinforce",
  summary: "weighted REINFORCE: lambda * PSR + NSR",
  weight: (sign, { lambda }) => sign === "positive" ? lambda : 1,
  advantage: rewardAdvantage,
};
