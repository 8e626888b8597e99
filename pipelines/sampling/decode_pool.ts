/** What decoding keeps on the device: a place for each sequence, the cache of keys and values, and what is drawn. */
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import { formatOf } from "../../kernels/gpu/half_precision.ts";
import { pageRows } from "../../kernels/ops/kv_cache/pages.ts";
import type { Tensor } from "../../kernels/gpu/tensor.ts";
import type { Purpose } from "../models/memory_purposes.ts";
import type { Model } from "../models/model.ts";
import { Places, type Seat } from "./scheduler.ts";
import { type PoolLimits, type PoolShape, poolShape, type Request } from "./pool_shape.ts";
import type { KeyValueCache } from "../models/transformer.ts";

/** Tokens of a response, with their log-probs and entropies. */
export interface Drawn {
  readonly responseTokens: Int32Array<ArrayBuffer>;
  readonly logProbs: Float32Array<ArrayBuffer>;
  readonly entropy: Float32Array<ArrayBuffer>;
}

/** A pool of S places for responses of at most T tokens. */
export interface DecodePool {
  readonly places: Places;
  readonly shape: PoolShape;
  readonly stopCount: number;
  /** The words of `device.state` as they were at the last look; the other three the host alone writes. */
  state: Uint32Array<ArrayBuffer>;
  readonly sequences: Uint32Array<ArrayBuffer>;
  readonly keys: Uint32Array<ArrayBuffer>;
  readonly pages: Uint32Array<ArrayBuffer>;
  /** By the index of a request, what was drawn before it last lost its place. */
  readonly begun: Map<number, Drawn>;
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
    /** Its `pages` are u32 [E, 1]: a list for the response at each place, then one for each prompt. */
    readonly cache: Omit<KeyValueCache, "rows">;
    /** The state [1, C] behind the last prompt that was read; more responses to it may follow. */
    readonly kept: Tensor;
  };
  /** The places of those who sit, u32 [1, R], as long as that does not change. */
  slots: Tensor | undefined;
}

/** A pool for these requests, within these limits. */
export const makePool = (
  model: Model,
  requests: ReadonlyArray<Request>,
  stopTokens: ReadonlyArray<number>,
  limits: PoolLimits = {},
): DecodePool => {
  const { encoder, config, activations } = model;
  const shape = poolShape({ config, info: encoder.info, activations }, requests, limits);
  const { places: S, longest, positions } = shape;
  const purpose: Purpose = "key-value cache";
  const width = config.kvHeads * config.headWidth;
  const kept = { purpose, format: formatOf(activations) };
  const caches = () => Array.from({ length: config.layers }, () => encoder.tensor(shape.pages * pageRows, width, kept));
  const words = (rows: number, cols: number) => encoder.tensor(rows, cols, { purpose: "uploads" satisfies Purpose });
  const entries = promptEntry(shape, shape.prompts);
  const stops = Uint32Array.from(stopTokens.length === 0 ? [0] : stopTokens);
  return {
    places: new Places(requests, shape),
    shape,
    stopCount: stopTokens.length,
    state: new Uint32Array(S * 4),
    sequences: new Uint32Array(S * 4),
    keys: new Uint32Array(S * 2),
    // No page has this number, so whatever is listed first is new.
    pages: new Uint32Array(entries).fill(0xffffffff),
    begun: new Map(),
    device: {
      cache: { keys: caches(), values: caches(), pages: words(entries, 1) },
      keys: words(S, 2),
      state: words(S, 4),
      sequences: words(S, 4),
      stops: encoder.upload(stops, 1, stops.length),
      out: encoder.tensor(S, 3 * longest),
      table: model.table(positions),
      kept: encoder.tensor(1, config.width),
    },
    slots: undefined,
  };
};

/** The first entry of the pages of the response at a place. */
export const ownEntry = ({ ownPages }: PoolShape, place: number): number => place * ownPages;

/** The first entry of the pages of a prompt. */
export const promptEntry = ({ places, ownPages, promptPages }: PoolShape, list: number): number =>
  places * ownPages + list * promptPages;

/** Writes where newcomers stand: their newest token and how many they have, their prompt and their own pages, their names. */
export const writeSeats = (encoder: Encoder, pool: DecodePool, seats: ReadonlyArray<Seat>): void => {
  const { state, sequences, keys, device, shape, begun } = pool;
  for (const { place, index, request, prompt, drawn } of seats) {
    state.set([begun.get(index)?.responseTokens.at(-1) ?? 0, drawn, 0, request.maxTokens], place * 4);
    sequences.set([promptEntry(shape, prompt.list), prompt.tokens.length, ownEntry(shape, place), 0], place * 4);
    keys.set(request.key, place * 2);
  }
  encoder.write(device.state, state);
  encoder.write(device.sequences, sequences);
  encoder.write(device.keys, keys);
};

/** Writes the lists of pages as they are now, if they have changed. */
export const writePages = (encoder: Encoder, { places: { seated }, shape, pages, device }: DecodePool): void => {
  let [from, to] = [pages.length, 0];
  const list = (first: number, own: ReadonlyArray<number>) => {
    for (let i = 0; i < own.length; i++) {
      if (pages[first + i] === own[i]) continue;
      pages[first + i] = own[i];
      from = Math.min(from, first + i);
      to = Math.max(to, first + i + 1);
    }
  };
  for (const { place, pages } of seated) list(ownEntry(shape, place), pages);
  for (const prompt of new Set(seated.map((seat) => seat.prompt))) list(promptEntry(shape, prompt.list), prompt.pages);
  if (from < to) encoder.write(device.cache.pages, pages.subarray(from, to), from);
};

/** Gives the buffers of a pool back; the table is the model's. */
export const releasePool = (encoder: Encoder, { device, slots }: DecodePool): void => {
  const { cache, keys, state, sequences, stops, out, kept } = device;
  const owned = [...cache.keys, ...cache.values, cache.pages, keys, state, sequences, stops, out, kept];
  for (const tensor of slots === undefined ? owned : [...owned, slots]) encoder.release(tensor);
};
