/**
 * Everything that the full study is asked, in the order in which it is printed: what the paper says, then what it did not look at. Fixed before
 * the study was run: statement, statistic, comparison and threshold.
 */
import type { StudyClaim } from "./statistic.ts";
import { ablationClaims } from "./study_claims_ablations.ts";
import { dynamicsClaims } from "./study_claims_dynamics.ts";
import { frontierClaims } from "./study_claims_frontier.ts";
import { insightClaims, transferClaims } from "./study_claims_insights.ts";
import { passAtKClaims } from "./study_claims_pass_at_k.ts";

export { verdictOf } from "./statistic.ts";
export type { ClaimVerdict, Statistic, StudyClaim } from "./statistic.ts";

/** The claims of the full study. */
export const studyClaims: ReadonlyArray<StudyClaim> = [
  ...passAtKClaims,
  ...transferClaims,
  ...dynamicsClaims,
  ...insightClaims,
  ...ablationClaims,
  ...frontierClaims,
];
