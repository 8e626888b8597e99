/**
 * Tests whether a device's matrix units compute what the plain kernels compute. Operands are exact in float16, and no tile divides the sizes. A
 * wrong layout, edge or scale then gives an error as large as the result; rounding gives a millionth of it. Choices that depend on the number of
 * rows must give equal bits: tiles of a product, a sum split over workgroups or not, the gated activation fused or not.
 */
import * as Effect from "effect/Effect";
import type { DeviceError, MatrixCapability, MatrixUnits, Product } from "../gpu/device_info.ts";
import type { Encoder } from "../gpu/encoder.ts";
import { fromHalves, type StorageType, storageTypes, toHalves } from "../gpu/half_precision.ts";
import type { Kernel } from "../gpu/kernel.ts";
import { noise } from "../ops/op_case.ts";
import { type Check, difference } from "./self_tests.ts";
import { Tape } from "../gpu/tape.ts";
import type { Tensor } from "../gpu/tensor.ts";
import { cast } from "../ops/cast/cast.ts";
import { swiglu } from "../ops/swiglu/swiglu.ts";
import { matmulNN, matmulNT, matmulTN } from "../ops/matmul/matmul.ts";
import { type MatrixProduct, matrixProduct, matrixProductKernels } from "../ops/matmul/matrix_product.ts";
import {
  anyTile,
  halfActivations,
  matrixFits,
  type MatrixTile,
  matrixTiles,
  products,
  splitName,
  variantName,
} from "../ops/matmul/matrix_tiles.ts";

/** Sizes of c[M, N] and of the sum K: partial tiles at every edge, more than one band of tile rows, several chunks. */
const sizes = { M: 581, N: 140, K: 148 };
const chunk = 64;

/** Twice the rounding error of a float32 sum of K products below 1, in any order. */
const allowed = sizes.K * sizes.K * 2 ** -23;

/** Scale of the tested gradients: below float16's range unless they are scaled. */
const smallness: Readonly<Record<Product, number>> = { nt: 1, nn: 2 ** -30, tn: 2 ** -30 };

const halvesOf = (name: string, length: number) => fromHalves(toHalves(noise(name, length), "f16"), "f16");

/** Numbers that both 16-bit formats hold exactly, so that all storage types use the same operands. */
const eighthsOf = (name: string, length: number) => noise(name, length).map((x) => Math.round(x * 64) / 64);

/** The kernel, tiles and storage types to check; the defaults are those in use. */
export interface CheckOptions {
  readonly kernel?: Kernel;
  readonly tiles?: ReadonlyArray<MatrixTile>;
  readonly storages?: ReadonlyArray<StorageType>;
}

/** The kernel under test and its device. */
interface Subject {
  readonly encoder: Encoder;
  readonly units: MatrixUnits;
  readonly kernel: Kernel;
}

/** Operands of a product with `N` columns. `full` is b in float32; `b` is the same numbers in the tested storage type. */
interface Operands {
  readonly a: Tensor;
  readonly full: Tensor;
  readonly b: Tensor;
  readonly bias?: Tensor | undefined;
  readonly release: () => void;
}

const operandsOf = (encoder: Encoder, product: Product, storage: StorageType, N = sizes.N): Operands => {
  const { M, K } = sizes;
  const owned: Tensor[] = [];
  const upload = (data: Float32Array<ArrayBuffer>, rows: number, cols: number) => {
    owned.push(encoder.upload(data, rows, cols));
    return owned[owned.length - 1];
  };
  const [aRows, aCols] = product === "tn" ? [K, M + 3] : [M, K];
  // A transposed operand is padded to rows of a multiple of four; the last columns are unused.
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
  const release = () => owned.forEach((tensor) => encoder.release(tensor));
  return { a, full, b, bias, release };
};

/** The content of c after `record`, which starts from a non-zero c. */
const resultOf = Effect.fnUntraced(function* (encoder: Encoder, product: Product, record: (c: Tensor) => void) {
  const { M, N } = sizes;
  const c = encoder.upload(noise("c", M * N).map((x) => x * smallness[product]), M, N);
  record(c);
  const result = yield* encoder.read(c);
  encoder.release(c);
  return result;
});

/**
 * One product with one tile: its result, its error against the plain kernel, and the difference between chunks in one workgroup and split over
 * several.
 */
const inTile = Effect.fnUntraced(function* (
  { encoder, units, kernel }: Subject,
  product: Product,
  tile: MatrixTile,
  storage: StorageType,
) {
  const { a, full, b, bias, release } = operandsOf(encoder, product, storage);
  const found = (more: Partial<MatrixProduct>) =>
    resultOf(encoder, product, (c) => matrixProduct(encoder, units, { product, tile, a, b, bias, c, ...more }, kernel));
  const expected = (accumulate: boolean) =>
    resultOf(encoder, product, (c) => {
      if (product === "nt") matmulNT(encoder, a, full, bias, c, { plain: true, accumulate });
      else if (product === "nn") matmulNN(encoder, a, full, c, { plain: true, accumulate });
      else matmulTN(encoder, a, full, c, { plain: true });
    });
  const result = yield* found({ accumulate: product !== "nt" });
  let error = difference(result, yield* expected(product !== "nt"), smallness[product]);
  let split = 0;
  if (product === "nt") {
    const together = yield* found({ accumulate: true, chunk, split: false });
    error = Math.max(error, difference(together, yield* expected(true)));
    split = difference(yield* found({ accumulate: true, chunk, split: true }), together);
  }
  release();
  return { result, error, split };
});

