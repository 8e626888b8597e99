/** Fills large tensors for measurements: one block of noise is uploaded, then copied on the device. */
import type { Encoder } from "../gpu/encoder.ts";
import { noise } from "../ops/op_case.ts";
import { extent, type Tensor, view } from "../gpu/tensor.ts";

const blockWords = 1 << 20;

/** Fills float32 tensors with numbers in [-spread, spread). */
export interface NoiseFill {
  readonly fill: (tensor: Tensor) => void;
  readonly release: () => void;
}

/** A filler with its own block; `words` is the largest size of its tensors. */
export const noiseFill = (encoder: Encoder, spread: number, words = blockWords): NoiseFill => {
  const size = Math.max(1, Math.min(blockWords, words));
  const block = encoder.upload(noise("fill", size).map((x) => x * spread), 1, size);
  return {
    fill: (tensor) => copies(encoder, block, tensor),
    release: () => encoder.release(block),
  };
};

/** Fills a tensor (no gaps) with copies of `block`; the last copy is cut. */
export const copies = (encoder: Encoder, block: Tensor, tensor: Tensor): void => {
  const count = extent(tensor);
  for (let start = 0; start < count; start += block.cols) {
    const part = Math.min(block.cols, count - start);
    encoder.copy(view(block.storage, 1, part, block.offset), view(tensor.storage, 1, part, tensor.offset + start));
  }
};
