/** Sums of products over all gradients: the global norm for clipping, and the dot product for cos(g+, g-). */
import * as Effect from "effect/Effect";
import type { DeviceError } from "../../gpu/device_info.ts";
import type { Encoder } from "../../gpu/encoder.ts";
import { makeKernel } from "../../gpu/kernel.ts";
import { lanes } from "../op.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { byFlatWindow } from "../adamw/adamw.ts";
import source from "./global_norm.wgsl" with { type: "text" };

const globalNormKernel = makeKernel(source);

/** Elements per block. */
export const block = 256;

/** Partial sums [1, blocks] of a · b over blocks of pairs of flat tensors [1, n], in order; the caller releases them. */
export const partialSums = (encoder: Encoder, pairs: ReadonlyArray<readonly [Tensor, Tensor]>): Tensor => {
  const counts = pairs.map(([a]) => Math.ceil(a.cols / block));
  const partials = encoder.tensor(1, counts.reduce((sum, count) => sum + count, 0));
  let offset = 0;
  pairs.forEach(([a, b], i) => {
    byFlatWindow(encoder, a.cols, [a, b], ([a, b], n, start) =>
      encoder.dispatch(globalNormKernel, {
        tensors: [a, b, partials],
        params: {
          n,
          outOffset: offset + start / block,
        },
        groups: lanes(Math.ceil(n / block)),
      }));
    offset += counts[i];
  });
  return partials;
};

/** `before` + Σ a · b over pairs of flat tensors [1, n]: blocks of 256 in float32, then block sums in order in float64. */
export const dot = (
  encoder: Encoder,
  pairs: ReadonlyArray<readonly [Tensor, Tensor]>,
  before = 0,
): Effect.Effect<number, DeviceError> => {
  const partials = partialSums(encoder, pairs);
  return Effect.map(encoder.read(partials), (values) => {
    encoder.release(partials);
    let sum = before;
    for (let i = 0; i < values.length; i++) sum += values[i];
    return sum;
  });
};
