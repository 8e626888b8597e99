/**
 * LENS (arXiv 2510.08696, Section 5.1): GRPO whose incorrect responses cost more the more confident they were, so that groups that are all wrong
 * teach, at weight alpha = 0.25 (Section 6). The loss is GRPO's with a mean over responses (Eq. (3)); clip 0.2 (Appendix D.1). That there is
 * neither KL term nor entropy bonus is our reading: the paper's code is not public.
 */
import { number, setting } from "../settings/setting.ts";
import { makeAlgorithm } from "./algorithm.ts";
import { confidencePenalty } from "./confidence_penalty.ts";

/** LENS: rewards against their group, confident mistakes punished most. */
export const lens = makeAlgorithm({
  name: "lens",
  summary: "LENS: rewards against their group, confident mistakes punished most, also where all are wrong",
  settings: { alpha: setting(0.25, number({ min: 0 }), "weight of groups that are all wrong") },
  defaults: { aggregation: "sequence-mean", clipRatio: 0.2, entropyCoef: 0 },
  weight: () => 1,
  advantage: {
    ...confidencePenalty(1),
    credit: (batch, { alpha, ...settings }) => confidencePenalty(alpha).credit(batch, settings),
  },
});
