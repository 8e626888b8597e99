/**
 * The full tiny study: the settings of `tiny` on three bases under three seeds and two learning rates, and every ablation that `claims.ts`
 * needs. `--dry-run` counts the cells and the time. All settings were written down before any run; none was chosen by looking at the test
 * problems.
 */
import type { Recipe } from "../recipe.ts";
import { tiny } from "../tiny.ts";
import { studyClaims } from "./claims.ts";
import { tinyFullCells, tinyFullEvaluations, tinyFullSweeps } from "./cells.ts";

/** The recipe of `deno task reproduce --recipe tiny-full`. */
export const tinyFull: Recipe = {
  name: "tiny-full",
  summary: "Three bases, three seeds, two learning rates and every ablation, each claim with its verdict: a few hours",
  settings: tiny.settings,
  evaluations: tinyFullEvaluations,
  cells: tinyFullCells,
  claims: studyClaims,
  sweeps: tinyFullSweeps,
};
