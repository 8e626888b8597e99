/**
 * A gradient that waits in the host's memory while another one is made in its place on the device (`--offload gradient`), and how the two are
 * joined: part by part through one small buffer. Sums and products are those of two gradients on the device, in their order and to the bit,
 * so this changes what a mini-batch of both signs takes and how long, and nothing else.
 */
import * as Effect from "effect/Effect";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import { accumulate } from "../../kernels/ops/add/add.ts";
import { block, dot } from "../../kernels/ops/global_norm/global_norm.ts";
import { sliceColumns, type Tensor } from "../../kernels/gpu/tensor.ts";
import type * as Parameters from "../models/parameters.ts";

/** A gradient's numbers, arena by arena. */
export type HostGradient = ReadonlyArray<Float32Array<ArrayBuffer>>;

/** Numbers that are on their way at once: whole blocks of the sums of products. */
const partWords = (1 << 17) * block;

/** Brings a gradient to the host and leaves zeros in its place. */
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

/**
 * Adds the gradient that was brought away to the one on the device, `part` numbers at a time; gives the sum of the products of the two as they
 * were.
 */
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

/** A flat tensor as rows of 64 words, for kernels that count rows: arenas are multiples of 64. */
export const foldRows = (flat: Tensor): Tensor => ({ ...flat, rows: flat.cols / 64, cols: 64, stride: 64 });
