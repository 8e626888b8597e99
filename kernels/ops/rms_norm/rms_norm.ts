/** Root-mean-square normalisation over whole rows or over each head of a row (Qwen3's query and key norms). */
import { type Encoder, spread } from "../../gpu/encoder.ts";
import { make } from "../../gpu/kernel.ts";
import type { HalfFormat } from "../../gpu/half_precision.ts";
import { byRows, lanes, pack, readAs, writeAs } from "../op.ts";
import type { Tape } from "../../gpu/tape.ts";
import { isVectorized, type Tensor } from "../../gpu/tensor.ts";
import { addRowSums, chunked, chunkRows } from "../row_sums/row_sums.ts";
import source from "./rms_norm.wgsl" with { type: "text" };
import backwardRegistersSource from "./rms_norm_backward_registers.wgsl" with { type: "text" };
import backwardSource from "./rms_norm_backward.wgsl" with { type: "text" };
import backwardVec4Source from "./rms_norm_backward_vec4.wgsl" with { type: "text" };
import registersSource from "./rms_norm_registers.wgsl" with { type: "text" };
import subgroupSource from "./rms_norm_subgroup.wgsl" with { type: "text" };
import backwardSubgroupSource from "./rms_norm_backward_subgroup.wgsl" with { type: "text" };
import vec4Source from "./rms_norm_vec4.wgsl" with { type: "text" };
import weightSource from "./rms_norm_weight_backward.wgsl" with { type: "text" };

/** The kernels: plain, four columns a load, with a narrow head in registers, and with a subgroup for each head. */
export const kernels = {
  forward: make(source),
  forwardVec4: make(vec4Source),
  forwardRegisters: make(registersSource),
  backward: make(backwardSource),
  backwardVec4: make(backwardVec4Source),
  backwardRegisters: make(backwardRegistersSource),
  forwardSubgroup: make(subgroupSource),
  backwardSubgroup: make(backwardSubgroupSource),
  weightBackward: make(weightSource),
};

/** Heads up to this wide fit in registers. */
const narrow = 32;

/**
 * y[N, H·D] = x / sqrt(mean(x²) + eps) · weight[1, D] over each of `heads` heads, stored as `format` (of which x may be too), recorded on the
 * tape.
 */
export const rmsNorm = (
  tape: Tape,
  x: Tensor,
  weight: Tensor,
  eps: number,
  heads = 1,
  format?: HalfFormat,
): Tensor => {
  const { encoder } = tape;
  const D = weight.cols;
  const H = heads;
  const { lanes: LANES, cooperative } = encoder.info;
  const y = encoder.tensor(x.rows, x.cols, { format });
  const inverse = encoder.tensor(x.rows, H);
  byRows(encoder, x.rows, [x, y, inverse], ([x, y, inverse], _, N) => {
    const wide = [x, y, weight].every(isVectorized);
    const read = { ...readAs("weight", weight, wide ? 4 : 1), ...readAs("x", x, 4) };
    const constants = { H, D, ...read, ...writeAs("y", y) };
    const tensors = [x, weight, y, inverse];
    const params = { N, eps };
    if (wide && cooperative) {
      const shared = { ...constants, LANES };
      return encoder.dispatch(kernels.forwardSubgroup, { constants: shared, tensors, params, groups: spread(N * H) });
    }
    const kernel = !wide ? kernels.forward : D <= narrow ? kernels.forwardRegisters : kernels.forwardVec4;
    encoder.dispatch(kernel, { constants, tensors, params, groups: lanes(N * H) });
  });
  tape.record([y], [inverse], () => {
    const dy = tape.arrived(y);
    if (dy === undefined) return;
    if (tape.trains(weight)) weightGradient(encoder, { x, dy, inverse }, H, tape.gradient(weight).tensor);
    const target = tape.gradient(x);
    byRows(encoder, x.rows, [x, dy, target.tensor, inverse], ([x, dy, dx, inverse], _, N) => {
      const wide = [x, dy, dx, weight].every(isVectorized);
      const read = { ...readAs("weight", weight, wide ? 4 : 1), ...readAs("x", x, 4) };
      const constants = { H, D, ACCUMULATE: target.accumulate ? 1 : 0, ...read };
      const tensors = [x, weight, inverse, dy, dx];
      const params = { N };
      if (wide && cooperative) {
        const shared = { ...constants, LANES };
        return encoder.dispatch(kernels.backwardSubgroup, {
          constants: shared,
          tensors,
          params,
          groups: spread(N * H),
        });
      }
      const kernel = !wide ? kernels.backward : D <= narrow ? kernels.backwardRegisters : kernels.backwardVec4;
      encoder.dispatch(kernel, { constants, tensors, params, groups: lanes(N * H) });
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
  // A lane's share of rows, heads counted.
  const rows = Math.max(1, Math.floor(chunkRows / H));
  byRows(encoder, x.rows, [x, dy, inverse], ([x, dy, inverse], _, N) => {
    const inChunks = encoder.info.cooperative === true && N > rows;
    const parts = inChunks ? encoder.tensor(Math.ceil(N / rows), D) : dweight;
    const constants = { ...pack([x, dy, parts]), H, D, ...readAs("x", x, 4) };
    const columns = D / constants.PACK;
    const shared = inChunks ? chunked(N, rows, columns) : undefined;
    encoder.dispatch(kernels.weightBackward, {
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
