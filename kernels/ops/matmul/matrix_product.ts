/**
 * Matrix products on a device's matrix units (tensor cores): float16 operands, float32 sums. Off unless it is asked for (`--kernels matrix`),
 * since rounding activations to float16 changes results; a variant is used only where its self-test on this very device was right
 * (`matrix_self_test.ts`). Gradients are brought into float16's range by a power of two that a pass over them finds. The sum of a linear layer is
 * cut into chunks that are joined in order, by one workgroup or by many: that is chosen by the number of rows and shows in no bit.
 */
import * as Elementary from "../../../data/elementary/mod.ts";
import type { MatrixForm, MatrixUnits } from "../../gpu/device_info.ts";
import type { Encoder } from "../../gpu/encoder.ts";
import { type Kernel, makeKernel } from "../../gpu/kernel.ts";
import { keptAs, lanes, readAs, writeAs } from "../op.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { depth, enoughGroups, groupsOf, matrixConstants, type MatrixTile, splitName } from "./matrix_tiles.ts";
import join from "./matmul_join.wgsl" with { type: "text" };
import largest from "./matmul_largest.wgsl" with { type: "text" };
import matrix from "./matmul_matrix.wgsl" with { type: "text" };

/** The product, the size by which its first operand is scaled, and the join of the chunks of its sum. */
export const matrixProductKernels = {
  matrix: makeKernel(matrix),
  largest: makeKernel(largest),
  join: makeKernel(join),
};

/**
 * How much of a linear layer's sum is summed before it is joined: a constant, since it shows in the bits. Most layers have one chunk; the long sums
 * of a feed-forward block's second half have several, which can be shared out where few rows would leave a device idle.
 */
export const chunkDepth = 4096;

/** What a matrix product reads and writes; a bias belongs to `nt`. */
export interface MatrixProduct {
  readonly product: MatrixForm;
  readonly tile: MatrixTile;
  readonly a: Tensor;
  readonly b: Tensor;
  readonly bias?: Tensor | undefined;
  readonly c: Tensor;
  readonly accumulate?: boolean | undefined;
  /** Powers of two by which the layer's input (`a` of `nt`, `b` of `tn`) may pass float16's range; where it is float16, its own scale counts. */
  readonly beyond?: number | undefined;
  /** What of the sum of `nt` is summed on its own, and whether in workgroups of its own, where not as the sizes say. */
  readonly chunk?: number;
  readonly split?: boolean;
}

/** c = a · bᵀ (+ bias), a · b or aᵀ · b, and c added to where `accumulate` says so; `swiglu`: c = silu(a · gateᵀ) · (a · upᵀ), one chunk. */
export const matrixProduct = (
  encoder: Encoder,
  units: MatrixUnits,
  given: MatrixProduct,
  kernel: Kernel = matrixProductKernels.matrix,
): void => {
  const { product, tile, a, b, bias, c } = given;
  const accumulate = given.accumulate ?? false;
  const K = product === "tn" ? a.rows : a.cols;
  const chunk = product === "nt" ? given.chunk ?? chunkDepth : Math.max(1, Math.ceil(K / depth)) * depth;
  const chunks = Math.max(1, Math.ceil(K / chunk));
  const [across, along] = groupsOf(product, tile, c.rows, c.cols);
  const shared = across * along < enoughGroups && !units.refused.includes(splitName(tile)) &&
    chunks * c.rows * c.cols * 4 <= encoder.info.maxBinding;
  const input = product === "tn" ? b : a;
  // Float16 is staged as it lies there, divided by its scale; the rest is divided on its way.
  const isHalf = input.format === "f16";
  const beyond = isHalf ? Elementary.log2(input.scale ?? 1) : given.beyond ?? 0;
  const down = isHalf ? 0 : beyond;
  const parts = chunks > 1 && (given.split ?? shared) ? chunks : 1;
  // What was there before is added last, as a sum of two tensors would be: chunks cannot be joined on top of it, nor in fewer bits.
  const apart = parts > 1 || (chunks > 1 && (accumulate || c.format !== undefined));
  const out = apart ? encoder.tensor(parts * c.rows, c.cols) : c;
  const most = encoder.tensor(1, 1);
  const constants = matrixConstants(product, tile, units);
  if (constants.SCALED === 1) {
    encoder.zero(most);
    encoder.dispatch(matrixProductKernels.largest, {
      tensors: [a, most],
      params: { M: a.rows, K: a.cols },
      groups: [Math.min(1024, Math.ceil(a.rows * a.cols / 256))],
    });
  }
  encoder.dispatch(kernel, {
    constants: {
      ...constants,
      ...readAs("A", { ...a, scale: undefined }, 4),
      ...readAs("B", { ...b, scale: undefined }, 4),
      ...(bias && readAs("bias", bias, 1)),
      ...stored(out),
      ...(product === "swiglu" ? keptAs(c.format) : {}),
    },
    tensors: [a, b, bias ?? b, most, out],
    params: {
      M: c.rows,
      N: c.cols,
      K,
      chunk,
      chunks: chunks / parts,
      withBias: bias && parts === 1 ? 1 : 0,
      accumulate: accumulate && !apart ? 1 : 0,
      aDown: product === "tn" ? 0 : down,
      bDown: product === "tn" ? down : 0,
      up: beyond,
    },
    groups: [across, along, parts],
  });
  encoder.release(most);
  if (!apart) return;
  const joined = parts > 1 ? bias : undefined;
  encoder.dispatch(matrixProductKernels.join, {
    constants: { ...(joined && readAs("bias", joined, 1)), ...stored(c) },
    tensors: [out, joined ?? out, c],
    params: {
      M: c.rows,
      N: c.cols,
      parts,
      withBias: joined ? 1 : 0,
      accumulate: accumulate ? 1 : 0,
    },
    groups: lanes(c.rows * c.cols / 4),
  });
  encoder.release(out);
};

/** How a result is read and written where it has 16 bits. */
const stored = (c: Tensor) => ({ ...readAs("C", c, 4), ...writeAs("C", c) });
