/**
 * The study of `tiny`, ten times larger, for one GPU: a base of 896,448 parameters, 20,480 training and 1,280 test problems, batches of 256
 * x 8. The base is not shipped; `prepare` makes it. The learning rates are those of `tiny` divided by the growth in width (2); no other
 * rate was tried.
 */
import { comparison, type Recipe } from "./recipe.ts";

/** The recipe of `deno task reproduce --recipe small`. */
export const small: Recipe = comparison({
  name: "small",
  summary: "All six algorithms on ten times the problems with a base of 896,448 parameters, for one GPU",
  prepare:
    "deno task pretrain --width 128 --layers 6 --steps 4000 --learning-rate 2e-3 --warmup 200 --out runs/small/base",
  neverRun: true,
  settings: {
    model: "runs/small/base",
    task: "countdown-large",
    seed: 1,
    learningRate: 5e-5,
    criticLearningRate: 5e-4,
    prompts: 256,
    responses: 8,
    steps: 240,
    miniBatch: 64,
    criticMiniBatch: 512,
    testEvery: 20,
    saveEvery: 40,
  },
  algorithms: ["ppo", "grpo", "psr", "nsr", "w-reinforce", "reinforce"],
  evaluations: [
    { name: "T 0.6", settings: { split: "test", responses: 256, temperature: 0.6, topP: 0.95 } },
    { name: "T 1", settings: { split: "test", responses: 256, temperature: 1, topP: 1 } },
  ],
});
