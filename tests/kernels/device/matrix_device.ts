/**
 * A device's own matrix units: `deno task test:matrix` on a GPU that has them, or with Mesa 26 (`tests/mesa_26.sh`). Elsewhere these tests fail;
 * `matrix_units_test.ts` runs the same kernels everywhere.
 */
import * as Effect from "effect/Effect";
import assert from "node:assert/strict";
import type { Encoder } from "../../../kernels/gpu/encoder.ts";
import { noise } from "../../../kernels/ops/op_case.ts";
import { add } from "../../../kernels/ops/add/add.ts";
import { matmulNT } from "../../../kernels/ops/matmul/matmul.ts";
import { linearSwiglu } from "../../../kernels/ops/swiglu/linear_swiglu.ts";
import { Tape, type TapeMode } from "../../../kernels/gpu/tape.ts";
import { sliceRows } from "../../../kernels/gpu/tensor.ts";
import { testOnDawn } from "../on_dawn.ts";
import { sameBits } from "../same_bits.ts";

const made = (encoder: Encoder, name: string, rows: number, cols: number) =>
  encoder.upload(noise(name, rows * cols), rows, cols);

testOnDawn(
  "matrix units: every variant of the products is right",
  (encoder) =>
    Effect.sync(() => {
      assert.ok(encoder.info.matrix !== undefined, encoder.info.notes?.join("; ") ?? "");
      assert.deepEqual(encoder.info.notes?.filter((note) => note.startsWith("refused")), []);
    }),
);

testOnDawn(
  "matrix units: a sum in chunks has the same bits in few rows, whose chunks are apart, and in many, and is near the plain kernel's",
  (encoder) =>
    Effect.gen(function* () {
      const [M, few, N, K] = [256, 5, 4096, 4200];
      const [a, b, bias] = [made(encoder, "a", M, K), made(encoder, "b", N, K), made(encoder, "bias", 1, N)];
      for (const accumulate of [false, true]) {
        const run = Effect.fnUntraced(function* (rows: number, plain: boolean) {
          const c = made(encoder, "c", rows, N);
          matmulNT(encoder, sliceRows(a, 0, rows), b, bias, c, { accumulate, plain });
          const result = yield* encoder.read(c);
          encoder.release(c);
          return result;
        });
        const all = yield* run(M, false);
        const some = yield* run(few, false);
        sameBits(some, all.subarray(0, few * N), `accumulate ${accumulate}`);
        const plain = yield* run(few, true);
        // Operands are rounded to float16, so the bits are others.
        assert.throws(() => sameBits(some, plain, "plain"));
        plain.forEach((value, i) => assert.ok(Math.abs(some[i] - value) < 0.1, `${some[i]}, expected about ${value}`));
      }
      // What inference adds to the residual in the product, training adds to it afterwards.
      for (const rows of [M, few]) {
        const [x, y] = [made(encoder, "c", rows, N), encoder.tensor(rows, N)];
        const tape = new Tape(encoder, "inference");
        matmulNT(encoder, sliceRows(a, 0, rows), b, undefined, y);
        const added = yield* encoder.read(add(tape, x, y));
        matmulNT(encoder, sliceRows(a, 0, rows), b, undefined, x, { accumulate: true });
        sameBits(yield* encoder.read(x), added, `added to ${rows} rows`);
        tape.free();
        for (const tensor of [x, y]) encoder.release(tensor);
      }
      for (const tensor of [a, b, bias]) encoder.release(tensor);
    }),
);

testOnDawn(
  "matrix units: gate and up in one pass have the bits that training computes, whatever the number of rows",
  (encoder) =>
    Effect.gen(function* () {
      const [M, F, K] = [70, 140, 148];
      const [x, weight] = [made(encoder, "x", M, K), made(encoder, "weight", 2 * F, K)];
      const run = Effect.fnUntraced(function* (mode: TapeMode, rows: number) {
        const tape = new Tape(encoder, mode);
        const result = yield* encoder.read(linearSwiglu(tape, sliceRows(x, 0, rows), weight));
        tape.free();
        return result;
      });
      const trained = yield* run("training", M);
      assert.ok(trained.some((value) => Math.abs(value) > 1));
      for (const rows of [M, 3]) {
        sameBits(yield* run("inference", rows), trained.subarray(0, rows * F), `${rows} rows`);
      }
      for (const tensor of [x, weight]) encoder.release(tensor);
    }),
);
