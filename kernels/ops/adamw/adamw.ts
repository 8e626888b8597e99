/** One step of AdamW on a flat tensor, torch.optim.AdamW's arithmetic; the bias corrections are made on the host in float64. */
import { boundOffset } from "../../binding_window.ts";
import type { Encoder } from "../../encoder.ts";
import { make } from "../../kernel.ts";
import { lanes } from "../../op.ts";
import { sliceColumns, type Tensor } from "../../tensor.ts";
import source from "./adamw.wgsl" with { type: "text" };

/** The kernel. */
export const kernel = make(
  "adamw",
  source,
  ["read", "read_write", "read_write", "read_write"],
  "n gradientOffset weightOffset meanOffset squareOffset clip:f32 keep:f32 oneMinusBeta1:f32 beta2:f32 oneMinusBeta2:f32 stepSize:f32 correction:f32 eps:f32",
);

/** Hyperparameters of a step; `step` counts from 1; `clip` multiplies the gradient first. */
export interface AdamW {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  readonly weightDecay: number;
  readonly step: number;
  readonly clip: number;
}

/** Updates weight, mean and square [1, n] in place from gradient [1, n]. */
export const adamw = (
  encoder: Encoder,
  gradient: Tensor,
  weight: Tensor,
  mean: Tensor,
  square: Tensor,
  options: AdamW,
): void => {
  const { learningRate, beta1, beta2, step } = options;
  if (weight.format !== undefined) {
    return encoder.fail(`Cannot step weights stored as "${weight.format}": expected f32`);
  }
  byFlatWindow(
    encoder,
    gradient.cols,
    [gradient, weight, mean, square],
    ([gradient, weight, mean, square], n) =>
      encoder.dispatch(kernel, {
        tensors: [gradient, weight, mean, square],
        params: {
          n,
          gradientOffset: boundOffset(gradient, encoder.info),
          weightOffset: boundOffset(weight, encoder.info),
          meanOffset: boundOffset(mean, encoder.info),
          squareOffset: boundOffset(square, encoder.info),
          clip: options.clip,
          keep: 1 - learningRate * options.weightDecay,
          oneMinusBeta1: 1 - beta1,
          beta2,
          oneMinusBeta2: 1 - beta2,
          stepSize: learningRate / (1 - beta1 ** step),
          correction: Math.sqrt(1 - beta2 ** step),
          eps: options.eps,
        },
        groups: lanes(n),
      }),
  );
};

/** Cuts flat tensors [1, n] where one binding cannot hold them; elements are independent, so the cut never shows. */
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
