/**
 * Measures a linear layer's product, c[M, N] = a[M, K] · b[N, K]ᵀ, in every form of the device: the plain kernel, the subgroup or panel kernel, and
 * matrix units in each tile with b in float16. The fastest is the device's arithmetic roof.
 */
import * as Effect from "effect/Effect";
import { canBroadcast, type DeviceError, type MatrixUnits } from "../gpu/device_info.ts";
import type { Encoder } from "../gpu/encoder.ts";
import { noiseFill } from "./noise_fill.ts";
import { cast } from "../ops/cast/cast.ts";
import { matmulNT } from "../ops/matmul/matmul.ts";
import { matrixProduct } from "../ops/matmul/matrix_product.ts";
import { matrixTiles, variantName } from "../ops/matmul/matrix_tiles.ts";
import { timeOf } from "./profiler.ts";
import type { Tensor } from "../gpu/tensor.ts";

export type ProductSize = readonly [M: number, N: number, K: number];

/** One form of a product at one size. */
export interface ProductRow {
  readonly form: string;
  readonly shape: string;
  readonly seconds: number;
  readonly flops: number;
  readonly bytes: number;
}

/** Measures each form at each size; the encoder must not use matrix units for its own products. */
export const measureProducts = Effect.fn("Bench.measureProducts")(function* (
  encoder: Encoder,
  sizes: ReadonlyArray<ProductSize>,
  units?: MatrixUnits,
): Effect.fn.Return<ReadonlyArray<ProductRow>, DeviceError> {
  const found: ProductRow[] = [];
  for (const [M, N, K] of sizes) {
    const filler = noiseFill(encoder, 1, Math.max(M, N) * K);
    const [a, b] = [M, N].map((rows) => encoder.tensor(rows, K));
    for (const tensor of [a, b]) filler.fill(tensor);
    const c = encoder.tensor(M, N);
    const halves = encoder.tensor(1, N * K, { format: "f16" });
    for (const form of formsOf(encoder, { a, b, c, halves }, units)) {
      found.push({
        form: form.name,
        shape: `M=${M} N=${N} K=${K}`,
        seconds: (yield* timeOf(encoder, form.record)) / 1e6,
        flops: 2 * M * N * K,
        bytes: 4 * (M * K + M * N) + form.bytesOfB * N * K,
      });
    }
    filler.release();
    for (const tensor of [a, b, c, halves]) encoder.release(tensor);
  }
  encoder.submit();
  encoder.pool.trim();
  return found;
});

interface Operands {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly c: Tensor;
  readonly halves: Tensor;
}

const formsOf = (encoder: Encoder, { a, b, c, halves }: Operands, units: MatrixUnits | undefined) => {
  const { serial } = encoder.info;
  const faster = serial === true ? "panels" : canBroadcast(encoder.info) ? "subgroup" : undefined;
  const [N, K] = [b.rows, b.cols];
  const narrow = { ...halves, rows: N, cols: K, stride: K };
  const tiles = units === undefined
    ? []
    : matrixTiles.filter((tile) => !units.refused.includes(variantName("nt", tile)));
  // Kernels read an operand's gaps, and tile products differ from plain ones: operands are converted once, before the measurement.
  if (tiles.length > 0) cast(encoder, { ...b, rows: 1, cols: N * K, stride: N * K }, halves);
  return [
    { name: "plain", bytesOfB: 4, record: () => matmulNT(encoder, a, b, undefined, c, { plain: true }) },
    ...faster === undefined ? [] : [{ name: faster, bytesOfB: 4, record: () => matmulNT(encoder, a, b, undefined, c) }],
    ...tiles.map((tile) => ({
      name: `matrix ${variantName("nt", tile).slice(3)}`,
      bytesOfB: 2,
      record: () => units && matrixProduct(encoder, units, { product: "nt", tile, a, b: narrow, c }),
    })),
  ];
};
