/**
 * Matrix products on a device's matrix units (tensor cores): float16 operands, float32 sums. Off unless it is asked for (`SIGNUM_MATRIX=1`),
 * since rounding activations to float16 changes results; a variant is used only where its self-test on this very device was right
 * (`matrix_self_test.ts`). Gradients are brought into float16's range by a power of two that a pass over them finds.
 */
import { boundOffset } from "../../binding_window.ts";
import type { MatrixUnits } from "../../device_error.ts";
import type { Encoder } from "../../encoder.ts";
import { type Kernel, make } from "../../kernel.ts";
import { readAs, strided } from "../../op.ts";
import type { Constants } from "../../specialize.ts";
import type { Tensor } from "../../tensor.ts";
import largest from "./matmul_largest.wgsl" with { type: "text" };
import matrix from "./matmul_matrix.wgsl" with { type: "text" };

/** The product, and the size by which its first operand is scaled. */
export const kernels = {
  matrix: make(
    "matmul_matrix",
    matrix,
    ["read", "read", "read", "read", "read_write"],
    "M N K aOffset aStride bOffset bStride biasOffset cOffset cStride",
  ),
  largest: make("matmul_largest", largest, ["read", "read_write"], "M K aOffset aStride"),
};

/** A linear layer, the gradient of its input, the gradient of its weight. */
export type Product = "nt" | "nn" | "tn";

/** The products, in the order in which they are checked. */
export const products: ReadonlyArray<Product> = ["nt", "nn", "tn"];

/** What a workgroup owns: subgroups down and across, and rows and columns of each. */
export interface MatrixTile {
  readonly down: number;
  readonly across: number;
  readonly rows: number;
  readonly columns: number;
}

/** The tiles, the largest first. */
export const matrixTiles: ReadonlyArray<MatrixTile> = [
  { down: 4, across: 2, rows: 64, columns: 64 },
  { down: 2, across: 2, rows: 32, columns: 32 },
];

const depth = 32;

/** A variant's name, as the self-test knows it: `nt 256x128`. */
export const variantName = (product: Product, { down, across, rows, columns }: MatrixTile): string =>
  `${product} ${down * rows}x${across * columns}`;

/** The constants of a variant. */
export const matrixConstants = (product: Product, tile: MatrixTile, { size, depth: TK, lanes }: MatrixUnits) => ({
  LANES: lanes,
  T: size,
  TK,
  GROUP_M: tile.down,
  GROUP_N: tile.across,
  PART_M: tile.rows / size,
  PART_N: tile.columns / size,
  DEPTH: depth,
  A_TURNED: product === "tn" ? 1 : 0,
  B_TURNED: product === "nt" ? 1 : 0,
});

/** Bytes of workgroup memory and lanes that a variant takes. */
export const matrixNeeds = (product: Product, { down, across, rows, columns }: MatrixTile, units: MatrixUnits) => {
  const staged = (long: number, turned: boolean) => turned ? depth * (long / 8 + 1) * 16 : long * (depth / 8 + 1) * 16;
  const leaving = down * across * units.size ** 2 * 4;
  return {
    bytes: staged(down * rows, product === "tn") + staged(across * columns, product !== "nt") + leaving,
    lanes: down * across * units.lanes,
  };
};

/** Whether the device has the workgroup memory and the lanes for a variant. */
export const matrixFits = ({ device }: Encoder, product: Product, tile: MatrixTile, units: MatrixUnits): boolean => {
  const { bytes, lanes } = matrixNeeds(product, tile, units);
  return bytes <= device.limits.maxComputeWorkgroupStorageSize &&
    lanes <= Math.min(device.limits.maxComputeInvocationsPerWorkgroup, device.limits.maxComputeWorkgroupSizeX);
};

/** Columns from which the large tile pays, by what is known of such units: nothing of it was measured. */
const wide = 1024;

/** The tile for a product with `columns` columns of its result, by device and size of the weight alone; undefined for none. */
export const matrixTile = (
  encoder: Encoder,
  product: Product,
  columns: number,
  tensors: ReadonlyArray<Tensor>,
): MatrixTile | undefined => {
  const { matrix } = encoder.info;
  if (matrix === undefined || !tensors.every(({ offset, stride }) => offset % 4 === 0 && stride % 4 === 0)) {
    return undefined;
  }
  const usable = matrixTiles.filter((tile) =>
    !matrix.refused.includes(variantName(product, tile)) && matrixFits(encoder, product, tile, matrix)
  );
  return columns >= wide ? usable[0] : usable.at(-1);
};

/** What a matrix product reads and writes; a bias belongs to `nt`. */
export interface MatrixProduct {
  readonly product: Product;
  readonly tile: MatrixTile;
  readonly a: Tensor;
  readonly b: Tensor;
  readonly bias?: Tensor | undefined;
  readonly c: Tensor;
  readonly accumulate?: boolean | undefined;
}

/** c = a · bᵀ (+ bias), a · b or aᵀ · b, and c added to where `accumulate` says so. */
export const matrixProduct = (
  encoder: Encoder,
  units: MatrixUnits,
  { product, tile, a, b, bias, c, accumulate }: MatrixProduct,
  kernel: Kernel = kernels.matrix,
): void => {
  const scaled = product !== "nt";
  const most = encoder.tensor(1, 1);
  if (scaled) {
    encoder.zero(most);
    encoder.dispatch(kernels.largest, {
      tensors: [a, most],
      params: { M: a.rows, K: a.cols, ...strided(encoder, { a }) },
      groups: [Math.min(1024, Math.ceil(a.rows * a.cols / 256))],
    });
  }
  const constants: Constants = {
    ...matrixConstants(product, tile, units),
    ...readAs("A", a, 4),
    ...readAs("B", b, 4),
    ...(bias && readAs("bias", bias, 1)),
    BIAS: bias ? 1 : 0,
    SCALED: scaled ? 1 : 0,
    ACCUMULATE: accumulate ? 1 : 0,
  };
  encoder.dispatch(kernel, {
    constants,
    tensors: [a, b, bias ?? b, most, c],
    params: {
      M: c.rows,
      N: c.cols,
      K: product === "tn" ? a.rows : a.cols,
      ...strided(encoder, { a, b, c }),
      biasOffset: bias ? boundOffset(bias, encoder.info) : 0,
    },
    groups: [Math.ceil(c.cols / (tile.across * tile.columns)), Math.ceil(c.rows / (tile.down * tile.rows))],
  });
  encoder.release(most);
};
