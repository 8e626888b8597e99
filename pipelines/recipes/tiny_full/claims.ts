/** All claims of the full study in printing order: the paper's, then those beyond it. All of their parts were fixed before the study was run. */
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
