/**
 * The forward pass of the decoder-only transformer of Llama, Qwen2 and Qwen3; the tape computes gradients. Sequences are packed as [N]
 * tokens without padding. Training, scoring and decoding share one path; decoding only adds the key-value cache. Source: transformers
 * modeling_qwen3.py and modeling_llama.py, float32.
 */
import * as Elementary from "../../data/elementary/mod.ts";
import { formatOf } from "../../kernels/gpu/half_precision.ts";
import { add } from "../../kernels/ops/add/add.ts";
import { attention } from "../../kernels/ops/attention/attention.ts";
import { embedding } from "../../kernels/ops/embedding/embedding.ts";
import { writeCache } from "../../kernels/ops/kv_cache/kv_cache.ts";
import { linear, matmulNT } from "../../kernels/ops/matmul/matmul.ts";
import { rmsNorm } from "../../kernels/ops/rms_norm/rms_norm.ts";
import { rope } from "../../kernels/ops/rope/rope.ts";
import { linearSwiglu } from "../../kernels/ops/swiglu/linear_swiglu.ts";
import { float16Scale } from "../../kernels/ops/swiglu/swiglu.ts";
import type { Tape } from "../../kernels/gpu/tape.ts";
import { sliceColumns, type Tensor } from "../../kernels/gpu/tensor.ts";
import type { Model } from "./model.ts";
import type { LayerTensors } from "./parameters.ts";

/** The rows of one pass on the device: tokens, positions and ends u32 [1, N], spans vec4u [N] (see attention.wgsl). */
export interface Rows {
  readonly count: number;
  readonly tokens: Tensor;
  readonly positions: Tensor;
  readonly spans: Tensor;
  /** The maximum number of keys that a row attends to, if known (`attention.ts`). */
  readonly most?: number;
  /** Training only: one past the last row of each row's sequence, and the tokens on the host. */
  readonly ends?: Tensor;
  readonly hostTokens?: Int32Array;
  /** Decoding only: the cache rows for each row's key and value. */
  readonly cache?: KeyValueCache;
}

/** Keys and values [S, K·D] of each layer, its blocks (operands.ts), and the cache row u32 [1, N] of each row of the pass. */
export interface KeyValueCache {
  readonly keys: ReadonlyArray<Tensor>;
  readonly values: ReadonlyArray<Tensor>;
  readonly blockTables: Tensor;
  readonly rows: Tensor;
}

/** The parts of a model that a pass needs: sizes, weights, and the storage type of activations (`activations.ts`). */
export type Passed = Pick<Model, "config" | "weights" | "activations">;

/** Hidden states [N, C] after the last norm; `table` is [T, D], cosines then sines of each position. */
export const transformer = (tape: Tape, model: Passed, table: Tensor, rows: Rows): Tensor => {
  const { config, weights } = model;
  let x = embedding(tape, weights.embedding, rows.tokens, rows.count, rows.hostTokens);
  weights.layers.forEach((layer, index) => {
    x = tape.block(x, (inner, input) => block(inner, model, layer, index, table, rows, input));
  });
  return rmsNorm(tape, x, weights.norm, config.rmsNormEps);
};

const block = (
  tape: Tape,
  { config, activations }: Passed,
  layer: LayerTensors,
  index: number,
  table: Tensor,
  rows: Rows,
  x: Tensor,
): Tensor => {
  const { heads, kvHeads, headWidth: D, rmsNormEps } = config;
  const format = formatOf(activations);
  const qkv = linear(tape, rmsNorm(tape, x, layer.inputNorm, rmsNormEps, 1, format), layer.qkv, layer.qkvBias, {
    format,
  });
  const normed = (part: Tensor, norm: Tensor | undefined, count: number) =>
    norm === undefined ? part : rmsNorm(tape, part, norm, rmsNormEps, count, format);
  const part = (head: number, count: number) => sliceColumns(qkv, head * D, count * D);
  const q = rope(tape, normed(part(0, heads), layer.queryNorm, heads), rows.positions, table, format);
  const key = normed(part(heads, kvHeads), layer.keyNorm, kvHeads);
  const value = part(heads + kvHeads, kvHeads);
  const [k, v] = seen(tape, rows, index, key, value, table);
  const mixed = attention(tape, q, k, v, { ...rows, blockTables: rows.cache?.blockTables }, D, format);
  const attended = add(tape, x, linear(tape, mixed, layer.output));
  const normedAgain = rmsNorm(tape, attended, layer.postNorm, rmsNormEps, 1, format);
  return addTo(tape, attended, linearSwiglu(tape, normedAgain, layer.gateUp, format), layer.down);
};

/** The rotated keys and the values that rows attend to: those of the pass, or the cache after writing them to it. */
const seen = (
  tape: Tape,
  { positions, cache }: Rows,
  index: number,
  key: Tensor,
  value: Tensor,
  table: Tensor,
): readonly [Tensor, Tensor] => {
  if (cache === undefined) return [rope(tape, key, positions, table, key.format), value];
  const [keys, values] = [cache.keys[index], cache.values[index]];
  writeCache(tape.encoder, key, value, positions, table, { keys, values, slots: cache.rows });
  return [keys, values];
};

/** The gated activation exceeds float16's range in some models (`swiglu.ts`). */
const beyond = Elementary.log2(float16Scale);

/** x + y · weightᵀ of the gated activation. Without gradients the product is added to x in place, with the same bits and one pass less. */
const addTo = (tape: Tape, x: Tensor, y: Tensor, weight: Tensor): Tensor => {
  if (tape.mode !== "inference") return add(tape, x, linear(tape, y, weight, undefined, { beyond }));
  matmulNT(tape.encoder, y, weight, undefined, x, { accumulate: true, beyond });
  return x;
};
