/** The registry of recipes: the choices of `--recipe`. */
import { paperQwen25Math7b } from "./paper_qwen2_5_math_7b.ts";
import { paperQwen34b } from "./paper_qwen3_4b.ts";
import { paperQwen34bThinking } from "./paper_qwen3_4b_thinking.ts";
import type { Recipe } from "./recipe.ts";
import { small } from "./small.ts";
import { smollm2 } from "./smollm2.ts";
import { tiny } from "./tiny.ts";
import { tinyFull } from "./tiny_full/tiny_full.ts";
import { tinyPowerAgain } from "./tiny_power/again.ts";
import { tinyPowerRest } from "./tiny_power/rest.ts";
import { tinyPower } from "./tiny_power/tiny_power.ts";

export type { Cell, CellEvaluation, Evaluation, RateChoice, Recipe, Sweep } from "./recipe.ts";

/** Every recipe, by name. */
export const recipes: Readonly<Record<string, Recipe>> = Object.fromEntries(
  [
    tiny,
    tinyFull,
    tinyPower,
    tinyPowerAgain,
    tinyPowerRest,
    small,
    smollm2,
    paperQwen25Math7b,
    paperQwen34b,
    paperQwen34bThinking,
  ]
    .map((recipe) => [recipe.name, recipe]),
);
