/** Sampling on the device: draws the next token of each row, appends it to its sequence, and says where each sequence goes on. */
import { type Encoder, spread } from "../../gpu/encoder.ts";
import { make } from "../../gpu/kernel.ts";
import { logitTemperature } from "../logit_temperature.ts";
import { lanes } from "../op.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import appendSource from "./append_token.wgsl" with { type: "text" };
import rowsSource from "./decode_rows.wgsl" with { type: "text" };
import source from "./sample_token.wgsl" with { type: "text" };
import foursSource from "./sample_token_fours.wgsl" with { type: "text" };
import wideSource from "./sample_token_wide.wgsl" with { type: "text" };
import threefry from "./threefry.wgsl" with { type: "text" };

const bindings = ["read", "read", "read", "read", "read_write"] as const;
const params = "R V stride slotOffset topK inverseTemperature:f32 topP:f32";

/** Drawing for small and large vocabularies and for devices whose invocations run one after the other, appending, and the rows of the next step. */
export const kernels = {
  sample: make("sample_token", `${threefry}\n${source}`, bindings, params),
  wide: make("sample_token_wide", `${threefry}\n${wideSource}`, bindings, params),
  fours: make("sample_token_fours", `${threefry}\n${foursSource}`, bindings, params),
  append: make(
    "append_token",
    appendSource,
    ["read", "read", "read", "read", "read", "read_write", "read_write"],
    "R T slotOffset stopCount",
  ),
  rows: make(
    "decode_rows",
    rowsSource,
    ["read", "read", "read", "read", "read_write", "read_write", "read_write", "read_write"],
    "R slotOffset",
  ),
};

/** How tokens are drawn: temperature 0 is greedy; topK 0 and topP 1 keep every token. */
export interface Sampling {
  readonly temperature: number;
  readonly topK: number;
  readonly topP: number;
}

/** chosen[start + r] for each row of a tile of logits; slots u32 [1, R], keys vec2u [S], state vec4u [S]. */
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
  const wide = logits.cols > 1024;
  encoder.dispatch(serial === true ? kernels.fours : wide ? kernels.wide : kernels.sample, {
    constants: { GREEDY: sampling.temperature === 0 ? 1 : 0 },
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
    groups: serial === true || wide ? spread(R) : lanes(R, 16),
  });
};
