/**
 * Sums over rows, the gradients of what all rows share: biases, and weights of norms. By default a lane sums a column, row by row. Devices that
 * share rows out among lanes (`--kernels cooperative`) sum chunks of rows at a time and then the chunks, in order: bits of its own, always the same.
 */
import type { Encoder } from "../../gpu/encoder.ts";
import { makeKernel } from "../../gpu/kernel.ts";
import { byRows, lanes, pack } from "../op.ts";
import type { Constants } from "../../gpu/specialize.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import source from "./row_sums.wgsl" with { type: "text" };

/** The kernel. */
export const rowSumsKernel = makeKernel(source);

/** Rows that a lane sums where the device shares rows out; a constant, since it shows in the bits. */
export const chunkRows = 64;

/** Lanes of a workgroup that sums chunks. */
const chunkLanes = 32;

/** Constants and workgroups of a kernel that sums chunks of `rows` rows, for N rows of `columns` loads each. */
export const chunked = (N: number, rows: number, columns: number) => ({
  constants: { SIZE: chunkLanes, CHUNKED: 1, CHUNK: rows } satisfies Constants,
  groups: [Math.ceil(columns / chunkLanes), Math.ceil(N / rows)] as const,
});

/** sums[1, C] += Σ over rows of x[N, C]. */
export const addRowSums = (encoder: Encoder, x: Tensor, sums: Tensor): void =>
  byRows(encoder, x.rows, [x], ([x], _, N) => {
    if (encoder.info.cooperative !== true || N <= chunkRows) return dispatch(encoder, x, sums);
    const parts = encoder.tensor(Math.ceil(N / chunkRows), x.cols);
    dispatch(encoder, x, parts, true);
    addRowSums(encoder, parts, sums);
    encoder.release(parts);
  });

const dispatch = (encoder: Encoder, x: Tensor, sums: Tensor, inChunks = false): void => {
  const constants = { ...pack([x, sums]), C: x.cols };
  const columns = x.cols / constants.PACK;
  const shared = inChunks ? chunked(x.rows, chunkRows, columns) : undefined;
  encoder.dispatch(rowSumsKernel, {
    constants: { ...constants, ...shared?.constants },
    tensors: [x, sums],
    params: { N: x.rows },
    groups: shared?.groups ?? lanes(columns, 8),
  });
};
