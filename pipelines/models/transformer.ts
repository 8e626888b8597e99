/**
 * The decoder-only transformer of Llama, Qwen2 and Qwen3, forward only: the tape does the rest. Sequences are packed, [N] tokens with no
 * padding. One path serves training, scoring and decoding; decoding only adds where keys and values are kept. Source: transformers
 * modeling_qwen3.py and modeling_llama.py, float32.
 */
import { add } from "../../kernels/ops/add/add.ts";
import { attention } from "../../kernels/ops/attention/attention.ts";
import { embedding } from "../../kernels/ops/embedding/embedding.ts";
import { writeCache } from "../../kernels/ops/kv_cache/kv_cache.ts";
import { linear } from "../../kernels/ops/matmul/matmul.ts";
import { rmsNorm } from "../../kernels/ops/rms_norm/rms_norm.ts";
import { rope } from "../../kernels/ops/rope/rope.ts";
import { swiglu } from "../../kernels/ops/swiglu/swiglu.ts";
import type { Tape } from "../../kernels/tape.ts";
import { sliceColumns, type Tensor } from "../../kernels/tensor.ts";
import type { ModelConfig } from "./model_config.ts";
import type { LayerTensors, ModelTensors } from "./parameters.ts";

/** The rows of one pass, on the device: tokens, positions and ends u32 [1, N], spans vec4u [N] (see attention.wgsl). */
export interface Rows {
  readonly count: number;
  readonly tokens: Tensor;
  readonly positions: Tensor;
  readonly spans: Tensor;
  /** Training only: one past the last row of each row's sequence, and the tokens once more on the host. */
  readonly ends?: Tensor;
  readonly hostTokens?: Int32Array;
  /** Decoding only: where each row's key and value go. */
  readonly cache?: KeyValueCache;
}

/** Keys and values [S, K·D] of each layer, and the cache row u32 [1, N] of each row of the pass. */
export interface KeyValueCache {
  readonly keys: ReadonlyArray<Tensor>;
  readonly values: ReadonlyArray<Tensor>;
  readonly rows: Tensor;
}

/** Hidden states [N, C] after the last norm; `table` is [T, D], cosines then sines of each position. */
export const transformer = (
  tape: Tape,
  config: ModelConfig,
  weights: ModelTensors,
  table: Tensor,
  rows: Rows,
): Tensor => {
  let x = embedding(tape, weights.embedding, rows.tokens, rows.count, rows.hostTokens);
  weights.layers.forEach((layer, index) => {
    x = tape.block(x, (inner, input) => block(inner, config, layer, index, table, rows, input));
  });
  return rmsNorm(tape, x, weights.norm, config.rmsNormEps);
};

const block = (
  tape: Tape,
  config: ModelConfig,
  layer: LayerTensors,
  index: number,
  table: Tensor,
  rows: Rows,
  x: Tensor,
): Tensor => {
  const { heads, kvHeads, headWidth: D, rmsNormEps } = config;
  const qkv = linear(tape, rmsNorm(tape, x, layer.inputNorm, rmsNormEps), layer.qkv, layer.qkvBias);
  const rotated = (part: Tensor, norm: Tensor | undefined, count: number) =>
    rope(tape, norm === undefined ? part : rmsNorm(tape, part, norm, rmsNormEps, count), rows.positions, table);
  const q = rotated(sliceColumns(qkv, 0, heads * D), layer.queryNorm, heads);
  const k = rotated(sliceColumns(qkv, heads * D, kvHeads * D), layer.keyNorm, kvHeads);
  const v = sliceColumns(qkv, (heads + kvHeads) * D, kvHeads * D);
  const { cache } = rows;
  if (cache !== undefined) {
    writeCache(tape.encoder, k, cache.rows, cache.keys[index]);
    writeCache(tape.encoder, v, cache.rows, cache.values[index]);
  }
  const mixed = attention(tape, q, cache?.keys[index] ?? k, cache?.values[index] ?? v, rows, D);
  const attended = add(tape, x, linear(tape, mixed, layer.output));
  const gateUp = linear(tape, rmsNorm(tape, attended, layer.postNorm, rmsNormEps), layer.gateUp);
  return add(tape, attended, linear(tape, swiglu(tape, gateUp), layer.down));
};
