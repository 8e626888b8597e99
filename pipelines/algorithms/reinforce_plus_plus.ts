/**
 * REINFORCE++ (arXiv 2501.03262, Section 3.1): PPO without a critic. Each token's reward is the penalty -klCoef (old - ref), the last one's also the
 * response's; the advantage is the return of each token, whitened over the rollout batch. Clip 0.2, token mean and no entropy bonus as in verl;
 * the coefficient of the KL is everybody's, 1e-3.
 */
import type { Algorithm } from "./algorithm.ts";
import { tokenReturns } from "./token_returns.ts";

/** REINFORCE++: whitened returns of tokens, KL in the reward. */
export const reinforcePlusPlus: Algorithm = {
  name: "reinforce++",
  summary: "REINFORCE++: each token's return whitened over the batch, KL in the reward",
  defaults: { aggregation: "token-mean", clipRatio: 0.2, entropyCoef: 0 },
  weight: () => 1,
  advantage: tokenReturns,
  needsReference: true,
};
