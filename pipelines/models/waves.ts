/** Cuts the responses to be drawn into waves that are decoded together; where the cuts fall never shows in a response. */
import type { Key } from "../../data/random.ts";
import type { DeviceInfo } from "../../kernels/device_error.ts";
import type { ModelConfig } from "./model_config.ts";

/** A response to draw: its prompt, the key of its randomness, and the most tokens it may have. */
export interface Request {
  readonly promptTokens: Int32Array;
  readonly key: Key;
  readonly maxTokens: number;
}

/** Sequences of one wave where none is asked for. */
export const defaultBatch = 4096;

/** What the cache of a wave may take, all layers together, in GiB, where nothing is said. */
export const defaultCache = 4;

/** Cuts requests into waves: at most `batch` sequences, and no more than what a cache of so many GiB holds. */
export const waves = <A extends Request>(
  { config, encoder }: { readonly config: ModelConfig; readonly encoder: { readonly info: DeviceInfo } },
  requests: ReadonlyArray<A>,
  batch = defaultBatch,
  cache = defaultCache,
): ReadonlyArray<ReadonlyArray<A>> => {
  const cacheBytes = cache * 2 ** 30;
  const width = config.kvHeads * config.headWidth;
  const rows = Math.floor(Math.min(encoder.info.maxBinding, cacheBytes / (2 * config.layers)) / (4 * width));
  const cuts: A[][] = [];
  let used = 0;
  let prompt: Int32Array | undefined;
  for (const request of requests) {
    const shared = prompt !== undefined && same(prompt, request.promptTokens);
    const own = request.maxTokens + (shared ? 0 : request.promptTokens.length);
    const last = cuts[cuts.length - 1];
    if (last === undefined || last.length >= batch || used + own > rows) {
      cuts.push([request]);
      used = request.maxTokens + request.promptTokens.length;
    } else {
      last.push(request);
      used += own;
    }
    prompt = request.promptTokens;
  }
  return cuts;
};

/** Whether two prompts are the same tokens, and so share their keys and values. */
export const same = (a: Int32Array, b: Int32Array): boolean =>
  a === b || (a.length === b.length && a.every((token, i) => token === b[i]));
