/** Products on matrix units whose bits must agree: chunks of a sum, tiles, passes; and numbers beyond float16's range. */
import * as Effect from "effect/Effect";
import assert from "node:assert/strict";
import { storageTypes } from "../../../kernels/gpu/half_precision.ts";
import { testedUnits } from "../../../kernels/device/matrix_units.ts";
import type { Encoder } from "../../../kernels/gpu/encoder.ts";
import { noise } from "../../../kernels/ops/op_case.ts";
import { cast } from "../../../kernels/ops/cast/cast.ts";
import { type MatrixProduct, matrixProduct } from "../../../kernels/ops/matmul/matrix_product.ts";
import type { MatrixTile } from "../../../kernels/ops/matmul/matrix_tiles.ts";
import { storedAs, swiglu } from "../../../kernels/ops/swiglu/swiglu.ts";
import { Tape } from "../../../kernels/gpu/tape.ts";
import { sliceColumns } from "../../../kernels/gpu/tensor.ts";
import { apart, card, matrixKernel, units } from "../matrix_of_tests.ts";
import { testOnSubgroups } from "../on_subgroups.ts";
import { sameBits } from "../same_bits.ts";

// Lopsided, so that no two sizes can be mistaken for each other.
const tile: MatrixTile = { down: 3, across: 1, rows: 16, columns: 32 };
const other: MatrixTile = { down: 1, across: 2, rows: 8, columns: 16 };

const noiseOfBias = noise("bias", 36);

/** A tensor of numbers that look like noise. */
const made = (encoder: Encoder, name: string, rows: number, cols: number) =>
  encoder.upload(noise(name, rows * cols), rows, cols);

testOnSubgroups(
  "the sum of a linear layer is that of its chunks in order, then what was there: by one workgroup, by many, in any tile",
  (encoder) =>
    Effect.gen(function* () {
      const own = apart(encoder);
      const kernel = matrixKernel();
      const [M, N, K, chunk] = [53, 36, 300, 96];
      const [a, b, bias] = [made(own, "a", M, K), made(own, "b", N, K), made(own, "bias", 1, N)];
      const product = Effect.fnUntraced(function* (given: Partial<MatrixProduct>) {
        const c = made(own, "c", M, N);
        matrixProduct(own, units, { product: "nt", tile, a, b, c, ...given }, kernel);
        return yield* own.read(c);
      });
      const parts: Float32Array[] = [];
      for (let k = 0; k < K; k += chunk) {
        const columns = Math.min(chunk, K - k);
        parts.push(yield* product({ a: sliceColumns(a, k, columns), b: sliceColumns(b, k, columns) }));
      }
      assert.equal(parts.length, 4);
      const before = noise("c", M * N);
      for (const [accumulate, biased] of [[false, false], [true, false], [false, true], [true, true]]) {
        const expected = parts[0].map((value, i) => {
          let sum = biased ? Math.fround(value + noiseOfBias[i % N]) : value;
          for (const part of parts.slice(1)) sum = Math.fround(sum + part[i]);
          return accumulate ? sum + before[i] : sum;
        });
        for (const split of [false, true]) {
          const found = yield* product({ accumulate, bias: biased ? bias : undefined, chunk, split });
          sameBits(found, expected, `accumulate ${accumulate}, bias ${biased}, split ${split}`);
        }
      }
      sameBits(yield* product({ tile: other, chunk }), yield* product({ chunk }), "in another tile");
      // One chunk has the bits of a sum that was never cut.
      sameBits(yield* product({ chunk: 320 }), yield* product({}), "one chunk");
      own.pool.trim();
    }),
  card,
);

