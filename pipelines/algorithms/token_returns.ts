/**
 * REINFORCE++'s advantage (arXiv 2501.03262, Section 3.1, Eqs. (4) and (5)): the return of each token, which is the response's reward less
 * klCoef times the sum of (old - ref) from that token on (k1), whitened over all tokens of the rollout batch: (A - mean) /
 * sqrt(var + 1e-8), with the sample variance. This is PPO's advantage without a critic and with gamma = lambda = 1 (`gae.ts`).
 */
import type { Advantage } from "./algorithm.ts";
import { estimate, tokenRewards, whiten } from "./gae.ts";

/** The return of each token, whitened over a rollout batch. */
export const tokenReturns: Advantage = {
  scope: "batch",
  needs: ["oldLogProbs", "referenceLogProbs"],
  credit: (batch, { klCoef }) => {
    const none = new Float32Array(0);
    const returns = batch.map(({ reward, oldLogProbs = none, referenceLogProbs = none }) => {
      const rewards = tokenRewards(reward, oldLogProbs, referenceLogProbs, klCoef);
      return estimate(rewards, new Float32Array(rewards.length), { gamma: 1, lambda: 1 }).returns;
    });
    return whiten(returns).map((advantages, i) => ({
      advantages: Float32Array.from(advantages, (advantage) => batch[i].weight * advantage),
    }));
  },
};
