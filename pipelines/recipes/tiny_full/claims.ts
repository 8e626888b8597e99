/**
 * Everything that the full study is asked, in the order in which it is printed: what the paper says, then what it did not look at. Fixed before
 * the study was run: statement, statistic, comparison and threshold.
 */
import type { StudyClaim } from "../../records/claim.ts";
import { ablationClaims } from "./claims_ablations.ts";
import { dynamicsClaims } from "./claims_dynamics.ts";
import { frontierClaims } from "./claims_frontier.ts";
import { insightClaims, transferClaims } from "./claims_insights.ts";
import { passAtKClaims } from "./claims_pass_at_k.ts";

/** The claims of the full study. */
export const studyClaims: ReadonlyArray<StudyClaim> = [
  ...passAtKClaims,
  ...transferClaims,
  ...dynamicsClaims,
  ...insightClaims,
  ...ablationClaims,
  ...frontierClaims,
];
