/**
 * Keeps one gradient in the host's memory while another is computed on the device (`--offload gradient`), and adds the two part by part
 * through one small buffer. Sums and dot products equal those of two gradients on the device to the bit; only memory and time change.
 */
import * as Effect from "effect/Effect";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import { accumulate } from "../../kernels/ops/add/add.ts";
import { block, dot } from "../../kernels/ops/global_norm/global_norm.ts";
import { sliceColumns, type Tensor } from "../../kernels/gpu/tensor.ts";
import type * as Parameters from "../models/parameters.ts";

/** The numbers of a gradient, arena by arena. */
export type HostGradient = ReadonlyArray<Float32Array<ArrayBuffer>>;

/** Numbers per transfer: whole blocks of the dot product's sums. */
const partWords = (1 << 17) * block;

/** Copies a gradient to the host and sets it to zero on the device. */
export const bringAway = Effect.fnUntraced(function* (
  encoder: Encoder,
  { arenas }: Parameters.ParameterSet,
): Effect.fn.Return<HostGradient, DeviceError> {
  const away: Float32Array<ArrayBuffer>[] = [];
  for (const arena of arenas) {
    away.push(yield* encoder.read(arena));
    encoder.zero(arena);
  }
  return away;
});

/** Adds the gradient on the host to the one on the device, `part` numbers at a time; returns the dot product of the two before the addition. */
export const bringBack = Effect.fnUntraced(function* (
  encoder: Encoder,
  away: HostGradient,
  { arenas }: Parameters.ParameterSet,
  part = partWords,
): Effect.fn.Return<number, DeviceError> {
  const longest = arenas.reduce((most, { cols }) => Math.max(most, cols), 0);
  const buffer = encoder.tensor(1, Math.min(part, longest), { purpose: "gradients", exact: true });
  let product = 0;
  for (const [index, arena] of arenas.entries()) {
    for (let start = 0; start < arena.cols; start += part) {
      const count = Math.min(part, arena.cols - start);
      const [term, sum] = [sliceColumns(buffer, 0, count), sliceColumns(arena, start, count)];
      encoder.write(term, away[index].subarray(start, start + count));
      product = yield* dot(encoder, [[term, sum]], product);
      accumulate(encoder, foldRows(sum), foldRows(term));
    }
  }
  encoder.release(buffer);
  return product;
});

/** A flat tensor as rows of 64 words, for kernels that count rows; arena sizes are multiples of 64. */
export const foldRows = (flat: Tensor): Tensor => ({ ...flat, rows: flat.cols / 64, cols: 64, stride: 64 });
