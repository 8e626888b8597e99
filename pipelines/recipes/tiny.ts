/**
 * The embedded study: the paper's comparison at a size for two CPU cores. It differs from the paper in the task (countdown), the model
 * (79,040 parameters), the learning rates (100 times larger), the batch (32 x 8) and the length (60 steps). The values were fixed before
 * any reported problem was looked at.
 */
import { comparison, type Recipe } from "./recipe.ts";

/** The recipe of `deno task reproduce`. */
export const tiny: Recipe = comparison({
  name: "tiny",
  summary: "All six algorithms on countdown with a 79,040-parameter base, in minutes on two CPU cores",
  settings: {
    model: "data/models/countdown_1",
    task: "countdown",
    seed: 1,
    learningRate: 1e-4,
    criticLearningRate: 1e-3,
    prompts: 32,
    responses: 8,
    steps: 60,
    miniBatch: 8,
    criticMiniBatch: 64,
    testEvery: 10,
    saveEvery: 20,
  },
  algorithms: ["ppo", "grpo", "psr", "nsr", "w-reinforce", "reinforce"],
  evaluations: [
    { name: "T 0.6", settings: { split: "test", limit: 128, responses: 256, temperature: 0.6, topP: 0.95 } },
    { name: "T 1", settings: { split: "test", limit: 128, responses: 256, temperature: 1, topP: 1 } },
  ],
});
