/**
 * Every setting of every command, in groups: its name, flag, valid values, the paper's value (Appendix D of arXiv 2506.01347) as default,
 * and its `--help` text. A command spreads the groups that it uses. `maxTokens` defaults to the task's bound, else to 3,072;
 * it never exceeds the space left in the model's context.
 */
import { tasks } from "../../data/mod.ts";
import { kernelNames } from "../../kernels/gpu/chosen_kernels.ts";
import { momentTypes, storageTypes } from "../../kernels/gpu/half_precision.ts";
import { type AlgorithmName, algorithms } from "../algorithms/mod.ts";
import { paddedVocabularies } from "./padded_vocabulary.ts";
import { type ElementType, writtenTypes } from "../files/safetensors_header.ts";
import { importers } from "../records/imports/mod.ts";
import shapes from "../../data/shapes.json" with { type: "json" };
import {
  choice,
  choices,
  elementType,
  type Group,
  integer,
  integers,
  later,
  number,
  optional,
  setting,
  text,
  toggle,
  words,
} from "./setting.ts";

const templates = [...new Set([...Object.values(tasks).flatMap((task) => task.templates), "chat"])];
const isElementType = (name: string): name is ElementType => name in writtenTypes;
const algorithmNames = Object.keys(algorithms).filter((name): name is AlgorithmName => name in algorithms);

/** Local model weights. */
export const models = {
  model: optional(text("DIR"), "model directory in Hugging Face format, or a Hub name (owner/name)"),
  shape: optional(
    choice(Object.keys(shapes.models)),
    "measure random weights of this model's shape instead of --model",
  ),
} as const satisfies Group;

/** Problems and prompts. */
export const problems = {
  task: setting("math", choice(Object.keys(tasks)), "task: source of problems and rule for grading"),
  split: setting("train", choice(["train", "test"]), "split of the task"),
  data: optional(text("FILE"), "file or folder of problems, or the Hub name of a data set"),
  limit: optional(integer({ min: 1 }), "use only the first N problems of the split (default: all)"),
  holdout: optional(
    number({ above: 0, max: 0.9 }),
    "share of the training file kept for the test split, by each question's hash",
  ),
  problemSeed: optional(integer({ min: 0, max: 0xffffffff }), "seed of a different set of problems (countdown)"),
  alike: optional(integer({ min: 1 }), "at most N problems with the same numbers; --limit may exceed the split"),
  template: optional(
    choice(templates),
    "prompt template; chat uses the model's own (default: chat for jsonl, where the model has it; else the task's first)",
  ),
  date: optional(text("DATE"), "date given to a chat template that asks for one, YYYY-MM-DD"),
} as const satisfies Group;

/** Sampling of responses. */
export const sampling = {
  responses: setting(8, integer({ min: 1 }), "responses G for each prompt"),
  temperature: setting(1, number({ min: 0, max: 100 }), "sampling temperature; 0 is greedy"),
  topP: setting(
    1,
    number({ above: 0, max: 1 }),
    "sample from the smallest set of tokens whose probabilities sum to at least X",
  ),
  topK: setting(0, integer({ min: 0 }), "sample from the K most probable tokens; 0 means all"),
  maxTokens: optional(
    integer({ min: 1 }),
    "maximum response length in tokens (default: the task's, else 3072 or the rest of the context, whichever is less)",
  ),
  seed: setting(0, integer({ min: 0, max: 0xffffffff }), "seed of every random draw"),
} as const satisfies Group;

/** Grading of responses. */
export const grading = {
  extract: setting(
    "strict",
    choice(["strict", "lenient", "paper"]),
    "where the answer is read: strict, only \\boxed; lenient, also from the text; paper, as the authors' grader",
  ),
} as const satisfies Group;

