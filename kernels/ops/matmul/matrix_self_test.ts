/**
 * Whether a device's matrix units compute what the plain kernels compute: every variant on operands that float16 holds exactly, at sizes no
 * tile divides, where a wrong layout, edge or scale is off by the size of the result and rounding by a millionth of it.
 */
import * as Effect from "effect/Effect";
import type { DeviceError, MatrixUnits } from "../../device_error.ts";
import type { Encoder } from "../../encoder.ts";
import { fromHalves, type StorageType, storageTypes, toHalves } from "../../half_precision.ts";
import type { Kernel } from "../../kernel.ts";
import { noise } from "../../op_case.ts";
import type { Check } from "../../self_tests.ts";
import type { Tensor } from "../../tensor.ts";
import { cast } from "../cast/cast.ts";
import { matmulNN, matmulNT, matmulTN } from "./matmul.ts";
import {
  kernels,
  matrixFits,
  matrixProduct,
  type MatrixTile,
  matrixTiles,
  type Product,
  products,
  variantName,
} from "./matrix_product.ts";

/** Sizes of c[M, N] and of the sum K: past the edges of every tile, short of the next, and rows of tiles in more than one band of workgroups. */
const sizes = { M: 581, N: 140, K: 84 };

/** Gradients are small: below what float16 holds without a scale. */
const smallness: Readonly<Record<Product, number>> = { nt: 1, nn: 2 ** -30, tn: 2 ** -30 };

const halvesOf = (name: string, length: number) => fromHalves(toHalves(noise(name, length), "f16"), "f16");

/** Numbers that both 16-bit formats hold, so that each storage type is checked with the same ones. */
const eighthsOf = (name: string, length: number) => noise(name, length).map((x) => Math.round(x * 64) / 64);

const check = Effect.fnUntraced(function* (
  encoder: Encoder,
  units: MatrixUnits,
  product: Product,
  tile: MatrixTile,
  storage: StorageType,
  kernel: Kernel,
): Effect.fn.Return<number, DeviceError> {
  const { M, N, K } = sizes;
  const owned: Tensor[] = [];
  const upload = (data: Float32Array<ArrayBuffer>, rows: number, cols: number) => {
    owned.push(encoder.upload(data, rows, cols));
    return owned[owned.length - 1];
  };
  const [aRows, aCols] = product === "tn" ? [K, M + 3] : [M, K];
  // A transposed operand has rows that a vec4 divides, the last columns unused.
  const wholeA = upload(halvesOf("a", aRows * aCols).map((x) => x * smallness[product]), aRows, aCols);
  const a = product === "tn" ? { ...wholeA, cols: M } : wholeA;
  const [bRows, bCols] = product === "nt" ? [N, K] : [K, N];
  const full = upload(eighthsOf("b", bRows * bCols), bRows, bCols);
  let b = full;
  if (storage !== "f32") {
    const narrow = encoder.tensor(1, bRows * bCols, { format: storage });
    cast(encoder, { ...full, rows: 1, cols: bRows * bCols, stride: bRows * bCols }, narrow);
    owned.push(narrow);
    b = { ...narrow, rows: bRows, cols: bCols, stride: bCols };
  }
  const bias = product === "nt" ? upload(noise("bias", N), 1, N) : undefined;
  const start = noise("c", M * N).map((x) => x * smallness[product]);
  const [found, expected] = [upload(start, M, N), upload(start, M, N)];
  matrixProduct(encoder, units, { product, tile, a, b, bias, c: found, accumulate: product !== "nt" }, kernel);
  if (product === "nt") matmulNT(encoder, a, full, bias, expected, { plain: true });
  else if (product === "nn") matmulNN(encoder, a, full, expected, { plain: true, accumulate: true });
  else matmulTN(encoder, a, full, expected, { plain: true });
  const [x, y] = [yield* encoder.read(found), yield* encoder.read(expected)];
  for (const tensor of owned) encoder.release(tensor);
  let worst = 0;
  for (let i = 0; i < y.length; i++) {
    const error = Math.abs(x[i] - y[i]) / smallness[product];
    // Not a number counts as wrong.
    if (!(error <= worst)) worst = Number.isNaN(error) ? Infinity : error;
  }
  return worst;
});

/** A sum of K products below 1 in float32, in any order, and twice over. */
const allowed = sizes.K * sizes.K * 2 ** -23;

/** Which kernel is checked, in which tiles, where not those that are used. */
export interface CheckOptions {
  readonly kernel?: Kernel;
  readonly tiles?: ReadonlyArray<MatrixTile>;
}

/** Checks every variant that the device has room for, with weights in each storage type. */
export const checkMatrixProducts = Effect.fnUntraced(function* (
  encoder: Encoder,
  units: MatrixUnits,
  { kernel = kernels.matrix, tiles = matrixTiles }: CheckOptions = {},
): Effect.fn.Return<ReadonlyArray<Check>, DeviceError> {
  const checks: Check[] = [];
  for (const product of products) {
    for (const tile of tiles) {
      if (!matrixFits(encoder, product, tile, units)) continue;
      let error = 0;
      for (const storage of product === "tn" ? ["f32" as const] : storageTypes) {
        error = Math.max(error, yield* check(encoder, units, product, tile, storage, kernel));
      }
      checks.push({ variant: variantName(product, tile), error, allowed });
    }
  }
  return checks;
});