testOnSubgroups(
  "gate and up in one pass have the bits of the product and the activation, for weights of every storage type",
  (encoder) =>
    Effect.gen(function* () {
      const own = apart(encoder);
      const kernel = matrixKernel();
      const [M, F, K] = [50, 44, 72];
      const x = made(own, "x", M, K);
      const full = made(own, "weight", 1, 2 * F * K);
      for (const storage of storageTypes) {
        const narrow = storage === "f32" ? full : own.tensor(1, 2 * F * K, { format: storage });
        if (storage !== "f32") cast(own, full, narrow);
        const b = { ...narrow, rows: 2 * F, cols: K, stride: K };
        const [gateUp, out] = [own.tensor(M, 2 * F), own.tensor(M, F)];
        matrixProduct(own, units, { product: "nt", tile, a: x, b, c: gateUp }, kernel);
        matrixProduct(own, units, { product: "swiglu", tile, a: x, b, c: out }, kernel);
        const expected = yield* own.read(swiglu(new Tape(own, "inference"), gateUp));
        assert.ok(expected.some((value) => Math.abs(value) > 1));
        sameBits(yield* own.read(out), expected, storage);
      }
      for (const format of ["f16", "bf16"] as const) {
        const [given, gateUp] = [own.tensor(M, K, { format }), own.tensor(M, 2 * F, { format })];
        cast(own, { ...x, rows: 1, cols: M * K, stride: M * K }, { ...given, rows: 1, cols: M * K, stride: M * K });
        const out = own.tensor(M, F, storedAs(format));
        const b = { ...full, rows: 2 * F, cols: K, stride: K };
        matrixProduct(own, units, { product: "nt", tile, a: given, b, c: gateUp }, kernel);
        matrixProduct(own, units, { product: "swiglu", tile, a: given, b, c: out }, kernel);
        const expected = yield* own.readWords(swiglu(new Tape(own, "inference"), gateUp, format));
        assert.deepEqual(yield* own.readWords(out), expected, format);
      }
      own.pool.trim();
    }),
  card,
);

testOnSubgroups(
  "a layer's input may pass float16's range by the powers of two that are provided for",
  (encoder) =>
    Effect.gen(function* () {
      const own = apart(encoder);
      const kernel = matrixKernel();
      const [M, N, K] = [9, 12, 40];
      // Whole numbers below 2^20 whose first eleven digits are all there is.
      const large = (name: string, rows: number, cols: number) =>
        noise(name, rows * cols).map((x) => Math.round(x * 1023) * 1024);
      const [xs, ws, dys] = [large("x", M, K), noise("w", N * K), noise("dy", M * N)].map((list, i) =>
        i === 0 ? list : list.map((x) => Math.round(x * 64) / 64)
      );
      const [x, w, dy] = [own.upload(xs, M, K), own.upload(ws, N, K), own.upload(dys, M, N)];
      const forms = {
        nt: [{ a: x, b: w }, own.tensor(M, N), (i: number, j: number) =>
          Array.from({ length: K }, (_, k) =>
            xs[i * K + k] * ws[j * K + k])],
        tn: [{ a: dy, b: x }, own.tensor(N, K), (i: number, j: number) =>
          Array.from({ length: M }, (_, m) =>
            dys[m * N + i] * xs[m * K + j])],
      } as const;
      for (const product of ["nt", "tn"] as const) {
        const [operands, c, terms] = forms[product];
        matrixProduct(own, units, { product, tile, ...operands, c, beyond: 4 }, kernel);
        (yield* own.read(c)).forEach((value, at) => {
          const each = terms(Math.floor(at / c.cols), at % c.cols);
          const [exact, size] = [
            each.reduce((a, b) =>
              a + b
            ),
            each.reduce((a, b) =>
              a + Math.abs(b), 0),
          ];
          assert.ok(Math.abs(value - exact) <= size * 2 ** -20, `${product}: ${value}, expected ${exact}`);
        });
        matrixProduct(own, units, { product, tile, ...operands, c }, kernel);
        assert.ok((yield* own.read(c)).some((value) => !Number.isFinite(value)), `${product} fits without`);
      }
      own.pool.trim();
    }),
  card,
);

testOnSubgroups(
  "a device without matrix units says so and uses the plain kernels",
  (encoder) =>
    Effect.gen(function* () {
      const found = yield* testedUnits(apart(encoder), undefined);
      assert.equal(found.units, undefined);
      assert.match(found.notes[0], /no matrix units/);
    }),
);
