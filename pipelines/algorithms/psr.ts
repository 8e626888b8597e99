/** Positive sample reinforcement: makes each correct response more likely. Pass@1 rises; entropy and large-k coverage fall. */
import type { Algorithm } from "./algorithm.ts";
import { rewardAdvantage } from "./reward_advantage.ts";

/** PSR: weight 1 for correct responses, 0 for incorrect ones. */
export const psr: Algorithm = {
  name: "psr",
  summary: "positive sample reinforcement: learns from correct responses only",
  weight: (sign) => sign === "positive" ? 1 : 0,
  advantage: rewardAdvantage,
};
