/**
 * The settings of the paper's runs (Sections 3.1 and 5, Appendix C.1 in version 1, D.1 in later ones). Settings that the text omits are
 * from the authors' published scripts (`run_qwen2.5-math-7b_*.sh`, `run_qwen3-4b_*.sh`, `eval.sh` of TianHongZXY/RLVR-Decomposed). If both
 * differ, the value is the paper's and a comment gives the other.
 */

/** Sampling settings; `topK` 0 is no limit. */
export interface PublishedSampling {
  readonly samples: number;
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
  readonly maxTokens: number;
}

/** Settings that differ between models. */
export interface PublishedRun {
  readonly model: string;
  readonly template: string;
  readonly maxPromptTokens: number;
  readonly maxTokens: number;
  readonly evaluation: PublishedSampling;
}

/** Settings that all runs share. */
export const training = {
  task: "math",
  /** Problems of MATH, for training and testing. */
  problems: { train: 7500, test: 5000 },
  prompts: 1024,
  responses: 8,
  temperature: 1,
  /** In prompts (2,048 responses). PSR and NSR first drop the other sign and make fewer updates. */
  miniBatch: 256,
  epochs: 20,
  /** 7,500 problems in batches of 1,024, without the short last batch; tested every 7 steps. */
  stepsPerEpoch: 7,
  learningRate: 1e-6,
  criticLearningRate: 1e-5,
  clipRatio: 0.2,
  /** The paper's value; the default of the authors' code is 1e-3. */
  entropyCoef: 1e-4,
  /** PPO: in the reward. GRPO: in the loss. PSR, NSR and W-REINFORCE: none. */
  klCoef: 1e-3,
  /** W-REINFORCE's weight of positive rewards. */
  lambda: 0.1,
  weightDecay: 0.01,
  maxGradNorm: 1,
  gamma: 1,
  gaeLambda: 1,
} as const;

/** The two models of version 1. Qwen3-4B's response length at evaluation is not printed: it is what the training context leaves. */
export const runs: ReadonlyArray<PublishedRun> = [
  {
    model: "Qwen/Qwen2.5-Math-7B",
    template: "qwen2.5-math",
    maxPromptTokens: 1024,
    maxTokens: 3072,
    evaluation: { samples: 256, temperature: 0.6, topP: 0.95, topK: 0, maxTokens: 4096 },
  },
  {
    model: "Qwen/Qwen3-4B",
    template: "qwen3-non-thinking",
    maxPromptTokens: 1024,
    maxTokens: 31744,
    evaluation: { samples: 64, temperature: 0.7, topP: 0.8, topK: 20, maxTokens: 31744 },
  },
];
