import * as Effect from "effect/Effect";
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MatrixUnits } from "../../kernels/device_error.ts";
import { type Dispatch, Encoder } from "../../kernels/encoder.ts";
import type { Kernel } from "../../kernels/kernel.ts";
import { suitable, testedUnits } from "../../kernels/matrix_units.ts";
import { matmulNN, matmulNT, matmulTN } from "../../kernels/ops/matmul/matmul.ts";
import { type MatrixTile, matrixTiles, products, variantName } from "../../kernels/ops/matmul/matrix_product.ts";
import { checkMatrixProducts } from "../../kernels/ops/matmul/matrix_self_test.ts";
import { emulated } from "./matrix_emulation.ts";
import { testOnDevice } from "./run_case.ts";

const units: MatrixUnits = { size: 8, depth: 8, lanes: 64, refused: [] };
// Lopsided, so that no two sizes can be mistaken for each other.
const tiles: ReadonlyArray<MatrixTile> = [{ down: 3, across: 1, rows: 16, columns: 32 }];
const emulatedVariants = products.flatMap((product) => tiles.map((tile) => variantName(product, tile)));
const variants = products.flatMap((product) => matrixTiles.map((tile) => variantName(product, tile)));

const folder = () => mkdtempSync(join(tmpdir(), "signum-matrix-"));

/** An encoder of its own, so that what a spoilt kernel leaves behind stays with it. */
const apart = (encoder: Encoder, matrix?: MatrixUnits) => new Encoder(encoder.device, { ...encoder.info, matrix });

testOnDevice(
  "matrix products with emulated units are the plain ones: every product and storage type",
  (encoder) =>
    Effect.gen(function* () {
      const own = apart(encoder);
      const checks = yield* checkMatrixProducts(own, units, { kernel: emulated(), tiles });
      assert.deepEqual(checks.map(({ variant }) => variant), emulatedVariants);
      for (const { variant, error, allowed } of checks) assert.ok(error <= allowed, `${variant}: off by ${error}`);
      assert.equal(own.pool.statistics.live, 0);
    }),
);

testOnDevice(
  "a matrix product that is wrong is refused in a line, and the next start remembers it",
  (encoder) =>
    Effect.gen(function* () {
      // The layout that only the weight's gradient uses is spoilt.
      const spoilt = emulated((source) =>
        source.replace("d * (A_EIGHTS + 1u) + m / 8u", "d * (A_EIGHTS + 1u) + m / 16u")
      );
      const dir = folder();
      const found = yield* testedUnits(apart(encoder), units, dir, { kernel: spoilt, tiles });
      const wrong = emulatedVariants.filter((name) => name.startsWith("tn"));
      assert.deepEqual(found.units?.refused, wrong);
      assert.match(found.notes[0], /2 of 3 variants are right/);
      assert.match(found.notes[1], new RegExp(`^refused matrix product "${wrong[0]}": off by`));
      const [file] = readdirSync(dir);
      const stored = JSON.parse(readFileSync(join(dir, file), "utf8"));
      stored.checks[0].error = 7;
      writeFileSync(join(dir, file), JSON.stringify(stored));
      const again = yield* testedUnits(apart(encoder), units, dir, { kernel: spoilt, tiles });
      assert.deepEqual(again.units?.refused, [emulatedVariants[0], ...wrong]);
      rmSync(dir, { recursive: true });
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
  override dispatch(kernel: Kernel, { constants }: Dispatch): void {
    if (kernel.name !== "matmul_largest") this.chosen.push(`${kernel.name} ${JSON.stringify(constants)}`);
  }
}

testOnDevice(
  "a matrix variant is chosen by the weight's size, never by the number of rows, and never where it was refused",
  (encoder) =>
    Effect.sync(() => {
      const choose = (matrix: MatrixUnits | undefined, M: number, N: number, K: number) => {
        const own = new Chooser(encoder.device, { ...encoder.info, matrix });
        const [x, dy, weight] = [own.tensor(M, K), own.tensor(M, N), own.tensor(N, K)];
        matmulNT(own, x, weight, undefined, dy);
        matmulNN(own, dy, weight, x);
        matmulTN(own, dy, x, weight);
        own.pool.trim();
        return own.chosen;
      };
      const all = { ...units, size: 16, depth: 16, lanes: 32 };
      for (const [N, K] of [[128, 64], [4096, 64]]) {
        const [first, ...others] = [1, 7, 64, 5000].map((M) => choose(all, M, N, K));
        assert.equal(first.length, 3);
        assert.ok(first.every((line) => line.startsWith("matmul_matrix")));
        for (const other of others) assert.deepEqual(other, first);
      }
      const refused = choose({ ...all, refused: variants.filter((name) => name.startsWith("nn")) }, 64, 128, 64);
      assert.deepEqual(refused.map((line) => line.startsWith("matmul_matrix")), [true, false, true]);
      assert.ok(choose(undefined, 64, 128, 64).every((line) => !line.startsWith("matmul_matrix")));
      // Offsets that vec4 loads cannot read.
      assert.ok(choose(all, 8, 6, 9).every((line) => !line.startsWith("matmul_matrix")));
    }),
);
