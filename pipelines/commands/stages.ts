/** The stages in the order in which records travel through them; each is also a command. */
import type { AnyStage } from "../stages/stage.ts";
import { advantageStage } from "../stages/advantage.ts";
import { dynamicsStage } from "../stages/dynamics.ts";
import { explainStage } from "../insights/explain.ts";
import { gradientStage } from "../stages/gradient.ts";
import { insightsStage } from "../insights/insights.ts";
import { passAtKStage } from "../stages/pass_at_k.ts";
import { promptStage } from "../stages/prompt.ts";
import { rewardStage } from "../stages/reward.ts";
import { sampleStage } from "../stages/sample.ts";
import { scoreStage } from "../stages/score.ts";
import { splitStage } from "../stages/split.ts";
import { updateStage } from "../stages/update.ts";
import { verifyStage } from "../stages/verify.ts";

/** Every stage: `loaders.ts` makes a Unix filter of each. */
export const stages: ReadonlyArray<AnyStage> = [
  promptStage,
  sampleStage,
  verifyStage,
  rewardStage,
  dynamicsStage,
  splitStage,
  scoreStage,
  advantageStage,
  explainStage,
  insightsStage,
  gradientStage,
  updateStage,
  passAtKStage,
];
