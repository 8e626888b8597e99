/**
 * Causal attention with grouped heads over packed sequences. One forward kernel serves training (keys and values of the same pass) and decoding
 * (keys and values in the cache; responses share their prompt's), so both give the same bits.
 */
import type { Encoder } from "../../gpu/encoder.ts";
import type { HalfFormat } from "../../gpu/half_precision.ts";
import { gradientPlaces } from "../add/add.ts";
import { byRows, readAs, writeAs } from "../op.ts";
import type { Tape } from "../../gpu/tape.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { type AttentionForm, chunkKeys, formOf } from "./attention_forms.ts";
import { type AttentionRows, blockConstants, type Gradients, type Operands, readOperands } from "./operands.ts";

/** Workgroups that keep a device busy. With fewer, chunks of keys are split over workgroups, which changes no bit. */
const enoughGroups = 1024;

/** out[N, H·D], stored as `format`, from q[N, H·D] and k, v [S, K·D] with D = `headWidth`; recorded on the tape. */
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
  const form = formOf(encoder, operands);
  forward(encoder, form, operands, rows);
  tape.record([out], [lse], () => {
    const dout = tape.arrived(out);
    if (dout === undefined) return;
    if (rows.ends === undefined) return encoder.fail('Cannot differentiate "attention": its rows have no "ends"');
    const { places: [dq, dk, dv], settle } = gradientPlaces(tape, q, k, v);
    backward(encoder, form, operands, { dout, dq, dk, dv }, rows.spans, rows.ends);
    settle();
  });
  return out;
};

/** Writes `out` and `lse`. */
const forward = (
  encoder: Encoder,
  { forward: { kernel, constants, groups }, merge }: AttentionForm,
  operands: Operands,
  rows: AttentionRows,
): void => {
  const { k, v, headWidth } = operands;
  const { spans, blockTables = spans } = rows;
  const scale = 1 / Math.sqrt(headWidth);
  const chunks = Math.ceil((rows.most ?? 0) / chunkKeys);
  const read = { ...constants, ...blockConstants(rows), ...readOperands(operands) };
  byRows(
    encoder,
    operands.q.rows,
    [operands.q, operands.out, operands.lse, spans],
    ([q, out, lse, span], _, N) => {
      const [x, y] = groups(N);
      const params = { N, scale, ...(merge && { chunks }) };
      if (merge === undefined || chunks < 2 || x * y >= enoughGroups) {
        return encoder.dispatch(kernel, {
          constants: { ...read, ...writeAs("out", out) },
          tensors: [q, k, v, span, blockTables, out, lse],
          params,
          groups: [x, y],
        });
      }
      const sums = encoder.tensor(N * chunks, q.cols);
      const parts = encoder.tensor(N * chunks, q.cols / headWidth * 2);
      encoder.dispatch(kernel, {
        constants: { ...read, SPLIT: 1 },
        tensors: [q, k, v, span, blockTables, sums, parts],
        params,
        groups: [x, y, chunks],
      });
      encoder.dispatch(merge.kernel, {
        constants: { ...merge.constants, ...writeAs("out", out) },
        tensors: [sums, parts, span, out, lse],
        params: { N, chunks },
        groups: merge.groups(N),
      });
      for (const tensor of [sums, parts]) encoder.release(tensor);
    },
  );
};

/** Gradients of q, k and v; all keys belong to the same pass. */
const backward = (
  encoder: Encoder,
  { query, keyValue }: AttentionForm,
  operands: Operands,
  { dout, dq, dk, dv }: Gradients,
  spans: Tensor,
  ends: Tensor,
): void => {
  const { q, k, v, out, lse, headWidth } = operands;
  const N = q.rows;
  const params = { N, scale: 1 / Math.sqrt(headWidth) };
  const read = readOperands(operands);
  const delta = encoder.tensor(N, q.cols / headWidth);
  encoder.dispatch(query.kernel, {
    constants: { ...query.constants, ...read, ...readAs("out", out, headWidth % 4 === 0 ? 4 : 1, "outOf") },
    tensors: [q, k, v, spans, out, lse, dout, dq, delta],
    params,
    groups: query.groups(N),
  });
  encoder.dispatch(keyValue.kernel, {
    constants: { ...keyValue.constants, ...read },
    tensors: [q, k, v, ends, lse, delta, dout, dk, dv],
    params,
    groups: keyValue.groups(N),
  });
  encoder.release(delta);
};
