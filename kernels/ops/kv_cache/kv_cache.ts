/** Writes new keys or values into the cache that decoding reads. */
import type { Encoder } from "../../encoder.ts";
import { make } from "../../kernel.ts";
import { byRows, lanes, pack, strided } from "../../op.ts";
import type { Tensor } from "../../tensor.ts";
import source from "./kv_cache.wgsl" with { type: "text" };

/** The kernel. */
export const kernel = make(
  "kv_cache",
  source,
  ["read", "read", "read_write"],
  "N rowOffset rowStride slotOffset cacheOffset cacheStride",
);

/** cache[slots[n]] = row[n] for row [N, C], slots u32 [1, N], cache [S, C]. */
export const writeCache = (encoder: Encoder, row: Tensor, slots: Tensor, cache: Tensor): void =>
  byRows(encoder, row.rows, [row], ([row], start, N) => {
    const constants = { ...pack([row, cache]), C: row.cols };
    encoder.dispatch(kernel, {
      constants,
      tensors: [row, slots, cache],
      params: { N, slotOffset: slots.offset + start, ...strided(encoder, { row, cache }) },
      groups: lanes(N * row.cols / constants.PACK),
    });
  });
