/**
 * Every setting of every command, in groups: its name, its flag, what it may be, the paper's value (Appendix D of arXiv 2506.01347) as default,
 * and a sentence for `--help`. A command spreads the groups that it has. `maxTokens` without a value follows the task: what it declares, else
 * 3,072 or what the model's context leaves, whichever is less.
 */
import { tasks } from "../../data/mod.ts";
import { kernelNames } from "../../kernels/gpu/chosen_kernels.ts";
import { momentTypes, storageTypes } from "../../kernels/gpu/half_precision.ts";
import { type AlgorithmName, algorithms } from "../algorithms/mod.ts";
import { offloads } from "./offload.ts";
import { paddedVocabularies } from "./padded_vocabulary.ts";
import { type ElementType, writtenTypes } from "../files/safetensors_header.ts";
import { importers } from "../records/imports/mod.ts";
import shapes from "../../data/shapes.json" with { type: "json" };
import {
  choice,
  choices,
  type Group,
  integer,
  integers,
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

/** Whose responses: weights on this machine. */
export const models = {
  model: optional(text("DIR"), "model: a Hugging Face directory (or a Hub name)"),
  shape: optional(
    choice(Object.keys(shapes.models)),
    "made-up weights of this model's shape, instead of --model, for measurements",
  ),
} as const satisfies Group;

/** What is asked. */
export const problems = {
  task: setting("math", choice(Object.keys(tasks)), "task: where problems come from and how they are graded"),
  split: setting("train", choice(["train", "test"]), "split of the task"),
  data: optional(text("FILE"), "file or folder of problems, or the Hub name of a data set"),
  limit: optional(integer({ min: 1 }), "first N problems of the split as stored (default: all)"),
  problemSeed: optional(integer({ min: 0, max: 0xffffffff }), "other problems of a task that makes them (countdown)"),
  template: optional(choice(templates), "prompt template (default: the task's first); chat is the model's own"),
  date: optional(text("DATE"), "day that a chat template is told where it asks for the date, YYYY-MM-DD"),
} as const satisfies Group;

/** How responses are drawn. */
export const sampling = {
  responses: setting(8, integer({ min: 1 }), "responses G for each prompt"),
  temperature: setting(1, number({ min: 0, max: 100 }), "sampling temperature; 0 is greedy"),
  topP: setting(1, number({ above: 0, max: 1 }), "nucleus: smallest set of tokens with this much probability"),
  topK: setting(0, integer({ min: 0 }), "only the K most probable tokens; 0 is all"),
  maxTokens: optional(
    integer({ min: 1 }),
    "longest response in tokens (default: the task's, else 3072 or what the context leaves)",
  ),
  seed: setting(0, integer({ min: 0, max: 0xffffffff }), "seed of every random draw"),
} as const satisfies Group;

/** How responses are graded. */
export const grading = {
  extract: setting(
    "strict",
    choice(["strict", "lenient", "paper"]),
    "strict: only a boxed answer counts; paper: as its authors grade",
  ),
} as const satisfies Group;

/** How memory is used; none changes a byte of a result. */
export const memory = {
  batch: optional(
    integer({ min: 1 }),
    "sequences decoded at a time; never changes the result (default: what memory holds)",
  ),
  cache: optional(
    number({ min: 0 }),
    "GiB for keys and values of what is decoded together; never changes the result (default: what --device-memory leaves, else 4)",
  ),
  deviceMemory: optional(
    number({ above: 0 }),
    "the device's memory in GB: what never changes the result is then chosen to fit (default: not known)",
  ),
  recompute: optional(
    toggle(),
    "activations computed again in the backward pass; never changes the result (default: where they would take much)",
  ),
  offload: optional(
    choice(offloads),
    "what waits in the host's memory: one sign's gradient; never changes the result (default: none)",
  ),
} as const satisfies Group;

/** How the passes over a model compute; each changes results. */
export const passes = {
  storage: optional(
    choice(storageTypes),
    "how the passes find weights stored; training keeps float32 beside it (default: f32)",
  ),
  activations: optional(
    choice(storageTypes),
    "how the passes store activations, keys and values; sums are float32 (default: f32)",
  ),
  paddedVocabulary: optional(
    choice(paddedVocabularies),
    "token ids that the tokenizer does not know: mask gives them no probability, keep computes as transformers (default: mask)",
  ),
} as const satisfies Group;

/** Which kernels the device runs; they change results. */
export const device = {
  kernels: optional(
    choices(["plain", ...kernelNames], "plain"),
    "kernels that round or sum in their own way; a run records them and resumes only with the same (default: plain)",
  ),
} as const satisfies Group;

/** What is learnt from responses. */
export const loss = {
  algorithm: setting("w-reinforce", choice(algorithmNames), "learning algorithm"),
  lambda: setting(0.1, number({ min: 0 }), "weight of the correct responses in w-reinforce"),
  aggregation: setting("token-mean", choice(["token-mean", "sequence-mean"]), "how token losses become one loss"),
  clipRatio: setting(0.2, number({ above: 0 }), "clip range of the probability ratio"),
  entropyCoef: setting(1e-4, number({ min: 0 }), "coefficient of the entropy bonus"),
  klCoef: setting(1e-3, number({ min: 0 }), "coefficient of the KL penalty (ppo, grpo)"),
  klInLoss: optional(toggle(), "KL penalty to the reference inside the loss (default: as the algorithm says)"),
  normalizeAdvantage: optional(
    toggle(),
    "advantages scaled to mean 0 and variance 1 over the batch's tokens (default: as the algorithm says)",
  ),
} as const satisfies Group;

/** As the authors' code or as their text. */
export const published = {
  asPublished: optional(
    toggle(),
    "as the authors' code, not the text: rewards 1 and 0, entropy coefficient 1e-3, step 1 at rate 0",
  ),
} as const satisfies Group;

/** How weights are updated. */
export const optimizing = {
  learningRate: setting(1e-6, number({ min: 0 }), "learning rate of the policy, constant"),
  criticLearningRate: setting(1e-5, number({ min: 0 }), "learning rate of the critic (ppo)"),
  moments: optional(
    choice(momentTypes),
    "AdamW's moments: float32, or bf16 rounded by chance, half the memory (default: f32)",
  ),
  weightDecay: setting(0.01, number({ min: 0 }), "AdamW weight decay, on every parameter"),
  maxGradNorm: setting(1, number({ above: 0 }), "global gradient norm is clipped to this"),
} as const satisfies Group;

/** Steps, and what each is made of. */
export const schedule = {
  step: setting(0, integer({ min: 0 }), "training step, from 1; 0 is outside of training"),
  steps: optional(integer({ min: 0 }), "training steps (default: all epochs)"),
  epochs: setting(20, integer({ min: 1 }), "passes over the training split, where no steps are given"),
  prompts: optional(
    integer({ min: 1 }),
    "prompts P for each step (default: 1024 in training, all of the split otherwise)",
  ),
  miniBatch: setting(
    256,
    integer({ min: 1 }),
    "prompts for each optimizer step; train: at most its --prompts where not named",
  ),
  criticMiniBatch: setting(
    256,
    integer({ min: 1 }),
    "sequences for each optimizer step of the critic (ppo), at most a rollout batch",
  ),
  gradientChunk: setting(
    8192,
    integer({ min: 1 }),
    "tokens for each partial sum of a gradient; part of the result, unlike batch",
  ),
} as const satisfies Group;

/** What a run measures and keeps on the way. */
export const keeping = {
  testEvery: setting(7, integer({ min: 0 }), "greedy accuracy on the test split every N steps; 0 is never"),
  saveEvery: setting(1, integer({ min: 1 }), "a checkpoint every N steps (the last step always has one)"),
  keep: setting(2, integer({ min: 1 }), "checkpoints and gradients that stay on disk"),
} as const satisfies Group;

/** What is read and written beside the model. */
export const files = {
  reference: optional(text("DIR"), "reference model for the KL penalty"),
  critic: optional(text("DIR"), "critic: a directory that update wrote, or a base model"),
  optimizer: optional(text("DIR"), "optimizer state: an earlier --out of update"),
  artifacts: optional(
    text("DIR"),
    "folder of gradients, by content (default: .signum/artifacts, or $SIGNUM_HOME/artifacts)",
  ),
  out: optional(text("DIR"), "where the result is written"),
  dtype: setting("bfloat16", choice(Object.keys(writtenTypes).filter(isElementType)), "element type of the weights"),
  recipe: optional(text("NAME"), "named set of values that come before the config file and the flags"),
} as const satisfies Group;

/** What is printed. */
export const reporting = {
  k: optional(integers({ min: 1 }), "values of k for Pass@k (default: 1, 2, 4, … 256, as far as there are responses)"),
  format: setting(
    "terminal",
    choice(["terminal", "csv", "markdown", "latex", "json"]),
    "how a table is printed; csv: a text that a spreadsheet would run has a ' before it",
  ),
  bootstrap: setting(1000, integer({ min: 0 }), "bootstrap samples over problems behind each interval"),
  report: optional(words(), "which tables or figures (default: all)"),
} as const satisfies Group;

/** Files in parts. */
export const archive = {
  partSize: setting(60, number({ above: 0 }), "size in MB (10^6 bytes) that every part of a file stays below"),
} as const satisfies Group;

/** Which part of a study. */
export const studies = {
  algorithms: optional(words(), "which of a recipe's algorithms are trained (default: all)"),
  shard: optional(text("I/N"), "part I of N of a study's cells, 1/2 say; a last run without it gathers"),
  gather: setting(false, toggle(), "write the results of what a study has done, and run no more of it"),
  check: setting(false, toggle(), "compare with what is already there and write nothing"),
} as const satisfies Group;

/** A small base in pretraining. */
export const base = {
  width: setting(64, integer({ min: 32 }), "channels of the base, a multiple of 32"),
  layers: setting(2, integer({ min: 1 }), "layers of the base"),
  demonstrations: setting(256, integer({ min: 1 }), "demonstrations for each pretraining step"),
  latent: setting(false, toggle(), "a base that is strong under <think> and weak under <direct>"),
  warmup: setting(50, integer({ min: 0 }), "steps of linear warm-up in pretraining"),
} as const satisfies Group;

/** A server that answers for the model. */
export const server = {
  endpoint: optional(
    text("URL"),
    "OpenAI-compatible server that draws the responses, such as http://127.0.0.1:8000/v1",
  ),
  servedModel: optional(text("NAME"), "the model's name on the server"),
  concurrency: setting(32, integer({ min: 1, max: 4096 }), "requests under way at once"),
  requestResponses: setting(8, integer({ min: 1, max: 1024 }), "responses asked for in one request"),
  requestsPerMinute: optional(integer({ min: 1 }), "most requests a minute (default: no limit)"),
  timeout: setting(1800, number({ above: 0 }), "seconds that one request may take"),
  retries: setting(8, integer({ min: 0, max: 100 }), "times that a request is sent again after it failed"),
  logprobs: setting(true, toggle(), "keep the log-prob of each token of a response (and ask the server for it)"),
} as const satisfies Group;

/** Which responses are read. */
export const reading = {
  correct: setting(false, toggle(), "right responses only"),
  incorrect: setting(false, toggle(), "wrong responses only"),
  problem: optional(text("NAME"), "responses to this problem only, by its problemId or the end of it"),
  first: optional(integer({ min: 1 }), "first N responses of those that are left (default: all)"),
  positions: optional(integers({ min: 0 }), "tokens of a response by their place, from 0 (default: all)"),
  whole: setting(false, toggle(), "every response whole, not its last lines"),
} as const satisfies Group;

/** Other programs' files. */
export const imports = {
  from: optional(choice(Object.keys(importers)), "whose file it is"),
  metric: optional(text("NAME"), "the metric that says right or wrong in another program's file (default: its first)"),
} as const satisfies Group;

/** Records that are there twice. */
export const duplicates = {
  allowDuplicates: setting(
    false,
    toggle(),
    "drop a record that is there twice, equal in every field, instead of refusing it",
  ),
} as const satisfies Group;

/** What the plan of a run assumes. */
export const planning = {
  tflops: optional(
    number({ above: 0 }),
    "arithmetic speed that the plan's estimate of time assumes, in TFLOP/s (default: 100)",
  ),
} as const satisfies Group;
