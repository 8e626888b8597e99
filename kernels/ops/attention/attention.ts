/**
 * Causal attention with grouped heads over packed sequences. One forward kernel serves training (keys and values of the pass) and decoding
 * (keys and values in the cache, the prompt's shared by its responses), so both give the same bits.
 */
import type { Encoder } from "../../encoder.ts";
import { make } from "../../kernel.ts";
import { byRows, lanes, strided } from "../../op.ts";
import type { Tape } from "../../tape.ts";
import type { Tensor } from "../../tensor.ts";
import source from "./attention.wgsl" with { type: "text" };
import keyValueSource from "./attention_backward_key_value.wgsl" with { type: "text" };
import querySource from "./attention_backward_query.wgsl" with { type: "text" };

/** Forward kernel and the two backward ones. */
export const kernels = {
  forward: make(
    "attention",
    source,
    ["read", "read", "read", "read", "read_write", "read_write"],
    "N qOffset qStride kOffset kStride vOffset vStride spanOffset outOffset outStride lseOffset scale:f32",
  ),
  query: make(
    "attention_backward_query",
    querySource,
    ["read", "read", "read", "read", "read", "read", "read", "read_write", "read_write"],
    "N qOffset qStride kOffset kStride vOffset vStride outOffset outStride doutOffset doutStride dqOffset dqStride scale:f32",
  ),
  keyValue: make(
    "attention_backward_key_value",
    keyValueSource,
    ["read", "read", "read", "read", "read", "read", "read", "read_write", "read_write"],
    "N qOffset qStride kOffset kStride vOffset vStride doutOffset doutStride dkOffset dkStride dvOffset dvStride scale:f32",
  ),
};

/** Where each query row finds its keys: `spans` vec4u [N] (attention.wgsl), `ends` u32 [1, N] of its own sequence (training only). */
export interface AttentionRows {
  readonly spans: Tensor;
  readonly ends?: Tensor;
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
  const HEADS = shared(GROUP, D4);
  const constants = { GROUP, D4 };
  const scale = 1 / Math.sqrt(headWidth);
  const out = encoder.tensor(q.rows, q.cols);
  const lse = encoder.tensor(q.rows, H);
  forward(encoder, { q, k, v, out, lse }, rows.spans, { ...constants, H, HEADS }, scale);
  tape.record([out], [lse], () => {
    const dout = tape.arrived(out);
    if (dout === undefined || rows.ends === undefined) return;
    const N = q.rows;
    const [dq, dk, dv] = [q, k, v].map((input) => tape.gradient(input).tensor);
    const delta = encoder.tensor(N, H);
    const ROWS = D4 <= 4 ? 2 : 1;
    encoder.dispatch(kernels.query, {
      constants: { ...constants, H, HEADS },
      tensors: [q, k, v, rows.spans, out, lse, dout, dq, delta],
      params: { N, scale, ...strided(encoder, { q, k, v, out, dout, dq }) },
      groups: lanes(N * H / HEADS, 32),
    });
    encoder.dispatch(kernels.keyValue, {
      constants: { ...constants, KV, ROWS },
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

interface Operands {
  readonly q: Tensor;
  readonly k: Tensor;
  readonly v: Tensor;
  readonly out: Tensor;
  readonly lse: Tensor;
}

const forward = (
  encoder: Encoder,
  { q, k, v, out, lse }: Operands,
  spans: Tensor,
  constants: { readonly H: number; readonly HEADS: number },
  scale: number,
): void =>
  byRows(encoder, q.rows, [q, out, lse, spans], ([q, out, lse, span], _, N) =>
    encoder.dispatch(kernels.forward, {
      constants: { ...constants },
      tensors: [q, k, v, span, out, lse],
      params: { N, scale, ...strided(encoder, { q, k, v, span, out, lse }) },
      groups: lanes(N * constants.H / constants.HEADS, 32),
    }));
