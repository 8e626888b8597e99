/**
 * RLOO (arXiv 2402.14740, Section 2.2): the baseline of a response is the mean reward of the others in its group. The paper's loss is the
 * log-likelihood; this one is the clipped ratio, as in verl, which has the same gradient on-policy. Clip 0.2, the token mean and no entropy
 * bonus are verl's. There is no KL term: the reward is the grader's alone.
 */
import type { Algorithm } from "./algorithm.ts";
import { leaveOneOut } from "./leave_one_out.ts";

/** RLOO: rewards less the mean of the others of their group. */
export const rloo: Algorithm = {
  name: "rloo",
  summary: "RLOO: rewards less the mean of the others of their group",
  defaults: { aggregation: "token-mean", clipRatio: 0.2, entropyCoef: 0 },
  weight: () => 1,
  advantage: leaveOneOut,
};
