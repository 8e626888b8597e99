/** Token embedding and its gradient, also used to gather rows. A table larger than one binding is processed window by window. */
import type { Encoder } from "../../gpu/encoder.ts";
import { makeKernel } from "../../gpu/kernel.ts";
import { lanes, pack, readAs, rowsPerBinding } from "../op.ts";
import type { Tape } from "../../gpu/tape.ts";
import { sliceRows, type Tensor } from "../../gpu/tensor.ts";
import source from "./embedding.wgsl" with { type: "text" };
import backwardSource from "./embedding_backward.wgsl" with { type: "text" };

export const embeddingKernels = {
  forward: makeKernel(source),
  backward: makeKernel(backwardSource),
};

/** Positions grouped by the table row that they read; the gradient sums over each group in order. */
export interface RowGroups {
  /** u32 [U + 1, 2]: table row and first entry in `rows`; the last pair only ends the list. */
  readonly starts: Uint32Array<ArrayBuffer>;
  /** u32 [N]. */
  readonly rows: Uint32Array<ArrayBuffer>;
}

/** Groups the positions of `indices` by value; positions stay in order within a group. */
export const groupRows = (indices: Int32Array | Uint32Array): RowGroups => {
  const order = Array.from(indices, (_, i) => i).sort((a, b) => indices[a] - indices[b] || a - b);
  const starts: number[] = [];
  order.forEach((row, i) => {
    if (i === 0 || indices[row] !== indices[order[i - 1]]) starts.push(indices[row], i);
  });
  starts.push(0xffffffff, indices.length);
  return { starts: Uint32Array.from(starts), rows: Uint32Array.from(order) };
};

/** out[n] = table[indices[n]]. The indices are u32 [1, N] on the device, and also on the host if a gradient is needed. */
export const embedding = (
  tape: Tape,
  table: Tensor,
  indices: Tensor,
  N: number,
  host?: Int32Array | Uint32Array,
): Tensor => {
  const { encoder } = tape;
  const out = encoder.tensor(N, table.cols);
  byWindow(encoder, table, (window, first) =>
    byWindow(encoder, out, (out, start) => {
      const packed = pack([window, out]);
      const constants = { ...packed, C: table.cols, ...readAs("table", window, packed.PACK === 4 ? 4 : 1) };
      const tokenOffset = indices.offset + start;
      encoder.dispatch(embeddingKernels.forward, {
        constants,
        tensors: [indices, window, out],
        params: { N: out.rows, R: window.rows, first, tokenOffset },
        groups: lanes(out.rows * table.cols / constants.PACK),
      });
    }));
  tape.record([out], [], () => {
    const dout = tape.arrived(out);
    if (dout === undefined) return;
    if (host === undefined) return encoder.fail('Cannot differentiate "embedding": its indices are not on the host');
    const groups = groupRows(host);
    const starts = encoder.upload(groups.starts, groups.starts.length / 2, 2);
    const rows = encoder.upload(groups.rows, 1, groups.rows.length);
    // An activation's gradient is zero in rows that were not read; a weight's accumulates.
    const sum = tape.sum(table);
    const U = starts.rows - 1;
    byWindow(encoder, sum, (dtable, first) =>
      byWindow(encoder, dout, (dout, start) => {
        const constants = { ...pack([dout, dtable]), C: table.cols };
        encoder.dispatch(embeddingKernels.backward, {
          constants,
          tensors: [starts, rows, dout, dtable],
          params: { U, R: dtable.rows, first, N: dout.rows, start },
          groups: lanes(U * table.cols / constants.PACK),
        });
      }));
    encoder.release(starts);
    encoder.release(rows);
  });
  return out;
};

const byWindow = (encoder: Encoder, table: Tensor, run: (window: Tensor, first: number) => void): void => {
  const step = rowsPerBinding(encoder, [table]);
  if (table.rows <= step) return run(table, 0);
  for (let first = 0; first < table.rows; first += step) {
    run(sliceRows(table, first, Math.min(step, table.rows - first)), first);
  }
};
