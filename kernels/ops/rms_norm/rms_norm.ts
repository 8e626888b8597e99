/** RMSNorm over whole rows, or over each head of a row (Qwen3's query and key norms). */
import { type Encoder, spread } from "../../gpu/encoder.ts";
import { makeKernel } from "../../gpu/kernel.ts";
import type { HalfFormat } from "../../gpu/half_precision.ts";
import { byRows, lanes, pack, readAs, sharedBy, sumOfFour, writeAs } from "../op.ts";
import type { Constants } from "../../gpu/specialize.ts";
import type { Tape } from "../../gpu/tape.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { addRowSums, chunked, chunkRows } from "../row_sums/row_sums.ts";
import source from "./rms_norm.wgsl" with { type: "text" };
import backwardSource from "./rms_norm_backward.wgsl" with { type: "text" };
import weightSource from "./rms_norm_weight_backward.wgsl" with { type: "text" };

export const rmsNormKernels = {
  forward: makeKernel(source),
  backward: makeKernel(backwardSource),
  weightBackward: makeKernel(weightSource),
};

/** Widest head that fits in registers. */
const narrow = 32;

/** Constants and workgroup counts for `count` heads of D columns: one lane per head, or one subgroup as a workgroup. */
const formOf = ({ info }: Encoder, tensors: ReadonlyArray<Tensor>, count: number, D: number) => {
  const packed = pack(tensors);
  const constants: Constants = packed.PACK === 1 ? { KEPT: 0 } : info.cooperative === true
    ? {
      KEPT: 0,
      ...sharedBy(info.lanes),
      sumOf: `laneSum(${sumOfFour}, LANES)`,
    }
    : { KEPT: D <= narrow ? D / 4 : 0, sumOf: sumOfFour };
  const groups = constants.LANES === undefined ? lanes(count) : spread(count);
  return { width: packed.PACK, constants: { ...packed, D, ...constants }, groups };
};

/**
 * y[N, H·D] = x / sqrt(mean(x²) + eps) · weight[1, D] over each of H heads, recorded on the tape; y is stored as `format`, and x may have a format
 * too.
 */
export const rmsNorm = (
  tape: Tape,
  x: Tensor,
  weight: Tensor,
  eps: number,
  H = 1,
  format?: HalfFormat,
): Tensor => {
  const { encoder } = tape;
  const y = encoder.tensor(x.rows, x.cols, { format });
  const inverse = encoder.tensor(x.rows, H);
  byRows(encoder, x.rows, [x, y, inverse], ([x, y, inverse], _, N) => {
    const { width, constants, groups } = formOf(encoder, [x, y, weight], N * H, weight.cols);
    const stored = { ...readAs("weight", weight, width), ...readAs("x", x, width), ...writeAs("y", y) };
    encoder.dispatch(rmsNormKernels.forward, {
      constants: { H, ...constants, ...stored },
      tensors: [x, weight, y, inverse],
      params: { N, eps },
      groups,
    });
  });
  tape.record([y], [inverse], () => {
    const dy = tape.arrived(y);
    if (dy === undefined) return;
    if (tape.trains(weight)) weightGradient(encoder, { x, dy, inverse }, H, tape.gradient(weight).tensor);
    const { tensor, accumulate } = tape.gradient(x);
    byRows(encoder, x.rows, [x, dy, tensor, inverse], ([x, dy, dx, inverse], _, N) => {
      const { width, constants, groups } = formOf(encoder, [x, dy, dx, weight], N * H, weight.cols);
      const stored = { ...readAs("weight", weight, width), ...readAs("x", x, width) };
      encoder.dispatch(rmsNormKernels.backward, {
        constants: { H, ...constants, ACCUMULATE: accumulate ? 1 : 0, ...stored },
        tensors: [x, weight, inverse, dy, dx],
        params: { N },
        groups,
      });
    });
  });
  return y;
};

/** dweight[1, D] += Σ over rows and heads of dy · x · inverse. */
const weightGradient = (
  encoder: Encoder,
  { x, dy, inverse }: Readonly<Record<"x" | "dy" | "inverse", Tensor>>,
  H: number,
  dweight: Tensor,
): void => {
  const D = dweight.cols;
  // Rows per chunk: `chunkRows` counts heads of rows.
  const rows = Math.max(1, Math.floor(chunkRows / H));
  byRows(encoder, x.rows, [x, dy, inverse], ([x, dy, inverse], _, N) => {
    const inChunks = encoder.info.cooperative === true && N > rows;
    const parts = inChunks ? encoder.tensor(Math.ceil(N / rows), D) : dweight;
    const packed = pack([x, dy, parts]);
    const constants = { ...packed, H, D, ...readAs("x", x, packed.PACK) };
    const columns = D / packed.PACK;
    const shared = inChunks ? chunked(N, rows, columns) : undefined;
    encoder.dispatch(rmsNormKernels.weightBackward, {
      constants: { ...constants, ...shared?.constants },
      tensors: [x, inverse, dy, parts],
      params: { N },
      groups: shared?.groups ?? lanes(columns, 8),
    });
    if (!inChunks) return;
    addRowSums(encoder, parts, dweight);
    encoder.release(parts);
  });
};
