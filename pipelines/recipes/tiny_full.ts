/**
 * The full tiny study: the settings of `tiny` on three bases under three seeds and two learning rates, and every ablation that the claims of
 * `data/paper/study_claims.ts` ask for: 213 cells. About 1 h 50 min on two cores with lavapipe (`--dry-run` counts it): a training of 60
 * steps takes 17 s, 256 responses to each of the 128 test problems 7 s, 64 of them 2 s. All settings were written down before any run,
 * and none was chosen by looking at the test problems.
 */
import type { Recipe } from "./recipe.ts";
import { tiny } from "./tiny.ts";
import { tinyFullCells, tinyFullEvaluations, tinyFullSweeps } from "./tiny_full_cells.ts";

/** The recipe of `deno task reproduce --recipe tiny-full`. */
export const tinyFull: Recipe = {
  name: "tiny-full",
  summary:
    "Three bases, three seeds, two learning rates and every ablation, each claim with its verdict: about two hours",
  settings: tiny.settings,
  algorithms: tiny.algorithms,
  evaluations: tinyFullEvaluations,
  cells: tinyFullCells,
  sweeps: tinyFullSweeps,
};
