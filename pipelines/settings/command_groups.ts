/** Groups of settings that few commands take: files in parts, studies, pretraining, servers, clusters. */
import * as Schema from "@effect/schema";
import { choice, type Group, integer, integers, number, optional, setting, text, toggle, words } from "./setting.ts";

const powerOfTwo = {
  ...integer({ min: 1 }),
  schema: Schema.Int.check(Schema.makeFilter((n) => n >= 1 && n <= 4096 && (n & (n - 1)) === 0)),
  expected: "a power of two from 1 to 4096",
};

/** Archives in parts. */
export const archive = {
  partSize: setting(60, number({ above: 0 }), "maximum size of a part in MB (10^6 bytes)"),
} as const satisfies Group;

/** Selection of a part of a study. */
export const studies = {
  algorithms: optional(words(), "train only these algorithms, of the recipe or others (default: all of the recipe)"),
  shard: optional(text("I/N"), "run part I of N; a final run without --shard merges the parts"),
  gather: setting(false, toggle(), "write results from the finished cells; run no more"),
  check: setting(false, toggle(), "make the results again, compare with the existing files, write nothing"),
} as const satisfies Group;

/** Pretraining of a small base. */
export const base = {
  width: setting(64, integer({ min: 32 }), "model width (channels), a multiple of 32"),
  layers: setting(2, integer({ min: 1 }), "layers of the base"),
  surplusIds: setting(
    0,
    integer({ min: 0 }),
    "token ids that the tokenizer does not know, as padded vocabularies have",
  ),
  demonstrations: setting(256, integer({ min: 1 }), "demonstrations for each pretraining step"),
  latent: setting(false, toggle(), "train a base that is strong after <think> and weak after <direct>"),
  warmup: setting(50, integer({ min: 0 }), "steps of linear warm-up in pretraining"),
} as const satisfies Group;

/** Where a server of this project listens. */
export const listening = {
  port: optional(
    integer({ min: 0, max: 65535 }),
    "port to listen at; 0 takes a free one (default: 8000 for serve, a free one for watch)",
  ),
} as const satisfies Group;

/** Errors of the verifier that a study makes on purpose, and the wrong responses that training learns from. */
export const signals = {
  falseAccepts: optional(
    number({ min: 0, max: 1 }),
    "for studies, share of wrong responses that are rewarded as correct, drawn at random (default: 0)",
  ),
  falseRejects: optional(
    number({ min: 0, max: 1 }),
    "for studies, share of correct responses that are rewarded as wrong, drawn at random (default: 0)",
  ),
  wrongResponses: optional(
    choice(["all", "unsolved", "random"]),
    "wrong responses to learn from: all, those to prompts without a correct one, or as many as these at random (default: all)",
  ),
} as const satisfies Group;

/** What is refused unless it is asked for. */
export const permissions = {
  allowTruncatedSampling: optional(
    toggle(),
    "train with --top-p or --top-k, though the log-probs that training uses are of the whole distribution (default: no)",
  ),
} as const satisfies Group;

/** An inference server in place of a local model. */
export const server = {
  endpoint: optional(
    text("URL"),
    "OpenAI-compatible server that draws the responses, such as http://127.0.0.1:8000/v1",
  ),
  servedModel: optional(text("NAME"), "the model's name on the server"),
  concurrency: setting(32, integer({ min: 1, max: 4096 }), "maximum requests in flight"),
  requestResponses: setting(8, integer({ min: 1, max: 1024 }), "responses per request"),
  requestsPerMinute: optional(integer({ min: 1 }), "maximum requests per minute (default: no limit)"),
  timeout: setting(1800, number({ above: 0 }), "seconds before a request fails"),
  retries: setting(8, integer({ min: 0, max: 100 }), "retries of a failed request"),
  logprobs: setting(true, toggle(), "store (and ask the server for) each token's log-prob"),
} as const satisfies Group;

/** Work on several machines or processes. */
export const cluster = {
  cluster: optional(
    text("WHERE"),
    "hand out the work to workers through this queue: sqlite (one machine), or postgres://USER@HOST:PORT/DATABASE",
  ),
  store: optional(
    text("DIR"),
    "folder of the cluster's blobs, which all workers see, or the http:// address of a served one (default: .signum/store, or $SIGNUM_HOME/store)",
  ),
  ahead: optional(integer({ min: 1 }), "jobs of a cluster that are handed out at a time (default: 128)"),
  storePort: optional(
    integer({ min: 0, max: 65535 }),
    "serve the store on this port of 127.0.0.1, for workers that do not see its folder (needs SIGNUM_STORE_TOKEN)",
  ),
} as const satisfies Group;

