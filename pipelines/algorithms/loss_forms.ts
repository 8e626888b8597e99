/**
 * Forms of the policy term beside PPO's clipped ratio (`objective.ts`). With log-prob l, advantage A, and r the token's probability ratio:
 *   sequenceClip    max(-A s, -A clip(s, 1 - e, 1 + h)), s the geometric mean of r over the response, e = clipRatio, h = clipRatioHigh
 *                   (GSPO, arXiv 2507.18071, Eqs. (5) to (7));
 *   clippedWeight   -w A l, w = clip(r, 1 - e, 1 + h) (CISPO, arXiv 2506.13585, Eqs. (4) and (5));
 *   taperedWeight   -w A l, w = 1 where A > 0, else min(r, 1) (TOPR, arXiv 2503.14286, Eq. (8), token by token as in ROLL);
 *   logLikelihood   -A l (REINFORCE; GPG, arXiv 2504.02546).
 * No gradient passes through w. That of s is GSPO-token's (Eqs. (13) and (14)): -A s by each l, or 0 where the clip decides, which is GSPO's
 * own where A is the same all along the response. The derivative of the others by l is -A w. On-policy each is exactly -A.
 */
import * as Elementary from "../../data/elementary/mod.ts";
import { clippedRatio, type LossForm } from "./objective.ts";

/** GSPO's: the clipped ratio, with the geometric mean of a response's ratios in place of each. */
export const sequenceClip: LossForm = (tokens, settings) => {
  const { logRatios, heldLogRatios } = tokens;
  const mean = heldLogRatios.reduce((sum, logRatio) => sum + logRatio, 0) / heldLogRatios.length;
  return clippedRatio({ ...tokens, logRatios: logRatios.map((x, t) => mean + (x - heldLogRatios[t])) }, settings);
};

/** -w A l; `weigh` gives w, and whether a bound decided it. */
const weighted = (
  weigh: (
    ratio: number,
    advantage: number,
    settings: Parameters<LossForm>[1],
  ) => { readonly weight: number; readonly isBound: boolean },
): LossForm =>
({ logProbs, heldLogRatios, advantages }, settings) => {
  const weights = Array.from(
    heldLogRatios,
    (logRatio, t) => weigh(Elementary.exp(logRatio), advantages[t], settings),
  );
  const derivatives = advantages.map((advantage, t) => -advantage * weights[t].weight);
  return {
    losses: derivatives.map((derivative, t) => derivative * logProbs[t]),
    derivatives,
    clipped: weights.filter(({ isBound }) => isBound).length,
  };
};

/** CISPO's: the log-likelihood weighted by the clipped ratio. */
export const clippedWeight: LossForm = weighted((ratio, _, { clipRatio, clipRatioHigh = clipRatio }) => {
  const weight = Math.min(Math.max(ratio, 1 - clipRatio), 1 + clipRatioHigh);
  return { weight, isBound: weight !== ratio };
});

/** TOPR's: the log-likelihood, weighted by the ratio up to 1 where the advantage is not positive. */
export const taperedWeight: LossForm = weighted((ratio, advantage) =>
  advantage > 0 ? { weight: 1, isBound: false } : { weight: Math.min(ratio, 1), isBound: ratio > 1 }
);

/** REINFORCE's and GPG's: the log-likelihood. */
export const logLikelihood: LossForm = weighted(() => ({ weight: 1, isBound: false }));

/**
 * A form of which no token costs more than -A bound where A < 0; beyond, the derivative is 0 (dual clip, arXiv 1912.09729). It means
 * something for `clippedRatio` and `sequenceClip` alone: the weights of the others are bounded already, and their losses are no ratios.
 */
export const dualClipped = (form: LossForm, bound: number): LossForm => (tokens, settings) => {
  const { losses, derivatives, clipped } = form(tokens, settings);
  const greatest = tokens.advantages.map((advantage) => advantage < 0 ? -advantage * bound : Infinity);
  return {
    losses: losses.map((loss, t) => loss > greatest[t] ? greatest[t] : loss),
    derivatives: derivatives.map((derivative, t) => losses[t] > greatest[t] ? 0 : derivative),
    clipped: clipped + losses.filter((loss, t) => loss > greatest[t]).length,
  };
};
