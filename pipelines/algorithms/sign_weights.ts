/**
 * Separate weights for both signs, after arXiv 2506.01347, Section 5: positiveWeight * PSR + negativeWeight * NSR. With 1 and 1, the defaults, it is
 * REINFORCE; with lambda and 1 it is W-REINFORCE. A weight of 0 drops a sign.
 */
import { number, setting } from "../settings/setting.ts";
import { makeAlgorithm } from "./algorithm.ts";
import { rewardAdvantage } from "./reward_advantage.ts";

/** Sign weights: one weight for correct responses, another for incorrect ones. */
export const signWeights = makeAlgorithm({
  name: "sign-weights",
  summary: "positive-weight * PSR + negative-weight * NSR",
  settings: {
    positiveWeight: setting(1, number({ min: 0 }), "weight of correct responses"),
    negativeWeight: setting(1, number({ min: 0 }), "weight of incorrect responses"),
  },
  weight: (sign, { positiveWeight, negativeWeight }) => sign === "positive" ? positiveWeight : negativeWeight,
  advantage: rewardAdvantage,
});
