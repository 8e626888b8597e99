import * as Effect from "effect/Effect";
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MatrixUnits } from "../../kernels/device_error.ts";
import { type Dispatch, Encoder } from "../../kernels/encoder.ts";
import type { Kernel } from "../../kernels/kernel.ts";
import { storageTypes } from "../../kernels/half_precision.ts";
import { suitable, testedUnits } from "../../kernels/matrix_units.ts";
import { noise } from "../../kernels/op_case.ts";
import { cast } from "../../kernels/ops/cast/cast.ts";
import { matmulNN, matmulNT, matmulTN } from "../../kernels/ops/matmul/matmul.ts";
import { type MatrixProduct, matrixProduct } from "../../kernels/ops/matmul/matrix_product.ts";
import {
  anyTile,
  halfActivations,
  matrixForms,
  type MatrixTile,
  matrixTiles,
  products,
  splitName,
  variantName,
} from "../../kernels/ops/matmul/matrix_tiles.ts";
import { checkMatrixProducts } from "../../kernels/ops/matmul/matrix_self_test.ts";
import { linearSwiglu } from "../../kernels/ops/swiglu/linear_swiglu.ts";
import { storedAs, swiglu } from "../../kernels/ops/swiglu/swiglu.ts";
import { Tape, type TapeMode } from "../../kernels/tape.ts";
import { sliceColumns } from "../../kernels/tensor.ts";
import { emulated } from "./matrix_emulation.ts";
import { testOnDevice } from "./run_case.ts";
import { sameBits } from "./same_bits.ts";

const units: MatrixUnits = { size: 8, depth: 8, lanes: 64, refused: [] };
// Lopsided, so that no two sizes can be mistaken for each other.
const tile: MatrixTile = { down: 3, across: 1, rows: 16, columns: 32 };
const other: MatrixTile = { down: 1, across: 2, rows: 8, columns: 16 };

const noiseOfBias = noise("bias", 36);

const folder = () => mkdtempSync(join(tmpdir(), "signum-matrix-"));

/** An encoder of its own, so that what a spoilt kernel leaves behind stays with it. */
const apart = (encoder: Encoder, matrix?: MatrixUnits) => new Encoder(encoder.device, { ...encoder.info, matrix });

testOnDevice(
  "matrix products with emulated units are the plain ones: every form and storage type",
  (encoder) =>
    Effect.gen(function* () {
      const own = apart(encoder);
      const checks = yield* checkMatrixProducts(own, units, { kernel: emulated(), tiles: [tile] });
      const [nt, nn, tn, gated] = matrixForms.map((form) => variantName(form, tile));
      const expected = [nt, splitName(tile), nn, tn, halfActivations, gated];
      assert.deepEqual(checks.map(({ variant }) => variant), expected);
      for (const { variant, error, allowed } of checks) assert.ok(error <= allowed, `${variant}: off by ${error}`);
      assert.equal(own.pool.statistics.live, 0);
    }),
);