/** Memory use; no setting changes a byte of a result. */
export const memory = {
  batch: optional(
    integer({ min: 1 }),
    "maximum sequences decoded at once; does not change results (default: as many as fit)",
  ),
  cache: optional(
    number({ min: 0 }),
    "GiB for the KV cache; does not change results (default: what --device-memory leaves, else 4)",
  ),
  deviceMemory: optional(
    number({ above: 0 }),
    "device memory in GB; memory settings that do not change results are then chosen to fit (default: unknown)",
  ),
  recompute: optional(
    toggle(),
    "recompute activations in the backward pass to save memory; does not change results (default: above 1.5 GiB)",
  ),
  offload: optional(
    choice(["none", "gradient"]),
    "keep one sign's gradient in host memory; does not change results (default: none)",
  ),
} as const satisfies Group;

/** Computation of the model's passes; each setting changes results. */
export const passes = {
  storage: optional(
    elementType(storageTypes),
    "type in which passes read the weights; training also keeps float32 weights (default: f32)",
  ),
  activations: optional(
    elementType(storageTypes),
    "type of stored activations, keys and values; sums stay float32 (default: f32)",
  ),
  paddedVocabulary: later(
    optional(
      choice(paddedVocabularies),
      "token ids unknown to the tokenizer: mask gives them probability 0; keep computes them, as transformers does (default: mask)",
    ),
    "keep",
  ),
} as const satisfies Group;

/** Kernels of the device; they change results. */
export const device = {
  kernels: optional(
    choices(["plain", ...kernelNames], "plain"),
    "kernels that round or sum differently: plain, or a list; changes results (default: plain)",
  ),
} as const satisfies Group;

/** The loss. */
export const loss = {
  algorithm: setting(
    "w-reinforce",
    choice(algorithmNames),
    "learning algorithm; some have defaults of their own",
  ),
  lambda: setting(0.1, number({ min: 0 }), "weight of correct responses (w-reinforce only)"),
  aggregation: setting(
    "token-mean",
    choice(["token-mean", "sequence-mean", "constant-length"]),
    "average the loss over all tokens, over sequences, or over sequences by their sums divided by --max-tokens",
  ),
  clipRatio: setting(0.2, number({ above: 0 }), "clip range of the probability ratio"),
  clipRatioHigh: optional(
    number({ above: 0 }),
    "clip range above 1, --clip-ratio then being the one below (default: --clip-ratio)",
  ),
  dualClip: optional(
    number({ above: 1 }),
    "upper bound of the ratio in the loss of negative advantages (default: none)",
  ),
  entropyCoef: setting(1e-4, number({ min: 0 }), "coefficient of the entropy bonus"),
  klCoef: setting(1e-3, number({ min: 0 }), "coefficient of the KL penalty (ppo, grpo, reinforce++)"),
  klInLoss: optional(toggle(), "add the KL penalty to the loss (default: set by the algorithm)"),
  normalizeAdvantage: optional(
    toggle(),
    "scale advantages to mean 0 and variance 1 over the batch's tokens (default: set by the algorithm)",
  ),
  truncated: optional(
    choice(["grade", "mask"]),
    "responses that were cut off: grade learns from them, mask drops them after the advantages (default: grade)",
  ),
} as const satisfies Group;

/** Whether to follow the authors' code or the paper's text. */
export const published = {
  asPublished: optional(
    toggle(),
    "follow the authors' code where it differs from the paper: rewards 1 and 0, entropy coefficient 1e-3, learning rate 0 in step 1",
  ),
} as const satisfies Group;

/** The optimizer. */
export const optimizing = {
  learningRate: setting(1e-6, number({ min: 0 }), "constant learning rate"),
  criticLearningRate: setting(1e-5, number({ min: 0 }), "learning rate of the critic (ppo)"),
  moments: optional(
    elementType(momentTypes),
    "type of AdamW's moments; bf16 rounds stochastically and halves their memory (default: f32)",
  ),
  weightDecay: setting(0.01, number({ min: 0 }), "AdamW weight decay, on every parameter"),
  maxGradNorm: setting(1, number({ above: 0 }), "clip the global gradient norm to this"),
} as const satisfies Group;

