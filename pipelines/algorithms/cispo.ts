/**
 * CISPO (arXiv 2506.13585, Eqs. (4) and (5)): GRPO's advantage, and the log-likelihood weighted by the clipped ratio, through which no gradient
 * passes. So no token stops teaching. The ratio has no lower bound (`clipRatio` 1). The paper tunes the upper one and does not print it: 5
 * (`clipRatioHigh` 4) is our choice, the figure that TRL's documentation recommends. Token mean; no KL term, no entropy bonus.
 */
import type { Algorithm } from "./algorithm.ts";
import { groupBaseline } from "./group_baseline.ts";
import { clippedWeight } from "./loss_forms.ts";

/** CISPO: group baseline, the log-likelihood weighted by the clipped ratio. */
export const cispo: Algorithm = {
  name: "cispo",
  summary: "CISPO: rewards against their group, the log-likelihood weighted by the clipped ratio",
  defaults: { aggregation: "token-mean", clipRatio: 1, clipRatioHigh: 4, entropyCoef: 0 },
  weight: () => 1,
  advantage: groupBaseline,
  loss: clippedWeight,
};
