/**
 * GSPO (arXiv 2507.18071v2): GRPO's advantage, and the geometric mean of a response's ratios in place of each (Eqs. (5) to (7)). A mean over
 * responses; clip 3e-4 below and 4e-4 above, four mini-batches a rollout batch (Section 5.1), which 256 of 1,024 prompts are. No KL term, no
 * entropy bonus.
 */
import type { Algorithm } from "./algorithm.ts";
import { groupBaseline } from "./group_baseline.ts";
import { sequenceClip } from "./loss_forms.ts";

/** GSPO: group baseline, one clipped ratio a response. */
export const gspo: Algorithm = {
  name: "gspo",
  summary: "GSPO: rewards against their group, one clipped ratio for a whole response",
  defaults: { aggregation: "sequence-mean", clipRatio: 3e-4, clipRatioHigh: 4e-4, entropyCoef: 0 },
  weight: () => 1,
  advantage: groupBaseline,
  loss: sequenceClip,
};
