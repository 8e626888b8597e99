/**
 * The paper's second experiment (Appendix D): Qwen3-4B with its non-thinking template on the 7,500 training problems of MATH, with
 * responses of up to 31,744 tokens. Evaluation draws 64 samples at temperature 0.7.
 */
import { comparison, type Recipe } from "./recipe.ts";

/** Qwen3-4B (non-thinking), MATH, 1,024 prompts x 8 responses of at most 31,744 tokens, 20 epochs. */
export const paperQwen34b: Recipe = comparison({
  name: "paper-qwen3-4b",
  summary: "The paper's second experiment: Qwen3-4B, non-thinking, on MATH",
  hub: { model: "Qwen/Qwen3-4B", data: "TianHongZXY/MATH" },
  neverRun: true,
  settings: {
    model: "Qwen/Qwen3-4B",
    task: "math",
    template: "qwen3-non-thinking",
    extract: "paper",
    prompts: 1024,
    responses: 8,
    maxTokens: 31744,
    miniBatch: 256,
    epochs: 20,
    testEvery: 7,
  },
  algorithms: ["ppo", "grpo", "psr", "nsr", "w-reinforce"],
  evaluations: [
    {
      name: "T 0.7",
      settings: {
        split: "test",
        responses: 64,
        temperature: 0.7,
        topP: 0.8,
        topK: 20,
        extract: "paper",
        k: [1, 2, 4, 8, 16, 32, 64],
      },
    },
  ],
});
