/** The uses of device memory in training and sampling, in the order of a plan, and the settings that reduce each. */
import type { ModelConfig } from "./model_config.ts";

const reference =
  "--storage bf16 takes half, an algorithm without a reference (psr, nsr, w-reinforce, reinforce) has none";
const critic = "an algorithm without a critic (all but ppo) has none";

/** Each purpose with the setting that reduces it. Kernels and ops name activations, uploads and logits themselves. */
export const purposes = {
  weights: "a smaller --model takes less",
  moments: "--moments bf16 takes half, a smaller --model less",
  gradients: "--offload gradient lets that of one sign wait in the host's memory; psr and nsr have one sign",
  reference,
  "critic weights": critic,
  "critic moments": `--moments bf16 takes half, ${critic}`,
  "critic gradients": critic,
  "key-value cache": "a smaller --cache, --batch or --max-tokens takes less, --activations bf16 half",
  activations:
    "--recompute or a smaller --gradient-chunk (in training), --batch (in sampling) or --max-tokens takes less",
  logits: "their tile is fixed, so something else must be smaller: --batch or --gradient-chunk",
  uploads: "a smaller --gradient-chunk or --batch takes less",
} as const;

export type Purpose = keyof typeof purposes;

/** The advice for a purpose, to append to an error. */
export const adviceOn = (purpose: string): string =>
  Object.hasOwn(purposes, purpose) ? purposes[purpose as Purpose] : "";

/** The purpose of a model's parameter set; a critic's sets are counted separately. */
export const purposeIn = ({ valueHead }: ModelConfig, what: "weights" | "moments" | "gradients"): Purpose =>
  valueHead ? `critic ${what}` : what;