testOnDevice(
  "what is wrong and what does not fit is refused, nothing else, in a line that the next start remembers",
  (encoder) =>
    Effect.gen(function* () {
      // The layout that only a weight's gradient uses, the last bits of chunks apart and of the gate are spoilt.
      const spoilt = emulated((source) =>
        source.replace("d * (A_EIGHTS + 1u) + (ownRow + i * T) / 8u", "d * (A_EIGHTS + 1u) + (ownRow + i * T) / 16u")
          .replace("fourLeaving(slot + e) * back", "fourLeaving(slot + e) * back * (1f + f32(group.z) * 1e-6f)")
          .replace("(1f + exp(-value))", "(1.0000002f + exp(-value))")
      );
      const huge = { down: 64, across: 64, rows: 8, columns: 8 };
      const dir = folder();
      const found = yield* testedUnits(apart(encoder), units, dir, {
        kernel: spoilt,
        tiles: [huge, tile],
        storages: ["f32"],
      });
      const large = matrixForms.map((form) => variantName(form, huge));
      const wrong = [splitName(tile), variantName("tn", tile), variantName("swiglu", tile)];
      assert.deepEqual(found.units?.refused, [...large, ...wrong]);
      assert.match(found.notes[0], /3 of 6 checks are right/);
      found.notes.slice(1).forEach((note, i) =>
        assert.match(note, new RegExp(`^refused matrix product "${wrong[i]}": off by \\S*, allowed`))
      );
      assert.equal(found.notes.length, 4);
      const [file] = readdirSync(dir);
      const stored = JSON.parse(readFileSync(join(dir, file), "utf8"));
      stored.checks[0].error = 7;
      writeFileSync(join(dir, file), JSON.stringify(stored));
      const again = yield* testedUnits(apart(encoder), units, dir, {
        kernel: spoilt,
        tiles: [huge, tile],
        storages: ["f32"],
      });
      assert.deepEqual(again.units?.refused, [...large, variantName("nt", tile), ...wrong]);
      rmSync(dir, { recursive: true });
    }),
);

/** A tensor of numbers that look like noise. */
const made = (encoder: Encoder, name: string, rows: number, cols: number) =>
  encoder.upload(noise(name, rows * cols), rows, cols);

