/** Sampling on the device: draws the next token of each row, appends it to its sequence, and prepares the rows of the next step. */
import { type Encoder, spread } from "../../gpu/encoder.ts";
import { makeKernel } from "../../gpu/kernel.ts";
import { logitTemperature } from "../logit_temperature.ts";
import { joined } from "../op.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import appendSource from "./append_token.wgsl" with { type: "text" };
import rowsSource from "./decode_rows.wgsl" with { type: "text" };
import source from "./sample_token.wgsl" with { type: "text" };
import foursSource from "./sample_token_fours.wgsl" with { type: "text" };
import threefry from "./threefry.wgsl" with { type: "text" };

/** Drawing, drawing on serial devices, appending, and the rows of the next step. */
export const sampleTokenKernels = {
  sample: makeKernel(`${threefry}\n${source}`),
  fours: makeKernel(`${threefry}\n${foursSource}`),
  append: makeKernel(appendSource),
  rows: makeKernel(rowsSource),
};

/** Functions with which lanes that share a row join their results. */
export const joins = { bestOf: "joinBest(lane, own)", sumOf: "joinSum(lane, own)" };

/** Sampling options: temperature 0 is greedy; topK 0 and topP 1 keep every token. */
export interface Sampling {
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
}

/** Writes chosen[start + r] for each row of a tile of logits; slots u32 [1, R], keys vec2u [S], state vec4u [S]. */
export const sampleToken = (
  encoder: Encoder,
  logits: Tensor,
  { slots, keys, state, chosen }: {
    readonly slots: Tensor;
    readonly keys: Tensor;
    readonly state: Tensor;
    readonly chosen: Tensor;
  },
  sampling: Sampling,
  start: number,
): void => {
  const R = logits.rows;
  const { serial } = encoder.info;
  const form = serial === true ? { constants: {}, groups: spread(R) } : joined(R, logits.cols, joins);
  encoder.dispatch(serial === true ? sampleTokenKernels.fours : sampleTokenKernels.sample, {
    constants: { GREEDY: sampling.temperature === 0 ? 1 : 0, ...form.constants },
    tensors: [logits, slots, keys, state, chosen],
    params: {
      R,
      V: logits.cols,
      stride: logits.stride,
      slotOffset: start,
      topK: sampling.topK,
      inverseTemperature: 1 / logitTemperature(sampling.temperature),
      topP: sampling.topP,
    },
    groups: form.groups,
  });
};
