/**
 * The Qwen3 family: no biases, an RMS norm on every query and key head before the rotary embedding, and a head width separate from the
 * model width (128 if `config.json` lacks it).
 */
import type { Family } from "./family.ts";

/** Qwen3, dense. */
export const qwen3: Family = {
  name: "qwen3",
  architectures: ["Qwen3ForCausalLM"],
  criticArchitecture: "Qwen3ForTokenClassification",
  qkvBias: false,
  qkNorm: true,
  headWidth: () => 128,
  kvHeads: () => 32,
  context: 32768,
  nullHeadWidth: false,
  biasSwitches: ["attention_bias"],
};