testOnDevice(
  "the sum of a linear layer is that of its chunks in order, then what was there: by one workgroup, by many, in any tile",
  (encoder) =>
    Effect.gen(function* () {
      const own = apart(encoder);
      const kernel = emulated();
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
);

testOnDevice(
  "gate and up in one pass have the bits of the product and the activation, for weights of every storage type",
  (encoder) =>
    Effect.gen(function* () {
      const own = apart(encoder);
      const kernel = emulated();
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
);

testOnDevice(
  "a layer's input may pass float16's range by the powers of two that are provided for",
  (encoder) =>
    Effect.gen(function* () {
      const own = apart(encoder);
      const kernel = emulated();
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
);

testOnDevice("a device without matrix units says so and uses the plain kernels", (encoder) =>
  Effect.gen(function* () {
    const found = yield* testedUnits(apart(encoder), undefined);
    assert.equal(found.units, undefined);
    assert.match(found.notes[0], /no matrix units/);
  }));

Deno.test("units are float16 in and float32 out, square, of a size that tiles divide", () => {
  const config = (componentType: string, resultComponentType: string, M: number, N: number, K: number) => ({
    componentType,
    resultComponentType,
    M,
    N,
    K,
  });
  const nvidia = [config("f16", "f16", 16, 16, 16), config("f16", "f32", 16, 8, 16), config("f16", "f32", 16, 16, 16)];
  assert.deepEqual(suitable(nvidia, 32), { size: 16, depth: 16, lanes: 32, refused: [] });
  assert.deepEqual(suitable([config("f16", "f32", 8, 8, 8)], 8), { size: 8, depth: 8, lanes: 8, refused: [] });
  assert.equal(suitable(nvidia, 0), undefined);
  assert.equal(suitable([config("f32", "f32", 8, 8, 8), config("i8", "i32", 16, 16, 32)], 32), undefined);
});

/** Records which kernels products choose, and runs none. */
class Chooser extends Encoder {
  readonly chosen: string[] = [];
  override dispatch(kernel: Kernel, { constants, params, groups }: Dispatch): void {
    if (kernel.name === "matmul_largest") return;
    const { chunk = 0, chunks = 0 } = params;
    this.chosen.push(
      `${kernel.name} ${JSON.stringify(constants)} ${chunk} ${chunks * (groups[2] ?? 1)} ${groups[2] ?? 1}`,
    );
  }
}

const card = { ...units, size: 16, depth: 16, lanes: 32 };

/** The dispatches of the three products of a linear layer. */
const choose = (encoder: Encoder, matrix: MatrixUnits | undefined, M: number, N: number, K: number) => {
  const own = new Chooser(encoder.device, { ...encoder.info, matrix });
  const [x, dy, weight] = [own.tensor(M, K), own.tensor(M, N), own.tensor(N, K)];
  matmulNT(own, x, weight, undefined, dy);
  matmulNN(own, dy, weight, x);
  matmulTN(own, dy, x, weight);
  own.pool.trim();
  return own.chosen;
};

testOnDevice(
  "where tiles differ in their bits one is chosen by the weight's size, never by the number of rows, and none where it was refused",
  (encoder) =>
    Effect.sync(() => {
      const unlike = { ...card, refused: products.map(anyTile) };
      for (const [N, K] of [[128, 64], [4096, 64]]) {
        const [first, ...others] = [1, 7, 64, 5000].map((M) => choose(encoder, unlike, M, N, K));
        assert.equal(first.length, 3);
        assert.ok(first.every((line) => line.startsWith("matmul_matrix")));
        const constants = (lines: ReadonlyArray<string>) => lines.map((line) => line.split("}")[0]);
        for (const other of others) assert.deepEqual(constants(other), constants(first));
      }
      const all = matrixTiles.map((tile) => variantName("nn", tile));
      const refused = choose(encoder, { ...card, refused: all }, 64, 128, 64);
      assert.deepEqual(refused.map((line) => line.startsWith("matmul_matrix")), [true, false, true]);
      assert.ok(choose(encoder, undefined, 64, 128, 64).every((line) => !line.startsWith("matmul_matrix")));
      // Offsets that vec4 loads cannot read.
      assert.ok(choose(encoder, card, 8, 6, 9).every((line) => !line.startsWith("matmul_matrix")));
    }),
);

testOnDevice(
  "few rows get small tiles and share the sum out, many rows get large tiles; how the sum is cut is the same for all",
  (encoder) =>
    Effect.sync(() => {
      const [few, many] = [8, 20000].map((M) => choose(encoder, card, M, 3584, 9000)[0]);
      const tileOf = (line: string) => /"GROUP_M":(\d).*"PART_N":(\d)/.exec(line)?.slice(1);
      assert.deepEqual([tileOf(few), tileOf(many)], [["2", "2"], ["4", "4"]]);
      assert.match(few, / 4096 3 3$/);
      assert.match(many, / 4096 3 1$/);
      const alone = choose(encoder, { ...card, refused: matrixTiles.map(splitName) }, 8, 3584, 9000)[0];
      assert.match(alone, / 4096 3 1$/);
      assert.match(choose(encoder, card, 8, 9000, 64)[0], / 4096 1 1$/);
    }),
);

testOnDevice(
  "gate and up are computed in one pass where no gradient is due and nothing speaks against it",
  (encoder) =>
    Effect.sync(() => {
      const names = (matrix: MatrixUnits | undefined, mode: TapeMode, K = 64, F = 128) => {
        const own = new Chooser(encoder.device, { ...encoder.info, matrix });
        linearSwiglu(new Tape(own, mode), own.tensor(9, K), own.tensor(2 * F, K));
        own.pool.trim();
        return own.chosen.map((line) => line.split(" ")[0]);
      };
      const [fused, apart] = [["matmul_matrix"], ["matmul_matrix", "swiglu"]];
      assert.deepEqual(names(card, "inference"), fused);
      assert.deepEqual(names(card, "training"), apart);
      assert.deepEqual(
        names({ ...card, refused: matrixTiles.map((tile) => variantName("swiglu", tile)) }, "inference"),
        apart,
      );
      assert.deepEqual(names(card, "inference", 4096), fused);
      assert.deepEqual(names(card, "inference", 4100), ["matmul_matrix", "matmul_join", "swiglu"]);
      assert.equal(names(undefined, "inference").length, 2);
      assert.equal(names(undefined, "inference")[1], "swiglu");
    }),
);
