/**
 * Every setting of every command, once: its name, its flag, what it may be, the paper's value (Appendix D of arXiv 2506.01347) as default,
 * and a sentence for `--help`. `{}` is the published setting; a recipe, a config file and flags each override the one before. `maxTokens`
 * without a value follows the task: what it declares, else 3,072 or what the model's context leaves, whichever is less.
 */
import { tasks } from "../../data/mod.ts";
import { momentTypes, storageTypes } from "../../kernels/gpu/half_precision.ts";
import { type AlgorithmName, algorithms } from "../algorithms/mod.ts";
import { offloads } from "./offload.ts";
import { paddedVocabularies } from "./padded_vocabulary.ts";
import { type ElementType, writtenTypes } from "../files/safetensors_header.ts";
import { importers } from "../records/imports/mod.ts";
import shapes from "../../data/shapes.json" with { type: "json" };
import { choice, integer, integers, number, optional, type Setting, text, toggle, words } from "./setting.ts";

const templates = [...new Set([...Object.values(tasks).flatMap((task) => task.templates), "chat"])];
const isElementType = (name: string): name is ElementType => name in writtenTypes;
const algorithmNames = Object.keys(algorithms).filter((name): name is AlgorithmName => name in algorithms);

/** The table: key in files and in code, in the order in which help and the resolved config list them. */
export const settings = {
  // What is asked, and of whom.
  model: optional(text("", "model: a Hugging Face directory (or a Hub name)", "DIR")),
  shape: optional(
    choice(
      "",
      Object.keys(shapes.models),
      "made-up weights of this model's shape, instead of --model, for measurements",
    ),
  ),
  task: choice("math", Object.keys(tasks), "task: where problems come from and how they are graded"),
  split: choice("train", ["train", "test"], "split of the task"),
  data: optional(text("", "file or folder of problems, or the Hub name of a data set", "FILE")),
  limit: optional(integer(1, { min: 1 }, "first N problems of the split as stored (default: all)")),
  problemSeed: optional(
    integer(1, { min: 0, max: 0xffffffff }, "other problems of a task that makes them (countdown)"),
  ),
  template: optional(choice("", templates, "prompt template (default: the task's first); chat is the model's own")),
  date: optional(text("", "day that a chat template is told where it asks for the date, YYYY-MM-DD", "DATE")),
  // How responses are drawn.
  responses: integer(8, { min: 1 }, "responses G for each prompt"),
  temperature: number(1, { min: 0, max: 100 }, "sampling temperature; 0 is greedy"),
  topP: number(1, { above: 0, max: 1 }, "nucleus: smallest set of tokens with this much probability"),
  topK: integer(0, { min: 0 }, "only the K most probable tokens; 0 is all"),
  maxTokens: optional(
    integer(1, { min: 1 }, "longest response in tokens (default: the task's, else 3072 or what the context leaves)"),
  ),
  seed: integer(0, { min: 0, max: 0xffffffff }, "seed of every random draw"),
  step: integer(0, { min: 0 }, "training step, from 1; 0 is outside of training"),
  batch: optional(
    integer(1, { min: 1 }, "sequences decoded at a time; never changes the result (default: what memory holds)"),
  ),
  cache: optional(
    number(
      4,
      { min: 0 },
      "GiB for keys and values of what is decoded together; never changes the result (default: what --device-memory leaves, else 4)",
    ),
  ),
  deviceMemory: optional(
    number(
      80,
      { above: 0 },
      "the device's memory in GB: what never changes the result is then chosen to fit (default: not known)",
    ),
  ),
  storage: optional(
    choice("f32", storageTypes, "how the passes find weights stored; training keeps float32 beside it (default: f32)"),
  ),
  activations: optional(
    choice("f32", storageTypes, "how the passes store activations, keys and values; sums are float32 (default: f32)"),
  ),
  paddedVocabulary: optional(
    choice(
      "mask",
      paddedVocabularies,
      "token ids that the tokenizer does not know: mask gives them no probability, keep computes as transformers (default: mask)",
    ),
  ),
  // What is learnt from them.
  algorithm: choice("w-reinforce", algorithmNames, "learning algorithm"),
  lambda: number(0.1, { min: 0 }, "weight of the correct responses in w-reinforce"),
  aggregation: choice("token-mean", ["token-mean", "sequence-mean"], "how token losses become one loss"),
  extract: choice(
    "strict",
    ["strict", "lenient", "paper"],
    "strict: only a boxed answer counts; paper: as its authors grade",
  ),
  clipRatio: number(0.2, { above: 0 }, "clip range of the probability ratio"),
  entropyCoef: number(1e-4, { min: 0 }, "coefficient of the entropy bonus"),
  klCoef: number(1e-3, { min: 0 }, "coefficient of the KL penalty (ppo, grpo)"),
  klInLoss: optional(toggle(false, "KL penalty to the reference inside the loss (default: as the algorithm says)")),
  normalizeAdvantage: optional(
    toggle(
      false,
      "advantages scaled to mean 0 and variance 1 over the batch's tokens (default: as the algorithm says)",
    ),
  ),
  learningRate: number(1e-6, { min: 0 }, "learning rate of the policy, constant"),
  criticLearningRate: number(1e-5, { min: 0 }, "learning rate of the critic (ppo)"),
  asPublished: optional(
    toggle(false, "as the authors' code, not the text: rewards 1 and 0, entropy coefficient 1e-3, step 1 at rate 0"),
  ),
  moments: optional(
    choice("f32", momentTypes, "AdamW's moments: float32, or bf16 rounded by chance, half the memory (default: f32)"),
  ),
  weightDecay: number(0.01, { min: 0 }, "AdamW weight decay, on every parameter"),
  maxGradNorm: number(1, { above: 0 }, "global gradient norm is clipped to this"),
  // Training.
  steps: optional(integer(1, { min: 0 }, "training steps (default: all epochs)")),
  epochs: integer(20, { min: 1 }, "passes over the training split, where no steps are given"),
  prompts: optional(
    integer(1, { min: 1 }, "prompts P for each step (default: 1024 in training, all of the split otherwise)"),
  ),
  miniBatch: integer(256, { min: 1 }, "prompts for each optimizer step; train: at most its --prompts where not named"),
  criticMiniBatch: integer(
    256,
    { min: 1 },
    "sequences for each optimizer step of the critic (ppo), at most a rollout batch",
  ),
  gradientChunk: integer(
    8192,
    { min: 1 },
    "tokens for each partial sum of a gradient; part of the result, unlike batch",
  ),
  recompute: optional(
    toggle(
      false,
      "activations computed again in the backward pass; never changes the result (default: where they would take much)",
    ),
  ),
  offload: optional(
    choice(
      "none",
      offloads,
      "what waits in the host's memory: one sign's gradient; never changes the result (default: none)",
    ),
  ),
  testEvery: integer(7, { min: 0 }, "greedy accuracy on the test split every N steps; 0 is never"),
  saveEvery: integer(1, { min: 1 }, "a checkpoint every N steps (the last step always has one)"),
  keep: integer(2, { min: 1 }, "checkpoints and gradients that stay on disk"),
  workers: integer(1, { min: 1 }, "worker processes; never changes the result"),
  // Files.
  reference: optional(text("", "reference model for the KL penalty", "DIR")),
  critic: optional(text("", "critic: a directory that update wrote, or a base model", "DIR")),
  optimizer: optional(text("", "optimizer state: an earlier --out of update", "DIR")),
  artifacts: optional(
    text("", "folder of gradients, by content (default: .signum/artifacts, or $SIGNUM_HOME/artifacts)", "DIR"),
  ),
  out: optional(text("", "where the result is written", "DIR")),
  dtype: choice("bfloat16", Object.keys(writtenTypes).filter(isElementType), "element type of the weights"),
  recipe: optional(text("", "named set of values that come before the config file and the flags", "NAME")),
  // Reports.
  k: optional(
    integers([1], { min: 1 }, "values of k for Pass@k (default: 1, 2, 4, … 256, as far as there are responses)"),
  ),
  format: choice(
    "terminal",
    ["terminal", "csv", "markdown", "latex", "json"],
    "how a table is printed; csv: a text that a spreadsheet would run has a ' before it",
  ),
  bootstrap: integer(1000, { min: 0 }, "bootstrap samples over problems behind each interval"),
  report: optional(words([], "which tables or figures (default: all)")),
  partSize: number(60, { above: 0 }, "size in MB (10^6 bytes) that every part of a file stays below"),
  algorithms: optional(words([], "which of a recipe's algorithms are trained (default: all)")),
  shard: optional(text("", "part I of N of a study's cells, 1/2 say; a last run without it gathers", "I/N")),
  gather: toggle(false, "write the results of what a study has done, and run no more of it"),
  // Pretraining of a small base.
  width: integer(64, { min: 32 }, "channels of the base, a multiple of 32"),
  layers: integer(2, { min: 1 }, "layers of the base"),
  demonstrations: integer(256, { min: 1 }, "demonstrations for each pretraining step"),
  latent: toggle(false, "a base that is strong under <think> and weak under <direct>"),
  warmup: integer(50, { min: 0 }, "steps of linear warm-up in pretraining"),
  // A server that answers for the model.
  endpoint: optional(
    text("", "OpenAI-compatible server that draws the responses, such as http://127.0.0.1:8000/v1", "URL"),
  ),
  servedModel: optional(text("", "the model's name on the server", "NAME")),
  concurrency: integer(32, { min: 1, max: 4096 }, "requests under way at once"),
  requestResponses: integer(8, { min: 1, max: 1024 }, "responses asked for in one request"),
  requestsPerMinute: optional(integer(1, { min: 1 }, "most requests a minute (default: no limit)")),
  timeout: number(1800, { above: 0 }, "seconds that one request may take"),
  retries: integer(8, { min: 0, max: 100 }, "times that a request is sent again after it failed"),
  logprobs: toggle(true, "keep the log-prob of each token of a response (and ask the server for it)"),
  // Reading responses.
  correct: toggle(false, "right responses only"),
  incorrect: toggle(false, "wrong responses only"),
  problem: optional(text("", "responses to this problem only, by its problemId or the end of it", "NAME")),
  first: optional(integer(1, { min: 1 }, "first N responses of those that are left (default: all)")),
  positions: optional(integers([0], { min: 0 }, "tokens of a response by their place, from 0 (default: all)")),
  whole: toggle(false, "every response whole, not its last lines"),
  from: optional(choice("", Object.keys(importers), "whose file it is")),
  metric: optional(
    text("", "the metric that says right or wrong in another program's file (default: its first)", "NAME"),
  ),
  allowDuplicates: toggle(false, "drop a record that is there twice, equal in every field, instead of refusing it"),
  tflops: optional(
    number(100, { above: 0 }, "arithmetic speed that the plan's estimate of time assumes, in TFLOP/s (default: 100)"),
  ),
  // Commands.
  check: toggle(false, "compare with what is already there and write nothing"),
} as const satisfies Record<string, Setting<unknown>>;

/** The name of a setting, as in files and in code. */
export type SettingKey = keyof typeof settings;

/** Every setting with its value. */
export type Settings = {
  readonly [K in SettingKey]: (typeof settings)[K] extends Setting<infer A> ? A : never;
};

/** The keys in the order of the table. */
export const settingKeys = Object.keys(settings).filter((key): key is SettingKey => key in settings);

/** `topP` is the flag `top-p`. */
export const flagOf = (key: string): string => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The defaults that `asPublished` changes: those of the authors' code, where the paper's text has others. */
export const codeDefaults: Partial<Settings> = { entropyCoef: 1e-3 };

/** The published setting: each key's default. */
export const defaults: Settings = Object.fromEntries(
  settingKeys.map((key) => [key, settings[key].default]),
) as unknown as Settings;
