/**
 * Matrix products on matrix units (tensor cores): float16 operands, float32 sums. Off by default (`--kernels matrix`), since rounding activations
 * to float16 changes results; a variant is used only after it passed its self-test on this device (`matrix_self_test.ts`). Gradients are scaled
 * into float16's range by a power of two from their largest element. A linear layer's sum is cut into chunks that are joined in order, by one
 * workgroup or by several; the number of rows decides which, and both give the same bits.
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

/** The product, the largest element of its first operand, and the join of chunks. */
export const matrixProductKernels = {
  matrix: makeKernel(matrix),
  largest: makeKernel(largest),
  join: makeKernel(join),
};

/**
 * Terms of a linear layer's sum per chunk; a constant, since it affects bits. Most layers have one chunk. The second layer of a feed-forward block
 * has several, which are split over workgroups if few rows would leave a device idle.
 */
export const chunkDepth = 4096;

/** Operands and options of a matrix product; only `nt` has a bias. */
export interface MatrixProduct {
  readonly product: MatrixForm;
  readonly tile: MatrixTile;
  readonly a: Tensor;
  readonly b: Tensor;
  readonly bias?: Tensor | undefined;
  readonly c: Tensor;
  readonly accumulate?: boolean | undefined;
  /** Powers of two by which the layer's input (`a` of `nt`, `b` of `tn`) may exceed float16's range. A float16 input uses its own scale instead. */
  readonly beyond?: number | undefined;
  /** Terms per chunk of `nt`, and whether chunks are split over workgroups; by default the sizes decide. */
  readonly chunk?: number;
  readonly split?: boolean;
}

/** c = a · bᵀ (+ bias), a · b or aᵀ · b, added to c if `accumulate`; `swiglu`: c = silu(a · gateᵀ) · (a · upᵀ), in one chunk. */
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
  // A float16 input is stored divided by its scale already; other inputs are divided when loaded.
  const isHalf = input.format === "f16";
  const beyond = isHalf ? Elementary.log2(input.scale ?? 1) : given.beyond ?? 0;
  const down = isHalf ? 0 : beyond;
  const parts = chunks > 1 && (given.split ?? shared) ? chunks : 1;
  // The previous content of c is added last. Chunks are joined in a separate float32 tensor if c accumulates or has 16 bits.
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

/** Constants for reading and writing a result with a 16-bit format. */
const stored = (c: Tensor) => ({ ...readAs("C", c, 4), ...writeAs("C", c) });
