/**
 * Sums over rows: gradients of biases and norm weights. By default one lane sums a column in row order. With `--kernels cooperative`, lanes sum
 * chunks of rows, and chunk sums are added in order; these bits differ from the default ones but are reproducible.
 */
import type { Encoder } from "../../gpu/encoder.ts";
import { makeKernel } from "../../gpu/kernel.ts";
import { byRows, lanes, pack } from "../op.ts";
import type { Constants } from "../../gpu/specialize.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import source from "./row_sums.wgsl" with { type: "text" };

export const rowSumsKernel = makeKernel(source);

/** Rows per chunk; a constant, since it affects bits. */
export const chunkRows = 64;

/** Lanes per workgroup that sums chunks. */
const chunkLanes = 32;

/** Constants and workgroup counts of a kernel that sums chunks of `rows` rows, for N rows of `columns` loads each. */
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
