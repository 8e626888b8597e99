/**
 * How many sequences are decoded at a time, and how many pages of keys and values are kept for them. Both follow from the requests and from
 * what the cache may take; neither ever shows in a response.
 */
import type { Key } from "../../data/random.ts";
import type { DeviceInfo } from "../../kernels/gpu/device_info.ts";
import { formatOf, type StorageType } from "../../kernels/gpu/half_precision.ts";
import { pageRows, pagesFor } from "../../kernels/ops/kv_cache/pages.ts";
import { elementBytes } from "../../kernels/gpu/tensor.ts";
import type { ModelConfig } from "../models/model_config.ts";

/** A response to draw: its prompt, the key of its randomness, and the most tokens it may have. */
export interface Request {
  readonly promptTokens: Int32Array;
  readonly key: Key;
  readonly maxTokens: number;
}

/** Sequences that are decoded at a time where no number is asked for. */
export const defaultBatch = 4096;

/** GiB that the cache may take, all layers together, where nothing else is asked for. */
export const defaultCache = 4;

/** The same on a device: one that knows its memory, and shares it with everything else, gives a quarter of it at most. */
const cacheOn = ({ kind, maxBuffer }: DeviceInfo): number =>
  kind === "wasm" ? Math.min(defaultCache, maxBuffer / 4 / 2 ** 30) : defaultCache;

/** What bounds a pool: sequences at a time, and GiB of keys and values. */
export interface PoolLimits {
  readonly batch?: number | undefined;
  readonly cache?: number | undefined;
}

/** Places for sequences, and pages of the cache for their prompts and responses. */
export interface PoolShape {
  readonly places: number;
  readonly pages: number;
  /** Prompts that sit at a time at most, the most pages of one, and the most pages of a response. */
  readonly prompts: number;
  readonly promptPages: number;
  readonly ownPages: number;
  /** Most tokens of a response, and of a whole sequence. */
  readonly longest: number;
  readonly positions: number;
}

/**
 * Pages for the largest run of requests that follow each other, at most `batch` of them and each as long as it may be, as far as the cache
 * allows; for one alone in any case. Responses are seldom that long, so there are places for as many as those pages hold when each
 * response has its first page. A prompt takes its pages once for all responses to it that stand together.
 */
export const poolShape = (
  { config, info, activations = "f32" }: {
    readonly config: ModelConfig;
    readonly info: DeviceInfo;
    readonly activations?: StorageType | undefined;
  },
  requests: ReadonlyArray<Request>,
  { batch = defaultBatch, cache = cacheOn(info) }: PoolLimits = {},
): PoolShape => {
  const width = config.kvHeads * config.headWidth;
  const rowBytes = elementBytes({ format: formatOf(activations) }) * width;
  const cacheRows = Math.floor(Math.min(info.maxBinding, cache * 2 ** 30 / (2 * config.layers)) / rowBytes);
  const most = (of: (request: Request) => number) =>
    requests.reduce((found, request) => Math.max(found, of(request)), 1);
  const promptOf = ({ promptTokens }: Request) => pagesFor(promptTokens.length);
  const ownOf = ({ maxTokens }: Request) => pagesFor(maxTokens);
  const longest = most(({ maxTokens }) => maxTokens);
  const [promptPages, ownPages] = [most(promptOf), most(ownOf)];
  // A place holds three words a token of what is drawn, and lists its pages and those of a prompt.
  const words = info.maxBinding / 4;
  const fitting = Math.floor(Math.min(words / (3 * longest), words / (ownPages + promptPages)));
  const mostPlaces = Math.max(1, Math.min(batch, fitting));
  const runs = runsOf(requests);
  const full = largestRun(requests, runs, mostPlaces, Infinity, ownOf).pages;
  const pages = Math.max(
    most((request) => promptOf(request) + ownOf(request)),
    Math.min(full, Math.floor(cacheRows / pageRows)),
  );
  const { places } = largestRun(requests, runs, mostPlaces, pages, () => 1);
  return {
    places,
    pages,
    prompts: Math.min(places, runs[runs.length - 1] + 1),
    promptPages,
    ownPages,
    longest,
    positions: most((request) => request.promptTokens.length + request.maxTokens),
  };
};

/** Whether sequences as long as they may be could need more pages than there are, so that some would have to wait for others. */
export const isScarce = ({ places, pages, prompts, promptPages, ownPages }: PoolShape): boolean =>
  pages < places * ownPages + prompts * promptPages;

/** The number of each request's run: requests that follow each other and have the same prompt. */
export const runsOf = (requests: ReadonlyArray<Request>): Uint32Array => {
  const runs = new Uint32Array(requests.length);
  for (let i = 1; i < requests.length; i++) {
    runs[i] = runs[i - 1] + Number(!same(requests[i - 1].promptTokens, requests[i].promptTokens));
  }
  return runs;
};

/** The most requests that follow each other within the bounds (one in any case), and the most pages of such. */
const largestRun = (
  requests: ReadonlyArray<Request>,
  runs: Uint32Array,
  mostPlaces: number,
  mostPages: number,
  ownOf: (request: Request) => number,
): Pick<PoolShape, "places" | "pages"> => {
  let [places, pages, from, used] = [0, 0, 0, 0];
  const prompt = (index: number) => pagesFor(requests[index].promptTokens.length);
  requests.forEach((request, to) => {
    used += ownOf(request) + (to === from || runs[to - 1] !== runs[to] ? prompt(to) : 0);
    while (from < to && (to - from >= mostPlaces || used > mostPages)) {
      const first = from++;
      used -= ownOf(requests[first]) + (runs[first] !== runs[from] ? prompt(first) : 0);
    }
    places = Math.max(places, to - from + 1);
    pages = Math.max(pages, used);
  });
  return { places, pages };
};

/** Whether two prompts are the same tokens, and so share their keys and values. */
const same = (a: Int32Array, b: Int32Array): boolean =>
  a === b || (a.length === b.length && a.every((token, i) => token === b[i]));
