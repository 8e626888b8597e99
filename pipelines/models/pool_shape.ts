/**
 * How many sequences are decoded at a time, and how many rows of keys and values are kept for them. Both follow from the requests and from
 * what the cache may take; neither ever shows in a response.
 */
import type { Key } from "../../data/random.ts";
import type { DeviceInfo } from "../../kernels/device_error.ts";
import { formatOf, type StorageType } from "../../kernels/half_precision.ts";
import { elementBytes } from "../../kernels/tensor.ts";
import type { ModelConfig } from "./model_config.ts";

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

/** What bounds a pool: sequences at a time, and GiB of keys and values. */
export interface PoolLimits {
  readonly batch?: number | undefined;
  readonly cache?: number | undefined;
}

/** Places for sequences, cache rows for their prompts and responses, most tokens of a response, most tokens of a whole sequence. */
export interface PoolShape {
  readonly places: number;
  readonly rows: number;
  readonly longest: number;
  readonly positions: number;
}

/**
 * Room for the largest run of requests that follow each other: at most `batch` of them, and no more than what the cache holds. A prompt
 * takes its rows once for all responses to it that stand together.
 */
export const poolShape = (
  { config, info, activations = "f32" }: {
    readonly config: ModelConfig;
    readonly info: DeviceInfo;
    readonly activations?: StorageType | undefined;
  },
  requests: ReadonlyArray<Request>,
  { batch = defaultBatch, cache = defaultCache }: PoolLimits = {},
): PoolShape => {
  const width = config.kvHeads * config.headWidth;
  const rowBytes = elementBytes({ format: formatOf(activations) }) * width;
  const mostRows = Math.floor(Math.min(info.maxBinding, cache * 2 ** 30 / (2 * config.layers)) / rowBytes);
  const most = (of: (request: Request) => number) =>
    requests.reduce((found, request) => Math.max(found, of(request)), 1);
  const longest = most(({ maxTokens }) => maxTokens);
  // A place holds three words a token of what is drawn.
  const mostPlaces = Math.max(1, Math.min(batch, Math.floor(info.maxBinding / (12 * longest))));
  let [places, rows, from, used] = [0, 0, 0, 0];
  requests.forEach(({ promptTokens, maxTokens }, to) => {
    const begins = to === from || !same(requests[to - 1].promptTokens, promptTokens);
    used += maxTokens + (begins ? promptTokens.length : 0);
    while (from < to && (to - from >= mostPlaces || used > mostRows)) {
      const first = requests[from++];
      const ends = !same(first.promptTokens, requests[from].promptTokens);
      used -= first.maxTokens + (ends ? first.promptTokens.length : 0);
    }
    places = Math.max(places, to - from + 1);
    rows = Math.max(rows, used);
  });
  return { places, rows, longest, positions: most((request) => request.promptTokens.length + request.maxTokens) };
};

/** Whether two prompts are the same tokens, and so share their keys and values. */
export const same = (a: Int32Array, b: Int32Array): boolean =>
  a === b || (a.length === b.length && a.every((token, i) => token === b[i]));
