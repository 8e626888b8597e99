/**
 * The size of a decoding pool: how many sequences run at a time, and how many blocks of keys and values they get. Both follow from the
 * requests and the limits; neither changes a response.
 */
import type { Key } from "../../data/random.ts";
import type { DeviceInfo } from "../../kernels/gpu/device_info.ts";
import { formatOf, type StorageType } from "../../kernels/gpu/half_precision.ts";
import { blockRows, blocksFor } from "../../kernels/ops/kv_cache/blocks.ts";
import { elementBytes } from "../../kernels/gpu/tensor.ts";
import type { ModelConfig } from "../models/model_config.ts";

/** A response to draw: its prompt, its random key, and its largest number of tokens. */
export interface Request {
  readonly promptTokens: Int32Array;
  readonly key: Key;
  readonly maxTokens: number;
}

/** The default number of sequences that run at a time. */
export const defaultBatch = 4096;

/** The default size of the cache of all layers, in GiB. */
export const defaultCache = 4;

/** The default cache of a device in GiB. The embedded one shares the host's memory and uses at most a quarter of it. */
const cacheOn = ({ kind, maxBuffer }: DeviceInfo): number =>
  kind === "wasm" ? Math.min(defaultCache, maxBuffer / 4 / 2 ** 30) : defaultCache;

/** Limits of a pool: sequences at a time, and GiB of keys and values. */
export interface PoolLimits {
  readonly batch?: number | undefined;
  readonly cache?: number | undefined;
}

/** Slots for sequences, and blocks of the cache for their prompts and responses. */
export interface PoolShape {
  readonly slots: number;
  readonly blocks: number;
  /** The largest number of prompts cached at a time, of blocks per prompt, and of blocks per response. */
  readonly prompts: number;
  readonly promptBlocks: number;
  readonly responseBlocks: number;
  /** The largest number of tokens of a response, and of a prompt with its response. */
  readonly maxResponse: number;
  readonly positions: number;
}

/** What the rows of a cache follow from. */
interface CachedModel {
  readonly config: ModelConfig;
  readonly info: DeviceInfo;
  readonly activations?: StorageType | undefined;
}

/** Rows of a layer's keys, or values, in a cache of so many GiB for all layers. */
const cacheRowsOf = ({ config, info, activations = "f32" }: CachedModel, cache: number): number => {
  const rowBytes = elementBytes({ format: formatOf(activations) }) * config.kvHeads * config.headWidth;
  return Math.floor(Math.min(info.maxBinding, cache * 2 ** 30 / (2 * config.layers)) / rowBytes);
};

/** The default number of sequences of a server that run at a time. */
export const servedBatch = 64;

/**
 * The shape for requests that are not known yet, each with a prompt and a response of together at most `context` tokens: `batch` slots, and
 * blocks for as many full ones as the cache holds, at least for one.
 */
export const openShape = (
  cached: CachedModel,
  context: number,
  { batch = servedBatch, cache = cacheOn(cached.info) }: PoolLimits = {},
): PoolShape => {
  const most = blocksFor(context);
  const words = cached.info.maxBinding / 4;
  const slots = Math.max(1, Math.min(batch, Math.floor(words / (3 * context)), Math.floor(words / (2 * most))));
  // A prompt and its response each end in a block of their own.
  const one = most + 1;
  return {
    slots,
    blocks: Math.max(one, Math.min(slots * one, Math.floor(cacheRowsOf(cached, cache) / blockRows))),
    prompts: slots + 1,
    promptBlocks: most,
    responseBlocks: most,
    maxResponse: context,
    positions: context,
  };
};

/**
 * Allocates blocks for `batch` neighbouring requests of full length, as far as the cache allows, and for at least one request. Responses
 * are seldom that long, so there are as many slots as those blocks hold when each response has only its first block. Neighbouring responses
 * to one prompt share the prompt's blocks.
 */
export const poolShape = (
  { config, info, activations = "f32" }: CachedModel,
  requests: ReadonlyArray<Request>,
  { batch = defaultBatch, cache = cacheOn(info) }: PoolLimits = {},
): PoolShape => {
  const cacheRows = cacheRowsOf({ config, info, activations }, cache);
  const largest = (of: (request: Request) => number) =>
    requests.reduce((max, request) => Math.max(max, of(request)), 1);
  const promptOf = ({ promptTokens }: Request) => blocksFor(promptTokens.length);
  const responseOf = ({ maxTokens }: Request) => blocksFor(maxTokens);
  const maxResponse = largest(({ maxTokens }) => maxTokens);
  const [promptBlocks, responseBlocks] = [largest(promptOf), largest(responseOf)];
  // Each slot has three words per generated token, and the block tables of its response and of a prompt.
  const words = info.maxBinding / 4;
  const fitting = Math.floor(Math.min(words / (3 * maxResponse), words / (responseBlocks + promptBlocks)));
  const maxSlots = Math.max(1, Math.min(batch, fitting));
  const groups = promptGroups(requests);
  const full = largestWindow(requests, groups, { maxSlots, maxBlocks: Infinity, responseOf }).blocks;
  const blocks = Math.max(
    largest((request) => promptOf(request) + responseOf(request)),
    Math.min(full, Math.floor(cacheRows / blockRows)),
  );
  const { slots } = largestWindow(requests, groups, { maxSlots, maxBlocks: blocks, responseOf: () => 1 });
  return {
    slots,
    blocks,
    prompts: Math.min(slots, groups[groups.length - 1] + 1),
    promptBlocks,
    responseBlocks,
    maxResponse,
    positions: largest((request) => request.promptTokens.length + request.maxTokens),
  };
};

/** Whether sequences of full length could need more blocks than there are, so that some would be preempted. */
export const isScarce = ({ slots, blocks, prompts, promptBlocks, responseBlocks }: PoolShape): boolean =>
  blocks < slots * responseBlocks + prompts * promptBlocks;

/** The group of each request, ascending from 0; neighbouring requests with the same prompt form a group. */
export const promptGroups = (requests: ReadonlyArray<Request>): Uint32Array => {
  const groups = new Uint32Array(requests.length);
  for (let i = 1; i < requests.length; i++) {
    groups[i] = groups[i - 1] + Number(!isSamePrompt(requests[i - 1].promptTokens, requests[i].promptTokens));
  }
  return groups;
};

/** The largest number of neighbouring requests within the limits (at least one), and the most blocks that so many need. */
const largestWindow = (
  requests: ReadonlyArray<Request>,
  groups: Uint32Array,
  { maxSlots, maxBlocks, responseOf }: {
    readonly maxSlots: number;
    readonly maxBlocks: number;
    readonly responseOf: (request: Request) => number;
  },
): Pick<PoolShape, "slots" | "blocks"> => {
  let [slots, blocks, from, used] = [0, 0, 0, 0];
  const prompt = (index: number) => blocksFor(requests[index].promptTokens.length);
  requests.forEach((request, to) => {
    used += responseOf(request) + (to === from || groups[to - 1] !== groups[to] ? prompt(to) : 0);
    while (from < to && (to - from >= maxSlots || used > maxBlocks)) {
      const first = from++;
      used -= responseOf(requests[first]) + (groups[first] !== groups[from] ? prompt(first) : 0);
    }
    slots = Math.max(slots, to - from + 1);
    blocks = Math.max(blocks, used);
  });
  return { slots, blocks };
};

/** Whether two prompts have the same tokens. */
export const isSamePrompt = (a: Int32Array, b: Int32Array): boolean =>
  a === b || (a.length === b.length && a.every((token, i) => token === b[i]));
