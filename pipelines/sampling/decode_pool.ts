/** The buffers of decoding: the state of each slot, the paged cache of keys and values, and the generated tokens. */
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import { formatOf } from "../../kernels/gpu/half_precision.ts";
import { blockRows } from "../../kernels/ops/kv_cache/blocks.ts";
import type { Tensor } from "../../kernels/gpu/tensor.ts";
import type { Purpose } from "../models/memory_purposes.ts";
import type { Model } from "../models/model.ts";
import { type Running, Scheduler } from "./scheduler.ts";
import { type PoolLimits, type PoolShape, poolShape, type Request } from "./pool_shape.ts";
import type { KeyValueCache } from "../models/transformer.ts";

/** Tokens of a response, with their log-probs and entropies. */
export interface GeneratedTokens {
  readonly responseTokens: Int32Array<ArrayBuffer>;
  readonly logProbs: Float32Array<ArrayBuffer>;
  readonly entropy: Float32Array<ArrayBuffer>;
}

/** Buffers for S slots and responses of at most T tokens. */
export interface DecodePool {
  readonly scheduler: Scheduler;
  readonly shape: PoolShape;
  readonly stopCount: number;
  /** `device.state` as of the last sync. Only the host writes the other three. */
  state: Uint32Array<ArrayBuffer>;
  readonly sequences: Uint32Array<ArrayBuffer>;
  readonly keys: Uint32Array<ArrayBuffer>;
  readonly blockTables: Uint32Array<ArrayBuffer>;
  /** Tokens that preempted requests had generated, by the index of the request. */
  readonly partial: Map<number, GeneratedTokens>;
  readonly device: {
    /** Threefry keys vec2u [S]. */
    readonly keys: Tensor;
    /** vec4u [S], see append_token.wgsl. */
    readonly state: Tensor;
    /** vec4u [S], see decode_rows.wgsl. */
    readonly sequences: Tensor;
    readonly stops: Tensor;
    /** u32 [S, T, 3], see append_token.wgsl. */
    readonly out: Tensor;
    readonly table: Tensor;
    /** Its `blocks` are the block tables, u32 [E, 1]: one for the response of each slot, then one for each cached prompt. */
    readonly cache: Omit<KeyValueCache, "rows">;
    /** The last hidden state [1, C] of the prompt that was prefilled last; more of its responses may start. */
    readonly lastPrompt: Tensor;
  };
  /** The slots of the running sequences, u32 [1, R], until that set changes. */
  slots: Tensor | undefined;
}

/** Allocates the buffers for these requests within these limits. */
export const makePool = (
  model: Model,
  requests: ReadonlyArray<Request>,
  stopTokens: ReadonlyArray<number>,
  limits: PoolLimits = {},
): DecodePool => {
  const { encoder, config, activations } = model;
  const shape = poolShape({ config, info: encoder.info, activations }, requests, limits);
  return poolOfShape(model, shape, new Scheduler(requests, shape), stopTokens);
};

/** Allocates the buffers of a shape. */
export const poolOfShape = (
  model: Model,
  shape: PoolShape,
  scheduler: Scheduler,
  stopTokens: ReadonlyArray<number>,
): DecodePool => {
  const { encoder, config, activations } = model;
  const { slots: S, maxResponse, positions } = shape;
  const purpose: Purpose = "key-value cache";
  const width = config.kvHeads * config.headWidth;
  const cached = { purpose, format: formatOf(activations) };
  const caches = () =>
    Array.from({ length: config.layers }, () => encoder.tensor(shape.blocks * blockRows, width, cached));
  const words = (rows: number, cols: number) => encoder.tensor(rows, cols, { purpose: "uploads" satisfies Purpose });
  const entries = promptTable(shape, shape.prompts);
  const stops = Uint32Array.from(stopTokens.length === 0 ? [0] : stopTokens);
  return {
    scheduler,
    shape,
    stopCount: stopTokens.length,
    state: new Uint32Array(S * 4),
    sequences: new Uint32Array(S * 4),
    keys: new Uint32Array(S * 2),
    // No block has this number, so every first entry counts as changed.
    blockTables: new Uint32Array(entries).fill(0xffffffff),
    partial: new Map(),
    device: {
      cache: { keys: caches(), values: caches(), blockTables: words(entries, 1) },
      keys: words(S, 2),
      state: words(S, 4),
      sequences: words(S, 4),
      stops: encoder.upload(stops, 1, stops.length),
      out: encoder.tensor(S, 3 * maxResponse),
      table: model.table(positions),
      lastPrompt: encoder.tensor(1, config.width),
    },
    slots: undefined,
  };
};

/** The first entry of the block table of the response in a slot. */
export const responseTable = ({ responseBlocks }: PoolShape, slot: number): number => slot * responseBlocks;

/** The first entry of the block table of a cached prompt. */
export const promptTable = ({ slots, responseBlocks, promptBlocks }: PoolShape, table: number): number =>
  slots * responseBlocks + table * promptBlocks;

/** Writes the state of sequences that start: newest token and length, block tables, random keys. */
export const writeStarted = (encoder: Encoder, pool: DecodePool, started: ReadonlyArray<Running>): void => {
  const { state, sequences, keys, device, shape, partial } = pool;
  for (const { slot, index, request, prompt, generated } of started) {
    state.set([partial.get(index)?.responseTokens.at(-1) ?? 0, generated, 0, request.maxTokens], slot * 4);
    sequences.set([promptTable(shape, prompt.table), prompt.tokens.length, responseTable(shape, slot), 0], slot * 4);
    keys.set(request.key, slot * 2);
  }
  encoder.write(device.state, state);
  encoder.write(device.sequences, sequences);
  encoder.write(device.keys, keys);
};

/** Uploads the entries of block tables that changed. */
export const writeBlockTables = (
  encoder: Encoder,
  { scheduler: { running }, shape, blockTables, device }: DecodePool,
): void => {
  let [from, to] = [blockTables.length, 0];
  const write = (first: number, blocks: ReadonlyArray<number>) => {
    for (let i = 0; i < blocks.length; i++) {
      if (blockTables[first + i] === blocks[i]) continue;
      blockTables[first + i] = blocks[i];
      from = Math.min(from, first + i);
      to = Math.max(to, first + i + 1);
    }
  };
  for (const { slot, blocks } of running) write(responseTable(shape, slot), blocks);
  for (const prompt of new Set(running.map(({ prompt }) => prompt))) {
    write(promptTable(shape, prompt.table), prompt.blocks);
  }
  if (from < to) encoder.write(device.cache.blockTables, blockTables.subarray(from, to), from);
};

/** Releases the buffers; `table` belongs to the model. */
export const releasePool = (encoder: Encoder, { device, slots }: DecodePool): void => {
  const { cache, keys, state, sequences, stops, out, lastPrompt } = device;
  const owned = [...cache.keys, ...cache.values, cache.blockTables, keys, state, sequences, stops, out, lastPrompt];
  for (const tensor of slots === undefined ? owned : [...owned, slots]) encoder.release(tensor);
};
