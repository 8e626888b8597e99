/**
 * PPO's advantage. Each token's reward is the penalty -klCoef * (old - ref) (the k1 estimator); the last token also gets the response's
 * reward. Generalised advantage estimation (Schulman et al. 2016) then runs from the end of the response:
 *   delta_t = r_t + gamma V_{t+1} - V_t,   A_t = delta_t + gamma lambda A_{t+1},   R_t = A_t + V_t,
 * with V = 0 after the last token, truncated or not. `returns` use these raw advantages, which are then whitened over all tokens of the
 * batch: (A - mean) / sqrt(var + 1e-8), with the sample variance (n - 1; 0 for a single token). Sums are float64 over sorted partial sums,
 * so the order of the batch does not change a response's result.
 */
import type { Advantage } from "./algorithm.ts";

const EPSILON = 1e-8;

/** Discount `gamma` and trace decay `lambda`, both 1 in the paper. */
export interface Decay {
  readonly gamma: number;
  readonly lambda: number;
}

/** The reward of each token: -klCoef * (oldLogProbs - referenceLogProbs), plus `reward` on the last. */
export const tokenRewards = (
  reward: number,
  oldLogProbs: Float32Array,
  referenceLogProbs: Float32Array,
  klCoef: number,
): Float64Array => {
  const rewards = Float64Array.from(oldLogProbs, (old, t) => klCoef * (referenceLogProbs[t] - old));
  if (rewards.length > 0) rewards[rewards.length - 1] += reward;
  return rewards;
};

/** Raw advantages and returns of one response of T tokens. There is no bootstrap value after its end. */
export const estimate = (
  rewards: Float64Array,
  values: Float32Array,
  { gamma, lambda }: Decay,
): { readonly advantages: Float64Array; readonly returns: Float64Array } => {
  const advantages = new Float64Array(rewards.length);
  let nextAdvantage = 0;
  let nextValue = 0;
  for (let t = rewards.length - 1; t >= 0; t--) {
    const delta = rewards[t] + gamma * nextValue - values[t];
    nextAdvantage = delta + gamma * lambda * nextAdvantage;
    nextValue = values[t];
    advantages[t] = nextAdvantage;
  }
  return { advantages, returns: advantages.map((advantage, t) => advantage + values[t]) };
};

/** Shifts and scales the numbers of all lists together to mean 0 and variance 1. */
export const whiten = (lists: ReadonlyArray<Float64Array>): ReadonlyArray<Float64Array> => {
  const count = lists.reduce((sum, list) => sum + list.length, 0);
  const total = (term: (x: number) => number) =>
    lists.map((list) => list.reduce((sum, x) => sum + term(x), 0)).sort((a, b) => a - b).reduce((a, b) => a + b, 0);
  const mean = total((x) => x) / count;
  const variance = count > 1 ? total((x) => (x - mean) * (x - mean)) / (count - 1) : 0;
  const scale = 1 / Math.sqrt(variance + EPSILON);
  return lists.map((list) => list.map((x) => (x - mean) * scale));
};

/** Generalised advantages, whitened over a rollout batch, and the critic's returns. */
export const gae = (decay: Decay): Advantage => ({
  scope: "batch",
  needs: ["oldLogProbs", "referenceLogProbs", "values"],
  credit: (batch, { klCoef }) => {
    const none = new Float32Array(0);
    const raw = batch.map(({ reward, oldLogProbs = none, referenceLogProbs = none, values = none }) =>
      estimate(tokenRewards(reward, oldLogProbs, referenceLogProbs, klCoef), values, decay)
    );
    return whiten(raw.map(({ advantages }) => advantages)).map((advantages, i) => ({
      advantages: Float32Array.from(advantages, (advantage) => batch[i].weight * advantage),
      returns: Float32Array.from(raw[i].returns),
    }));
  },
});
