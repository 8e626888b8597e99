/**
 * Registers an algorithm that is only here, as a line in `mod.ts` would: whoever imports this first finds it wherever the registry is read. It has
 * all that an algorithm may have of its own: a setting, other defaults, a loss form that stops a gradient, advantages of a group.
 */
import { type Algorithm, makeAlgorithm } from "../../../pipelines/algorithms/algorithm.ts";
import { algorithms } from "../../../pipelines/algorithms/mod.ts";
import { choice, number, setting, toggle } from "../../../pipelines/settings/setting.ts";

/** Learns from all responses, from the wrong ones at half weight; short responses of a group and first tokens count most. */
export const throwAwayAlgorithm: Algorithm = makeAlgorithm({
  name: "throw-away",
  summary: "Learns from all responses, the first tokens most",
  settings: {
    negativeShare: setting(0.5, number({ min: 0 }), "weight of incorrect responses"),
    fading: setting("hyperbolic", choice(["hyperbolic", "none"]), "how an advantage falls from token to token"),
    shortFirst: setting(true, toggle(), "divide an advantage by the response's length over its group's mean"),
  },
  defaults: { aggregation: "sequence-mean", clipRatio: 0.3, clipRatioHigh: 0.4, learningRate: 2e-3 },
  weight: (sign, { negativeShare }) => sign === "positive" ? 1 : negativeShare,
  advantage: {
    scope: "batch",
    needs: [],
    credit: (batch, { fading, shortFirst }) => {
      const groups = Map.groupBy(batch, ({ problemId }) => problemId);
      return batch.map(({ problemId, reward, weight, responseTokens: { length } }) => {
        const lengths = (groups.get(problemId) ?? []).map(({ responseTokens }) => responseTokens.length);
        const mean = lengths.reduce((sum, one) => sum + one, 0) / lengths.length;
        const whole = shortFirst ? weight * reward * mean / length : weight * reward;
        return { advantages: Float32Array.from({ length }, (_, t) => fading === "none" ? whole : whole / (1 + t)) };
      });
    },
  },
  // CISPO's form (arXiv 2506.13585, Eq. 4): the clipped ratio is a factor without a gradient.
  loss: ({ logProbs, heldLogRatios, advantages }, { clipRatio, clipRatioHigh = clipRatio }) => {
    const factors = heldLogRatios.map((logRatio) =>
      Math.min(Math.max(Math.exp(logRatio), 1 - clipRatio), 1 + clipRatioHigh)
    );
    const derivatives = factors.map((factor, t) => -advantages[t] * factor);
    return { losses: derivatives.map((derivative, t) => derivative * logProbs[t]), derivatives, clipped: 0 };
  },
});

Object.assign(algorithms, { [throwAwayAlgorithm.name]: throwAwayAlgorithm });
