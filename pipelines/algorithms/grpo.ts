/**
 * Group relative policy optimisation (Shao et al. 2024): the advantage is the reward relative to its group, and the loss has a low-variance
 * KL term to the reference policy.
 */
import type { Algorithm } from "./algorithm.ts";
import { groupBaseline } from "./group_baseline.ts";

/** GRPO: both signs, group baseline, KL in the loss. */
export const grpo: Algorithm = {
  name: "grpo",
  summary: "group relative policy optimisation: rewards against their group, KL in the loss",
  weight: () => 1,
  advantage: groupBaseline,
  klInLoss: true,
  needsReference: true,
  needsCritic: false,
};
