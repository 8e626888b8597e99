/** Groups of settings that few commands take: files in parts, studies, pretraining, servers, clusters. */
import { type Group, integer, number, optional, setting, text, toggle, words } from "./setting.ts";

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
  demonstrations: setting(256, integer({ min: 1 }), "demonstrations for each pretraining step"),
  latent: setting(false, toggle(), "train a base that is strong after <think> and weak after <direct>"),
  warmup: setting(50, integer({ min: 0 }), "steps of linear warm-up in pretraining"),
} as const satisfies Group;

/** A page that is served. */
export const serving = {
  port: setting(0, integer({ min: 0, max: 65535 }), "port of the page on 127.0.0.1; 0 takes a free one"),
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
  block: setting(16, integer({ min: 1 }), "prompts per job of a cluster; does not change results"),
} as const satisfies Group;

/** A worker of a cluster. */
export const workers = {
  lease: setting(
    30,
    integer({ min: 2, max: 3600 }),
    "seconds after which the job of a worker that was lost goes to another one",
  ),
} as const satisfies Group;
