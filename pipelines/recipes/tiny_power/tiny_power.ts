/**
 * The study with power: five bases under seeds of their own, 405 test problems in 135 groups of the same numbers, twelve primary claims, and
 * the objectives that came after the paper. Claims, thresholds, settings and the rule that chooses learning rates were written down before any
 * cell had run. Left out before the runs, for want of time, and later asked by `rest.ts`: a padded vocabulary masked or not; training four times as
 * long; PPO along training; most of clip x updates x lambda. `again.ts` asks the primary claims of a second set of problems.
 */
import type { Recipe } from "../recipe.ts";
import { tiny } from "../tiny.ts";
import { tinyPowerCells, tinyPowerChoices, tinyPowerEvaluations } from "./cells.ts";
import { tinyPowerClaims } from "./claims.ts";

/** The recipe of `deno task reproduce --recipe tiny-power`. */
export const tinyPower: Recipe = {
  name: "tiny-power",
  summary: "Five bases, 405 test problems and twelve primary claims, corrected for their number: a few hours",
  settings: tiny.settings,
  evaluations: tinyPowerEvaluations,
  cells: tinyPowerCells,
  claims: tinyPowerClaims,
  byFamilies: true,
  after: {
    study: "tiny-full",
    differs:
      "`tiny-full` judged every claim alone, on three bases and 128 problems; `tiny-power` judges claims by families, on five bases, three of them " +
      "the same, under seeds of its own. Both draw their problems from the same 135 sets of numbers, each with targets of its own. So a verdict may " +
      "move to undecided though the values agree; the intervals of `tiny-full` resample single cells and problems, and are narrower for it.",
  },
  choices: tinyPowerChoices,
};
