/** What decoding keeps on the device: a place for each sequence, the cache of keys and values, and what is drawn. */
import type { Encoder } from "../../kernels/encoder.ts";
import { formatOf } from "../../kernels/half_precision.ts";
import type { Tensor } from "../../kernels/tensor.ts";
import type { Purpose } from "./memory_purposes.ts";
import type { Model } from "./model.ts";
import { Places, type Seat } from "./places.ts";
import { type PoolLimits, poolShape, type Request } from "./pool_shape.ts";
import type { KeyValueCache } from "./transformer.ts";

/** A pool of S places for responses of at most T tokens. */
export interface DecodePool {
  readonly places: Places;
  /** T. */
  readonly longest: number;
  readonly stopCount: number;
  /** The words of `device.state` as they were at the last look; of the other two, the host alone writes them. */
  state: Uint32Array<ArrayBuffer>;
  readonly sequences: Uint32Array<ArrayBuffer>;
  readonly keys: Uint32Array<ArrayBuffer>;
  readonly device: {
    /** Threefry keys vec2u [S]. */
    readonly keys: Tensor;
    /** vec4u [S], see append_token.wgsl. */
    readonly state: Tensor;
    /** vec4u [S], see decode_rows.wgsl. */
    readonly sequences: Tensor;
    readonly stops: Tensor;
    /** u32 [S, 3T], see append_token.wgsl. */
    readonly out: Tensor;
    readonly table: Tensor;
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
  const { places: S, rows, longest, positions } = shape;
  const purpose: Purpose = "key-value cache";
  const width = config.kvHeads * config.headWidth;
  const kept = { purpose, format: formatOf(activations) };
  const caches = () => Array.from({ length: config.layers }, () => encoder.tensor(rows, width, kept));
  const words = (cols: number) => encoder.tensor(S, cols, { purpose: "uploads" satisfies Purpose });
  const stops = Uint32Array.from(stopTokens.length === 0 ? [0] : stopTokens);
  return {
    places: new Places(requests, shape),
    longest,
    stopCount: stopTokens.length,
    state: new Uint32Array(S * 4),
    sequences: new Uint32Array(S * 4),
    keys: new Uint32Array(S * 2),
    device: {
      cache: { keys: caches(), values: caches() },
      keys: words(2),
      state: words(4),
      sequences: words(4),
      stops: encoder.upload(stops, 1, stops.length),
      out: encoder.tensor(S, 3 * longest),
      table: model.table(positions),
      kept: encoder.tensor(1, config.width),
    },
    slots: undefined,
  };
};

/** Writes where newcomers stand: nothing drawn yet, their prompt and their own rows, their names. */
export const writeSeats = (encoder: Encoder, pool: DecodePool, seats: ReadonlyArray<Seat>): void => {
  const { state, sequences, keys, device } = pool;
  for (const { place, request, prompt, start } of seats) {
    state.set([0, 0, 0, request.maxTokens], place * 4);
    sequences.set([prompt.start, prompt.tokens.length, start, 0], place * 4);
    keys.set(request.key, place * 2);
  }
  encoder.write(device.state, state);
  encoder.write(device.sequences, sequences);
  encoder.write(device.keys, keys);
};

/** Gives the buffers of a pool back; the table is the model's. */
export const releasePool = (encoder: Encoder, { device, slots }: DecodePool): void => {
  const { cache, keys, state, sequences, stops, out, kept } = device;
  const owned = [...cache.keys, ...cache.values, keys, state, sequences, stops, out, kept];
  for (const tensor of slots === undefined ? owned : [...owned, slots]) encoder.release(tensor);
};