/** Steps and batch sizes. */
export const schedule = {
  step: setting(
    0,
    integer({ min: 0 }),
    "training step, from 1; 0 means not part of a training (show, compare: the latest; report: the first)",
  ),
  steps: optional(integer({ min: 0 }), "training steps (default: from --epochs)"),
  epochs: setting(20, integer({ min: 1 }), "passes over the training split, if --steps is not given"),
  prompts: optional(integer({ min: 1 }), "prompts per step (default: 1024 in training, else the whole split)"),
  miniBatch: setting(256, integer({ min: 1 }), "prompts per optimizer step; if not set, at most --prompts"),
  criticMiniBatch: setting(
    256,
    integer({ min: 1 }),
    "sequences per optimizer step of the critic (ppo), at most the rollout batch",
  ),
  gradientChunk: setting(
    8192,
    integer({ min: 1 }),
    "tokens per partial sum of a gradient; changes results by rounding",
  ),
  gradientLeaves: optional(
    integer({ min: 1, max: 4096 }),
    "leaves of the binary tree that joins a gradient's partial sums; changes results by rounding (default: 1, a sum in order)",
  ),
} as const satisfies Group;

/** Periodic evaluations and checkpoints of a run. */
export const keeping = {
  testEvery: setting(7, integer({ min: 0 }), "measure greedy test accuracy every N steps; 0 means never"),
  testFirst: optional(
    toggle(),
    "measure greedy test accuracy before the first step too (default: if files hold test problems of their own)",
  ),
  saveEvery: setting(1, integer({ min: 1 }), "write a checkpoint every N steps, and always after the last"),
  keep: setting(2, integer({ min: 1 }), "number of latest checkpoints, and steps with gradients, to keep"),
} as const satisfies Group;

/** The state that training begins from, if it is not the model alone. */
export const beginning = {
  fromRun: optional(
    text("RUN"),
    "begin a new run with the weights and the optimizer state that this run kept (default: with --model alone)",
  ),
  fromStep: optional(integer({ min: 1 }), "step of that run to begin from (default: the last that it kept)"),
} as const satisfies Group;

/** Input and output files besides the model. */
export const files = {
  reference: optional(text("DIR"), "reference model for the KL penalty"),
  critic: optional(text("DIR"), "critic model: a directory written by update, or a base model"),
  optimizer: optional(text("DIR"), "optimizer state: the --out directory of an earlier update"),
  artifacts: optional(
    text("DIR"),
    "folder of gradients, by content (default: .signum/artifacts, or $SIGNUM_HOME/artifacts)",
  ),
  out: optional(text("DIR"), "output directory"),
  dtype: setting(
    "bfloat16",
    elementType(Object.keys(writtenTypes).filter(isElementType)),
    "element type of the weights",
  ),
  recipe: optional(text("NAME"), "named settings; a config file and flags override them"),
} as const satisfies Group;

/** Printed output. */
export const reporting = {
  k: optional(integers({ min: 1 }), "values of k for Pass@k (default: powers of 2 up to 256)"),
  format: setting(
    "terminal",
    choice(["terminal", "csv", "markdown", "latex", "json"]),
    "table format; csv prefixes ' to text that a spreadsheet would run",
  ),
  bootstrap: setting(1000, integer({ min: 0 }), "bootstrap resamples per interval"),
  greedy: setting(false, toggle(), "also draw one greedy response a problem, for greedy accuracy beside Pass@k"),
  report: optional(words(), "tables or figures to make (default: all)"),
  columns: optional(words(), "columns to print, in this order; a.b is field b of group a (default: those that fit)"),
  label: optional(words(), "names of what is compared, in its order (default: the settings that differ)"),
} as const satisfies Group;

/** Other programs' files. */
export const imports = {
  from: optional(choice(Object.keys(importers)), "program that wrote the file"),
  metric: optional(text("NAME"), "metric that decides correctness (default: the file's first)"),
} as const satisfies Group;

export { algorithmSettings } from "../algorithms/algorithm_settings.ts";
export {
  archive,
  base,
  blocks,
  cluster,
  duplicates,
  gradientJobs,
  listening,
  permissions,
  planning,
  reading,
  rolloutServers,
  server,
  serving,
  sharing,
  signals,
  studies,
  workers,
} from "./command_groups.ts";
