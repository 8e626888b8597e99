/** Conversion between float32 and 16 bits on the device. */
import type { Encoder } from "../../gpu/encoder.ts";
import { makeKernel } from "../../gpu/kernel.ts";
import { lanes } from "../op.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { byFlatWindow } from "../adamw/adamw.ts";
import halves from "./cast_halves.wgsl" with { type: "text" };
import words from "./cast_words.wgsl" with { type: "text" };

const castKernels = {
  narrow: makeKernel(halves),
  widen: makeKernel(words),
};

/** out[1, n] = given[1, n]; one of them has a 16-bit format and starts at an even element. */
export const cast = (encoder: Encoder, given: Tensor, out: Tensor): void =>
  byFlatWindow(
    encoder,
    out.cols,
    [given, out],
    ([given, out], n) =>
      encoder.dispatch(out.format === undefined ? castKernels.widen : castKernels.narrow, {
        constants: { FORMAT: (out.format ?? given.format) === "f16" ? 1 : 0 },
        tensors: [given, out],
        params: { n },
        groups: lanes(Math.ceil(n / 2)),
      }),
  );