/** The difference between the fused gated activation and the two separate passes. */
const gated = Effect.fnUntraced(function* ({ encoder, units, kernel }: Subject, tile: MatrixTile) {
  const { M, N } = sizes;
  const { a, b, release } = operandsOf(encoder, "nt", "f32", 2 * N);
  const tape = new Tape(encoder, "inference");
  const gateUp = encoder.tensor(M, 2 * N);
  matrixProduct(encoder, units, { product: "nt", tile, a, b, c: gateUp }, kernel);
  const expected = yield* encoder.read(swiglu(tape, gateUp));
  const found = yield* resultOf(encoder, "nt", (c) => {
    matrixProduct(encoder, units, { product: "swiglu", tile, a, b, c }, kernel);
  });
  encoder.release(gateUp);
  tape.free();
  release();
  return difference(found, expected);
});

/** The error of products that read and write float16 activations, against float32 products of the same numbers rounded once. */
const inHalves = Effect.fnUntraced(function* ({ encoder, units, kernel }: Subject, tile: MatrixTile) {
  const { M, N } = sizes;
  let error = 0;
  for (const product of ["nt", "tn"] as const) {
    const { a, full: b, bias, release } = operandsOf(encoder, product, "f32");
    const input = product === "tn" ? b : a;
    const length = input.rows * input.stride;
    const narrow = encoder.tensor(1, length, { format: "f16" });
    cast(encoder, { ...input, rows: 1, cols: length, stride: length }, narrow);
    const stored = { ...narrow, rows: input.rows, cols: input.cols, stride: input.stride };
    const c = encoder.upload(new Float32Array(M * N), M, N);
    const halves = encoder.tensor(M, N, { format: "f16" });
    const given = { product, tile, a, b, bias };
    matrixProduct(encoder, units, { ...given, c }, kernel);
    const expected = yield* encoder.read(c);
    if (product === "nt") {
      matrixProduct(encoder, units, { ...given, a: stored, c: halves }, kernel);
      const words = yield* encoder.readWords(halves);
      const found = fromHalves(new Uint16Array(words.buffer), "f16");
      error = Math.max(error, difference(found, fromHalves(toHalves(expected, "f16"), "f16")));
    } else {
      // Here c is overwritten.
      matrixProduct(encoder, units, { ...given, b: stored, c }, kernel);
      error = Math.max(error, difference(yield* encoder.read(c), expected, smallness[product]));
    }
    for (const tensor of [narrow, c, halves]) encoder.release(tensor);
    release();
  }
  return error;
});

const testing = (variant: string) => Effect.logInfo(`testing matrix product "${variant}", once on this device`);

/**
 * Checks every variant that fits on the device. Only the smallest tile is tested with 16-bit weights, since all tiles read them in the same way.
 */
export const checkMatrixProducts = Effect.fnUntraced(function* (
  encoder: Encoder,
  units: MatrixUnits,
  { kernel = matrixProductKernels.matrix, tiles = matrixTiles, storages = storageTypes }: CheckOptions = {},
): Effect.fn.Return<ReadonlyArray<Check<MatrixCapability>>, DeviceError> {
  const subject = { encoder, units, kernel };
  const checks: Check<MatrixCapability>[] = [];
  for (const product of products) {
    const fitting = tiles.filter((tile) => matrixFits(encoder, product, tile, units));
    const found = yield* Effect.forEach(fitting, (tile) =>
      Effect.andThen(
        testing(variantName(product, tile)),
        Effect.map(inTile(subject, product, tile, "f32"), (one) => ({ tile, ...one })),
      ));
    let narrow = 0;
    for (const storage of product === "tn" || fitting.length === 0 ? [] : storages.filter((type) => type !== "f32")) {
      narrow = Math.max(narrow, (yield* inTile(subject, product, fitting[fitting.length - 1], storage)).error);
    }
    for (const { tile, error, split } of found) {
      checks.push({ variant: variantName(product, tile), error: Math.max(error, narrow), allowed });
      if (product === "nt") checks.push({ variant: splitName(tile), error: split, allowed: 0 });
    }
    const unlike = found.map(({ result }) => difference(result, found[0].result, smallness[product]));
    if (found.length > 1) checks.push({ variant: anyTile(product), error: Math.max(...unlike), allowed: 0 });
  }
  const smallest = tiles.findLast((tile) =>
    ["nt" as const, "tn" as const].every((form) => matrixFits(encoder, form, tile, units))
  );
  if (smallest !== undefined) {
    yield* testing(halfActivations);
    checks.push({ variant: halfActivations, error: yield* inHalves(subject, smallest), allowed: 0 });
  }
  for (const tile of tiles.filter((tile) => matrixFits(encoder, "swiglu", tile, units))) {
    yield* testing(variantName("swiglu", tile));
    checks.push({ variant: variantName("swiglu", tile), error: yield* gated(subject, tile), allowed: 0 });
  }
  return checks;
});
