/**
 * The Qwen2 family (Qwen2, Qwen2.5, Qwen2.5-Math, Qwen2.5-Coder): biases on the query, key and value projections, no norm on queries and
 * keys.
 */
import type { Family } from "./family.ts";

/** Qwen2 and Qwen2.5. */
export const qwen2: Family = {
  name: "qwen2",
  architectures: ["Qwen2ForCausalLM"],
  criticArchitecture: "Qwen2ForTokenClassification",
  qkvBias: true,
  qkNorm: false,
  headWidth: (width, heads) => width / heads,
  kvHeads: () => 32,
  context: 32768,
  nullHeadWidth: false,
  // Transformers gives Qwen2 its three biases regardless of `attention_bias`.
  biasSwitches: [],
};
