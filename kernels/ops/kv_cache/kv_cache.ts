/** Writes new keys (rotated) and values to the cache that decoding reads. */
import { makeKernel } from "../../gpu/kernel.ts";
import type { Encoder } from "../../gpu/encoder.ts";
import { byRows, lanes, pack, readAs, writeAs } from "../op.ts";
import { sliceColumns, type Tensor } from "../../gpu/tensor.ts";
import source from "./rope_cache.wgsl" with { type: "text" };

const kvCacheKernel = makeKernel(source);

/** The caches [S, H·D], and the cache row u32 [1, N] of each new key and value. */
export interface CacheRows {
  readonly keys: Tensor;
  readonly values: Tensor;
  readonly slots: Tensor;
}

/**
 * keys[slots[n]] = k[n] rotated by positions[n] (u32 [1, N]); values[slots[n]] = v[n]; k and v are [N, H·D]. `table` is [T, D]: cosines, then
 * sines.
 */
export const writeCache = (
  encoder: Encoder,
  k: Tensor,
  v: Tensor,
  positions: Tensor,
  table: Tensor,
  { keys, values, slots }: CacheRows,
): void =>
  byRows(encoder, k.rows, [k, v], ([k, v], start, N) => {
    const D = table.cols;
    const packed = pack([k, v, table, keys, values], D % 8 === 0);
    const constants = {
      ...packed,
      H: k.cols / D,
      D,
      ...readAs("k", k, packed.PACK, "kOf"),
      ...readAs("v", v, packed.PACK, "vOf"),
      ...writeAs("keys", keys),
      ...writeAs("values", values),
    };
    encoder.dispatch(kvCacheKernel, {
      constants,
      tensors: [k, v, sliceColumns(positions, start, N), sliceColumns(slots, start, N), table, keys, values],
      params: { N },
      groups: lanes(N * k.cols / 2 / packed.PACK),
    });
  });
