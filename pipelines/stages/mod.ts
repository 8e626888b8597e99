/** The stages in the order in which records travel through them; each is also a command. */
import type { AnyStage } from "./stage.ts";
import { advantageStage } from "./advantage.ts";
import { dynamicsStage } from "./dynamics.ts";
import { explainStage } from "../insights/explain.ts";
import { gradientStage } from "./gradient.ts";
import { insightsStage } from "../insights/insights.ts";
import { passAtKStage } from "./pass_at_k.ts";
import { promptStage } from "./prompt.ts";
import { rewardStage } from "./reward.ts";
import { sampleStage } from "./sample.ts";
import { scoreStage } from "./score.ts";
import { splitStage } from "./split.ts";
import { updateStage } from "./update.ts";
import { verifyStage } from "./verify.ts";

/** Every stage: `cli.ts` makes a Unix filter of each. */
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
