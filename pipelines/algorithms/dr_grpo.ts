/**
 * Dr. GRPO (arXiv 2503.20783, Section 3.2): GRPO without the two divisions that bias it. The advantage is A = r - mean over the group, not divided
 * by the standard deviation, and the loss is divided by the longest response allowed, not by a response's own length. Clip 0.2, no KL term, no
 * entropy bonus.
 */
import type { Algorithm } from "./algorithm.ts";
import { groupMean } from "./group_mean.ts";

/** Dr. GRPO: rewards less their group's mean, a constant in place of each length. */
export const drGrpo: Algorithm = {
  name: "dr-grpo",
  summary: "Dr. GRPO: rewards less their group's mean, the loss divided by a constant length",
  defaults: { aggregation: "constant-length", clipRatio: 0.2, entropyCoef: 0 },
  weight: () => 1,
  advantage: groupMean,
};
