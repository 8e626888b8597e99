/** Widens 16-bit weights to float32 on the device. */
import { boundOffset } from "../../binding_window.ts";
import type { Encoder } from "../../encoder.ts";
import { make } from "../../kernel.ts";
import { lanes } from "../../op.ts";
import type { Tensor } from "../../tensor.ts";
import source from "./cast_words.wgsl" with { type: "text" };

/** The kernel. */
export const kernel = make("cast_words", source, ["read", "read_write"], "n inOffset outOffset");

/** out[1, n] = float32 of words u32 [1, ceil(n / 2)] that hold n bfloat16 or float16 numbers. */
export const cast = (encoder: Encoder, words: Tensor, out: Tensor, format: "bf16" | "f16"): void =>
  encoder.dispatch(kernel, {
    constants: { FORMAT: format === "f16" ? 1 : 0 },
    tensors: [words, out],
    params: { n: out.cols, inOffset: boundOffset(words, encoder.info), outOffset: boundOffset(out, encoder.info) },
    groups: lanes(Math.ceil(out.cols / 2)),
  });
