/**
 * One step of AdamW on a flat tensor, with the arithmetic of torch.optim.AdamW; bias corrections are computed on the host in float64. Moments are
 * float32, or bfloat16 with stochastic rounding by the caller's key.
 */
import * as Elementary from "../../../data/elementary/mod.ts";
import type { Key } from "../../../data/random.ts";
import type { Encoder } from "../../gpu/encoder.ts";
import { makeKernel } from "../../gpu/kernel.ts";
import { lanes } from "../op.ts";
import { sliceColumns, type Tensor } from "../../gpu/tensor.ts";
import threefry from "../sample_token/threefry.wgsl" with { type: "text" };
import source from "./adamw.wgsl" with { type: "text" };
import halvesSource from "./adamw_halves.wgsl" with { type: "text" };

/** The kernels for float32 and for bfloat16 moments. */
const adamwKernels = {
  words: makeKernel(source),
  halves: makeKernel(`${threefry}\n${halvesSource}`),
};

/** Hyperparameters of a step. `step` counts from 1; `clip` is a factor applied to the gradient first. */
export interface AdamW {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  readonly step: number;
  readonly clip: number;
  /** Key for stochastic rounding of bfloat16 moments; must differ for each step and tensor. */
  readonly key?: Key;
}

/** Updates weight, mean and square [1, n] in place from gradient [1, n]. Both moments must have the same type. */
export const adamw = (
  encoder: Encoder,
  gradient: Tensor,
  weight: Tensor,
  mean: Tensor,
  square: Tensor,
  options: AdamW,
): void => {
  const { learningRate, beta1, beta2, step, key = [0, 0] } = options;
  if (weight.format !== undefined) {
    return encoder.fail(`Cannot step weights stored as "${weight.format}": expected f32`);
  }
  if (mean.format !== square.format || mean.format === "f16") {
    return encoder.fail(`Cannot step moments stored as "${mean.format}" and "${square.format}": expected f32 or bf16`);
  }
  const halves = mean.format === "bf16";
  byFlatWindow(
    encoder,
    gradient.cols,
    [gradient, weight, mean, square],
    ([gradient, weight, mean, square], n, start) =>
      encoder.dispatch(halves ? adamwKernels.halves : adamwKernels.words, {
        tensors: [gradient, weight, mean, square],
        params: {
          n,
          ...(halves ? { first: start / 2, keyHigh: key[0], keyLow: key[1] } : {}),
          clip: options.clip,
          keep: 1 - learningRate * options.weightDecay,
          oneMinusBeta1: 1 - beta1,
          beta2,
          oneMinusBeta2: 1 - beta2,
          stepSize: learningRate / (1 - Elementary.pow(beta1, step)),
          correction: Math.sqrt(1 - Elementary.pow(beta2, step)),
          eps: options.eps,
        },
        groups: lanes(halves ? Math.ceil(n / 2) : n),
      }),
  );
};

/** Splits flat tensors [1, n] that exceed one binding; elements are independent, so the split does not change results. */
export const byFlatWindow = (
  encoder: Encoder,
  n: number,
  tensors: ReadonlyArray<Tensor>,
  run: (parts: ReadonlyArray<Tensor>, n: number, start: number) => void,
): void => {
  const fits = tensors.every((tensor) => tensor.storage.bytes <= encoder.info.maxBinding);
  const step = fits ? Math.max(n, 1) : Math.floor((encoder.info.maxBinding - 256) / 4 / 256) * 256;
  for (let start = 0; start < n; start += step) {
    const part = Math.min(step, n - start);
    run(part === n ? tensors : tensors.map((tensor) => sliceColumns(tensor, start, part)), part, start);
  }
};
