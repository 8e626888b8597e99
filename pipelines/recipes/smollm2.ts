/**
 * A pretrained language model as a demonstration, not a ranking: SmolLM2-135M-Instruct on arithmetic in words, one seed. The weights are
 * those of a package of 4-bit weights, made dense. The learning rate is ten times the paper's, as the model is some fifty times smaller and the
 * steps are 40; it was fixed before the first run, and no other was tried. Prompts, difficulty and length of the responses were chosen on
 * training problems, where the base has 23 % of its samples right and 50 % of its greedy responses (48 problems).
 */
import { comparison, type Recipe } from "./recipe.ts";

/** The recipe of `deno task reproduce --recipe smollm2`. */
export const smollm2: Recipe = comparison({
  name: "smollm2",
  summary: "NSR, PSR and W-REINFORCE on arithmetic in words with SmolLM2-135M-Instruct, in hours on two CPU cores",
  prepare: "python3 tests/models/smollm2.py runs/models",
  settings: {
    model: "runs/models/smollm2-135m-instruct",
    task: "jsonl",
    data: "data/arithmetic",
    template: "none",
    extract: "strict",
    maxTokens: 12,
    seed: 1,
    learningRate: 1e-5,
    prompts: 8,
    responses: 8,
    steps: 40,
    miniBatch: 8,
    testEvery: 10,
    saveEvery: 5,
    keep: 1,
  },
  algorithms: ["nsr", "psr", "w-reinforce"],
  evaluations: [
    {
      name: "T 1",
      settings: { split: "test", responses: 16, temperature: 1, topP: 1, extract: "strict", k: [1, 2, 4, 8, 16] },
    },
  ],
});