/** Cutting of work into jobs. */
export const blocks = {
  block: setting(
    16,
    integer({ min: 1 }),
    "prompts (of score: responses) per job of a cluster; does not change results",
  ),
} as const satisfies Group;

/** Cutting of gradients into jobs. */
export const gradientJobs = {
  leavesPerJob: setting(
    1,
    powerOfTwo,
    "leaves of a gradient's tree (--gradient-leaves) per job of a cluster; does not change results",
  ),
} as const satisfies Group;

/** A worker of a cluster. */
export const workers = {
  lease: setting(
    30,
    integer({ min: 2, max: 3600 }),
    "seconds after which the job of a worker that was lost goes to another one",
  ),
} as const satisfies Group;

/** This project's own server. */
export const serving = {
  ...listening,
  host: setting("127.0.0.1", text("ADDRESS"), "address to listen at; one that others reach needs a key"),
  apiKeyFile: optional(text("FILE"), "file with the key that requests must have (or SIGNUM_API_KEY; default: none)"),
  context: optional(
    integer({ min: 2 }),
    "maximum tokens of a prompt with its response (default: the model's context)",
  ),
  queue: setting(256, integer({ min: 1 }), "maximum responses that wait for a slot; beyond that requests are refused"),
  updateFolder: optional(text("DIR"), "folder of model directories whose weights may be loaded without a restart"),
  updateKeyFile: optional(text("FILE"), "file with the key of such updates (or SIGNUM_UPDATE_KEY)"),
} as const satisfies Group;

/** Duplicate records. */
export const duplicates = {
  allowDuplicates: setting(false, toggle(), "drop exact duplicate records instead of stopping"),
} as const satisfies Group;

/** Assumptions of a run's plan. */
export const planning = {
  tflops: optional(number({ above: 0 }), "assumed speed for the time estimate, in TFLOP/s (default: 100)"),
} as const satisfies Group;

/** Assumptions of the plan of a training that workers share. */
export const sharing = {
  workers: optional(
    integer({ min: 1, max: 4096 }),
    "with --dry-run, the time of a step and the bytes that it moves with 1 to N workers of a cluster",
  ),
  bandwidth: setting(12.5, number({ above: 0 }), "assumed speed between a worker and the store, in GB/s"),
  storeBandwidth: setting(50, number({ above: 0 }), "assumed speed of the store for all workers together, in GB/s"),
  memoryBandwidth: setting(3000, number({ above: 0 }), "assumed speed of a worker's device memory, in GB/s"),
} as const satisfies Group;

/** Rollouts of training that servers draw. */
export const rolloutServers = {
  rollouts: optional(
    { ...words(), expected: "URLs with commas between", argument: "URL,URL" },
    "servers that draw the responses of training, such as http://127.0.0.1:8000 (default: training draws them)",
  ),
  rolloutsDialect: optional(
    choice(["signum", "vllm", "sglang"]),
    "what these servers are: signum (serve), vllm or sglang (default: signum)",
  ),
  rolloutsFolder: optional(
    text("DIR"),
    "folder in which training leaves the weights for these servers, as directory current (default: sampler in --out)",
  ),
  importanceCap: optional(
    number({ min: 0 }),
    "maximum importance weight of a token whose sampler is not the policy; 0 means no weights (default: 0; train: 2 for vllm, sglang and an injected mismatch)",
  ),
  injectMismatch: optional(
    text("KIND"),
    "for studies, a sampler that is not the policy: noise:X adds normal noise of deviation X to its log-probs, bf16 rounds its weights, stale:1 keeps them a step behind (default: none)",
  ),
} as const satisfies Group;

/** Selection of responses to read. */
export const reading = {
  correct: setting(false, toggle(), "show only correct responses"),
  incorrect: setting(false, toggle(), "show only incorrect responses"),
  problem: optional(text("NAME"), "only responses to this problem: its problemId or the end of it"),
  first: optional(integer({ min: 1 }), "stop after N responses; compare: after N problems (default: all; compare: 3)"),
  positions: optional(integers({ min: 0 }), "positions of response tokens, from 0 (default: all)"),
  whole: setting(false, toggle(), "print responses in full, not only the last lines"),
  tokenGradients: setting(false, toggle(), "compute the gradients of a followed prompt's tokens, which needs a device"),
} as const satisfies Group;
