/**
 * TOPR (arXiv 2503.14286, Eq. (8)): REINFORCE whose incorrect responses are weighted by their ratio up to 1, so that none pushes for ever; correct
 * ones are not weighted. The ratio is each token's, as in ROLL; the paper's is the response's. Learning rate 5e-7 and no weight decay
 * (Section 4.1). Mean over responses; no KL term, no entropy bonus.
 */
import type { Algorithm } from "./algorithm.ts";
import { taperedWeight } from "./loss_forms.ts";
import { rewardAdvantage } from "./reward_advantage.ts";

/** TOPR: the reward, incorrect responses tapered by their ratio. */
export const topr: Algorithm = {
  name: "topr",
  summary: "TOPR: correct responses in full, incorrect ones weighted by their ratio up to 1",
  defaults: { aggregation: "sequence-mean", entropyCoef: 0, learningRate: 5e-7, weightDecay: 0 },
  weight: () => 1,
  advantage: rewardAdvantage,
  loss: taperedWeight,
};
