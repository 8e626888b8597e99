/**
 * Qwen3-4B in thinking mode, which the paper evaluates as a reference and does not train: 64 samples at temperature 0.6 and top-p 0.95. The
 * paper names no top-k here; 20 is from Qwen's generation_config.json. Qwen3's thinking template equals that of Qwen2.5-Math: the
 * non-thinking template only adds an empty thought.
 */
import { comparison, type Recipe } from "./recipe.ts";

/** Qwen3-4B (thinking) on MATH: evaluation alone. */
export const paperQwen34bThinking: Recipe = comparison({
  name: "paper-qwen3-4b-thinking",
  summary: "The paper's reference: Qwen3-4B, thinking, evaluated on MATH",
  hub: { model: "Qwen/Qwen3-4B", data: "TianHongZXY/MATH" },
  neverRun: true,
  settings: {
    model: "Qwen/Qwen3-4B",
    task: "math",
    template: "qwen2.5-math",
    extract: "paper",
    maxTokens: 31744,
  },
  algorithms: [],
  evaluations: [
    {
      name: "T 0.6",
      settings: {
        split: "test",
        responses: 64,
        temperature: 0.6,
        topP: 0.95,
        topK: 20,
        extract: "paper",
        k: [1, 2, 4, 8, 16, 32, 64],
      },
    },
  ],
});
