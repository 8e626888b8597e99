/**
 * The paper's main experiment (Section 3, Appendix D): Qwen2.5-Math-7B on the 7,500 training problems of MATH. Nearly all values are the
 * defaults of the settings; only those that follow from the model and its context of 4,096 tokens are set here.
 */
import { comparison, type Recipe } from "./recipe.ts";

/** Qwen2.5-Math-7B, MATH, 1,024 prompts x 8 responses of at most 3,072 tokens, 20 epochs. */
export const paperQwen25Math7b: Recipe = comparison({
  name: "paper-qwen2.5-math-7b",
  summary: "The paper's main experiment: Qwen2.5-Math-7B on MATH",
  hub: { model: "Qwen/Qwen2.5-Math-7B", data: "TianHongZXY/MATH" },
  neverRun: true,
  settings: {
    model: "Qwen/Qwen2.5-Math-7B",
    task: "math",
    template: "qwen2.5-math",
    extract: "paper",
    prompts: 1024,
    responses: 8,
    maxTokens: 3072,
    miniBatch: 256,
    epochs: 20,
    testEvery: 7,
  },
  algorithms: ["ppo", "grpo", "psr", "nsr", "w-reinforce"],
  evaluations: [
    {
      name: "T 0.6",
      settings: { split: "test", responses: 256, temperature: 0.6, topP: 0.95, maxTokens: 4096, extract: "paper" },
    },
  ],
});
