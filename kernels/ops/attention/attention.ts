/**
 * Causal attention with grouped heads over packed sequences. One forward kernel serves training (keys and values of the pass) and decoding
 * (keys and values in the cache, the prompt's shared by its responses), so both give the same bits.
 */
import { type Access, make } from "../../kernel.ts";
import { byRows, lanes, strided } from "../../op.ts";
import type { Constants } from "../../specialize.ts";
import type { Tape } from "../../tape.ts";
import type { Tensor } from "../../tensor.ts";
import source from "./attention.wgsl" with { type: "text" };
import { backwardSubgroup, forwardSubgroup, usesSubgroups } from "./attention_subgroup.ts";
import keyValueSource from "./attention_backward_key_value.wgsl" with { type: "text" };
import keyValueScalarSource from "./attention_backward_key_value_scalar.wgsl" with { type: "text" };
import querySource from "./attention_backward_query.wgsl" with { type: "text" };
import queryScalarSource from "./attention_backward_query_scalar.wgsl" with { type: "text" };
import scalarSource from "./attention_scalar.wgsl" with { type: "text" };

const forwardParams =
  "N qOffset qStride kOffset kStride vOffset vStride spanOffset outOffset outStride lseOffset scale:f32";
const queryParams =
  "N qOffset qStride kOffset kStride vOffset vStride outOffset outStride doutOffset doutStride dqOffset dqStride scale:f32";
const keyValueParams =
  "N qOffset qStride kOffset kStride vOffset vStride doutOffset doutStride dkOffset dkStride dvOffset dvStride scale:f32";
const forwardBindings: ReadonlyArray<Access> = ["read", "read", "read", "read", "read_write", "read_write"];
const backwardBindings: ReadonlyArray<Access> = [
  ...["read", "read", "read", "read", "read", "read", "read"] as const,
  "read_write",
  "read_write",
];

/** Forward kernel and the two backward ones, each for vec4 loads and for head widths that do not divide by four. */
export const kernels = {
  forward: make("attention", source, forwardBindings, forwardParams),
  forwardScalar: make("attention_scalar", scalarSource, forwardBindings, forwardParams),
  query: make("attention_backward_query", querySource, backwardBindings, queryParams),
  queryScalar: make("attention_backward_query_scalar", queryScalarSource, backwardBindings, queryParams),
  keyValue: make("attention_backward_key_value", keyValueSource, backwardBindings, keyValueParams),
  keyValueScalar: make("attention_backward_key_value_scalar", keyValueScalarSource, backwardBindings, keyValueParams),
};

/** Where each query row finds its keys: `spans` vec4u [N] (attention.wgsl), `ends` u32 [1, N] of its own sequence (training only). */
export interface AttentionRows {
  readonly spans: Tensor;
  readonly ends?: Tensor;
  /** The most keys that a row sees, where the host knows it: long contexts of few rows are then shared out by chunks of keys. */
  readonly most?: number | undefined;
}

/** out[N, H·D] of q[N, H·D], k and v [S, K·D]; heads are D = `headWidth` wide; recorded on the tape. */
export const attention = (
  tape: Tape,
  q: Tensor,
  k: Tensor,
  v: Tensor,
  rows: AttentionRows,
  headWidth: number,
): Tensor => {
  const { encoder } = tape;
  const H = q.cols / headWidth;
  const KV = k.cols / headWidth;
  const GROUP = H / KV;
  const D4 = headWidth / 4;
  const isScalar = headWidth % 4 !== 0;
  const HEADS = isScalar ? 1 : shared(GROUP, D4);
  const constants: Constants = isScalar ? { GROUP, D: headWidth } : { GROUP, D4 };
  const heads: Constants = isScalar ? { H } : { H, HEADS };
  const scale = 1 / Math.sqrt(headWidth);
  const out = encoder.tensor(q.rows, q.cols);
  const lse = encoder.tensor(q.rows, H);
  if (usesSubgroups(encoder, headWidth)) {
    forwardSubgroup(encoder, { q, k, v, out, lse, headWidth }, rows);
    tape.record([out], [lse], () => {
      const dout = tape.arrived(out);
      if (dout === undefined || rows.ends === undefined) return;
      const [dq, dk, dv] = [q, k, v].map((input) => tape.gradient(input).tensor);
      backwardSubgroup(encoder, { q, k, v, out, lse, headWidth }, { dout, dq, dk, dv }, rows.spans, rows.ends);
    });
    return out;
  }
  const forwardKernel = isScalar ? kernels.forwardScalar : kernels.forward;
  byRows(encoder, q.rows, [q, out, lse, rows.spans], ([q, out, lse, span], _, N) =>
    encoder.dispatch(forwardKernel, {
      constants: { ...constants, ...heads },
      tensors: [q, k, v, span, out, lse],
      params: { N, scale, ...strided(encoder, { q, k, v, span, out, lse }) },
      groups: lanes(N * H / HEADS, 32),
    }));
  tape.record([out], [lse], () => {
    const dout = tape.arrived(out);
    if (dout === undefined || rows.ends === undefined) return;
    const N = q.rows;
    const [dq, dk, dv] = [q, k, v].map((input) => tape.gradient(input).tensor);
    const delta = encoder.tensor(N, H);
    const ROWS = D4 <= 4 && !isScalar ? 2 : 1;
    encoder.dispatch(isScalar ? kernels.queryScalar : kernels.query, {
      constants: { ...constants, ...heads },
      tensors: [q, k, v, rows.spans, out, lse, dout, dq, delta],
      params: { N, scale, ...strided(encoder, { q, k, v, out, dout, dq }) },
      groups: lanes(N * H / HEADS, 32),
    });
    encoder.dispatch(isScalar ? kernels.keyValueScalar : kernels.keyValue, {
      constants: { ...constants, KV, ...(isScalar ? {} : { ROWS }) },
      tensors: [q, k, v, rows.ends, lse, delta, dout, dk, dv],
      params: { N, scale, ...strided(encoder, { q, k, v, dout, dk, dv }) },
      groups: lanes(Math.ceil(N / ROWS) * KV, 32),
    });
    encoder.release(delta);
  });
  return out;
};

/** Query heads that one lane serves: as many of a group as leaves its sums in registers. */
const shared = (GROUP: number, D4: number): number => {
  let heads = GROUP;
  while (heads > 1 && (GROUP % heads > 0 || heads * D4 > 8)) heads--;
  return heads;
};
