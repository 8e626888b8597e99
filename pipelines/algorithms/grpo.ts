/** Group relative policy optimisation (Shao et al. 2024): group-relative advantages, and a low-variance KL to the reference policy in the loss. */
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
};
