/**
 * The Llama family (Llama 2, 3.x, SmolLM2 and others): no biases, no norm on queries and keys. Llama 3.1 and later scale the rotary
 * frequencies (`rope_table.ts`).
 */
import type { Family } from "./family.ts";

/** Llama and what shares its architecture. */
export const llama: Family = {
  name: "llama",
  architectures: ["LlamaForCausalLM"],
  criticArchitecture: "LlamaForTokenClassification",
  qkvBias: false,
  qkNorm: false,
  headWidth: (width, heads) => width / heads,
  kvHeads: (heads) => heads,
  context: 2048,
  nullHeadWidth: true,
  biasSwitches: ["attention_bias", "mlp_bias"],
};
