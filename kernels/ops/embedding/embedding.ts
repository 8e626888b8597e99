/** Token embedding and its gradient, also used to gather rows. A table larger than one binding is processed window by window. */
import { makeKernel } from "../../gpu/kernel.ts";
import { byRows, lanes, pack, readAs } from "../op.ts";
import type { Tape } from "../../gpu/tape.ts";
import { sliceColumns, type Tensor } from "../../gpu/tensor.ts";
import source from "./embedding.wgsl" with { type: "text" };
import backwardSource from "./embedding_backward.wgsl" with { type: "text" };

const embeddingKernels = {
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
const groupRows = (indices: Int32Array | Uint32Array): RowGroups => {
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
  byRows(encoder, table.rows, [table], ([window], first, R) =>
    byRows(encoder, N, [out], ([out], start, N) => {
      const packed = pack([window, out]);
      const constants = { ...packed, C: table.cols, ...readAs("table", window, packed.PACK) };
      encoder.dispatch(embeddingKernels.forward, {
        constants,
        tensors: [sliceColumns(indices, start, N), window, out],
        params: { N, R, first },
        groups: lanes(N * table.cols / constants.PACK),
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
    byRows(encoder, sum.rows, [sum], ([dtable], first, R) =>
      byRows(encoder, N, [dout], ([dout], start, N) => {
        const constants = { ...pack([dout, dtable]), C: table.cols };
        encoder.dispatch(embeddingKernels.backward, {
          constants,
          tensors: [starts, rows, dout, dtable],
          params: { U, R, first, N, start },
          groups: lanes(U * table.cols / constants.PACK),
        });
      }));
    encoder.release(starts);
    encoder.release(rows);
  });
  return out;
};
