/** A family that only the tests have: Qwen3 under names of its own in `config.json`. */
import type { Family } from "../../pipelines/models/families/family.ts";
import { families } from "../../pipelines/models/families/mod.ts";
import { qwen3 } from "../../pipelines/models/families/qwen3.ts";

/** The family. */
export const throwAwayFamily: Family = {
  ...qwen3,
  name: "throw-away",
  architectures: ["ThrowAwayForCausalLM"],
  criticArchitecture: "ThrowAwayForTokenClassification",
  keys: { width: "n_embd", heads: "n_head", layers: "n_layer", context: "n_positions", ffn: "n_inner" },
};

Object.assign(families, { [throwAwayFamily.name]: throwAwayFamily });
