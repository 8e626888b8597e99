/** A recipe that only the tests have: NSR for two steps on the dozen problems. */
import { recipes } from "../../pipelines/recipes/mod.ts";
import { comparison, type Recipe } from "../../pipelines/recipes/recipe.ts";

/** The recipe. */
export const throwAwayRecipe: Recipe = comparison({
  name: "throw-away",
  summary: "NSR on a dozen problems",
  settings: {
    model: "data/models/countdown_1",
    task: "throw-away",
    prompts: 4,
    responses: 4,
    steps: 2,
    miniBatch: 4,
    testEvery: 0,
  },
  algorithms: ["nsr"],
  evaluations: [{ name: "T 1", settings: { split: "test", responses: 4 } }],
});

Object.assign(recipes, { [throwAwayRecipe.name]: throwAwayRecipe });
