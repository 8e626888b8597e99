/**
 * Everything that the full study is asked, in the order in which it is printed: what the paper says, then what it did not look at. Fixed before
 * the study was run: statement, statistic, comparison and threshold. What needs other tools than counts and training metrics is not
 * here: the transfer to a latent mode (Figure 3 needs a base with two modes) and the token-level insights of Section 4.2 and Equations 7 and 8.
 */
import type { StudyClaim } from "./statistic.ts";
import { ablationClaims } from "./study_claims_ablations.ts";
import { dynamicsClaims } from "./study_claims_dynamics.ts";
import { frontierClaims } from "./study_claims_frontier.ts";
import { passAtKClaims } from "./study_claims_pass_at_k.ts";

export { verdictOf } from "./statistic.ts";
export type { ClaimVerdict, Statistic, StudyClaim } from "./statistic.ts";

/** The claims of the full study. */
export const studyClaims: ReadonlyArray<StudyClaim> = [
  ...passAtKClaims,
  ...dynamicsClaims,
  ...ablationClaims,
  ...frontierClaims,
];
