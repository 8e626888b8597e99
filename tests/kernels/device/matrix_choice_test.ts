/** Which kernel a product gets on a device with matrix units, and in which tile: chosen by what the batch does not change where that has bits. */
import assert from "node:assert/strict";
import { CountingEncoder } from "../../../kernels/gpu/counting_encoder.ts";
import type { MatrixUnits } from "../../../kernels/gpu/device_info.ts";
import type { Dispatch } from "../../../kernels/gpu/encoder.ts";
import type { Kernel } from "../../../kernels/gpu/kernel.ts";
import { suitable } from "../../../kernels/device/matrix_units.ts";
import { matmulNN, matmulNT, matmulTN } from "../../../kernels/ops/matmul/matmul.ts";
import { anyTile, matrixTiles, products, splitName, variantName } from "../../../kernels/ops/matmul/matrix_tiles.ts";
import { linearSwiglu } from "../../../kernels/ops/swiglu/linear_swiglu.ts";
import { Tape, type TapeMode } from "../../../kernels/gpu/tape.ts";

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
class Chooser extends CountingEncoder {
  readonly chosen: string[] = [];
  override dispatch(kernel: Kernel, { constants, params, groups }: Dispatch): void {
    if (kernel.name === "matmul_largest") return;
    const { chunk = 0, chunks = 0 } = params;
    this.chosen.push(
      `${kernel.name} ${JSON.stringify(constants)} ${chunk} ${chunks * (groups[2] ?? 1)} ${groups[2] ?? 1}`,
    );
  }
}

const card: MatrixUnits = { size: 16, depth: 16, lanes: 32, refused: [] };

const chooser = (matrix: MatrixUnits | undefined) =>
  new Chooser({
    kind: "gpu",
    description: "",
    why: "",
    features: [],
    lanes: 32,
    maxBinding: 2 ** 31 - 4,
    maxBuffer: 2 ** 36,
    validated: false,
    matrix,
  });

/** The dispatches of the three products of a linear layer. */
const choose = (matrix: MatrixUnits | undefined, M: number, N: number, K: number) => {
  const own = chooser(matrix);
  const [x, dy, weight] = [own.tensor(M, K), own.tensor(M, N), own.tensor(N, K)];
  matmulNT(own, x, weight, undefined, dy);
  matmulNN(own, dy, weight, x);
  matmulTN(own, dy, x, weight);
  return own.chosen;
};

Deno.test("where tiles differ in their bits one is chosen by the weight's size, never by the number of rows, and none where it was refused", () => {
  const unlike = { ...card, refused: products.map(anyTile) };
  for (const [N, K] of [[128, 64], [4096, 64]]) {
    const [first, ...others] = [1, 7, 64, 5000].map((M) => choose(unlike, M, N, K));
    assert.equal(first.length, 3);
    assert.ok(first.every((line) => line.startsWith("matmul_matrix")));
    const constants = (lines: ReadonlyArray<string>) => lines.map((line) => line.split("}")[0]);
    for (const other of others) assert.deepEqual(constants(other), constants(first));
  }
  const all = matrixTiles.map((tile) => variantName("nn", tile));
  const refused = choose({ ...card, refused: all }, 64, 128, 64);
  assert.deepEqual(refused.map((line) => line.startsWith("matmul_matrix")), [true, false, true]);
  assert.ok(choose(undefined, 64, 128, 64).every((line) => !line.startsWith("matmul_matrix")));
  // Offsets that vec4 loads cannot read.
  assert.ok(choose(card, 8, 6, 9).every((line) => !line.startsWith("matmul_matrix")));
});

Deno.test("few rows get small tiles and share the sum out, many rows get large tiles; how the sum is cut is the same for all", () => {
  const [few, many] = [8, 20000].map((M) => choose(card, M, 3584, 9000)[0]);
  const tileOf = (line: string) => /"GROUP_M":(\d).*"PART_N":(\d)/.exec(line)?.slice(1);
  assert.deepEqual([tileOf(few), tileOf(many)], [["2", "2"], ["4", "4"]]);
  assert.match(few, / 4096 3 3$/);
  assert.match(many, / 4096 3 1$/);
  const alone = choose({ ...card, refused: matrixTiles.map(splitName) }, 8, 3584, 9000)[0];
  assert.match(alone, / 4096 3 1$/);
  assert.match(choose(card, 8, 9000, 64)[0], / 4096 1 1$/);
});

Deno.test("gate and up are computed in one pass where no gradient is due and nothing speaks against it", () => {
  const names = (matrix: MatrixUnits | undefined, mode: TapeMode, K = 64, F = 128) => {
    const own = chooser(matrix);
    linearSwiglu(new Tape(own, mode), own.tensor(9, K), own.tensor(2 * F, K));
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
});
