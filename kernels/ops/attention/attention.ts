/**
 * Causal attention with grouped heads over packed sequences. One forward kernel serves training (keys and values of the pass) and decoding
 * (keys and values in the cache, the prompt's shared by its responses), so both give the same bits.
 */
import type { HalfFormat } from "../../gpu/half_precision.ts";
import type { Tape } from "../../gpu/tape.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import type { AttentionRows } from "./operands.ts";
import { backwardFours, forwardFours, usesFours } from "./attention_fours.ts";
import { backwardLanes, forwardLanes } from "./attention_lanes.ts";
import { backwardSubgroup, forwardSubgroup, usesSubgroups } from "./attention_subgroup.ts";

/** out[N, H·D], stored as `format`, of q[N, H·D], k and v [S, K·D]; heads are D = `headWidth` wide; recorded on the tape. */
export const attention = (
  tape: Tape,
  q: Tensor,
  k: Tensor,
  v: Tensor,
  rows: AttentionRows,
  headWidth: number,
  format?: HalfFormat,
): Tensor => {
  const { encoder } = tape;
  const out = encoder.tensor(q.rows, q.cols, { format });
  const lse = encoder.tensor(q.rows, q.cols / headWidth);
  const operands = { q, k, v, out, lse, headWidth };
  const [forward, backward] = usesSubgroups(encoder, headWidth)
    ? [forwardSubgroup, backwardSubgroup]
    : usesFours(encoder, headWidth)
    ? [forwardFours, backwardFours]
    : [forwardLanes, backwardLanes];
  forward(encoder, operands, rows);
  tape.record([out], [lse], () => {
    const dout = tape.arrived(out);
    if (dout === undefined || rows.ends === undefined) return;
    const [dq, dk, dv] = [q, k, v].map((input) => tape.gradient(input).tensor);
    backward(encoder, operands, { dout, dq, dk, dv }, rows.spans, rows.ends);
  });
  return out;
};
