/** The emulated card itself: products on its matrix units, and its faults as errors. What it is for in full is `deno task test:lanes`. */
import * as Effect from "effect/Effect";
import assert from "node:assert/strict";
import { noise } from "../../../../kernels/ops/op_case.ts";
import { matmulNN, matmulNT, matmulTN } from "../../../../kernels/ops/matmul/matmul.ts";
import { matrixProduct } from "../../../../kernels/ops/matmul/matrix_product.ts";
import type { MatrixForm } from "../../../../kernels/gpu/device_info.ts";
import { matrixForms, matrixTiles, variantName } from "../../../../kernels/ops/matmul/matrix_tiles.ts";
import { swiglu } from "../../../../kernels/ops/swiglu/swiglu.ts";
import { Tape } from "../../../../kernels/gpu/tape.ts";
import type { EmulatedEncoder } from "../../../../kernels/wasm/interpreter/emulated_card.ts";
import { testOnCard } from "./on_card.ts";

/** Numbers that float16 holds. */
const made = (encoder: EmulatedEncoder, name: string, rows: number, cols: number) =>
  encoder.upload(noise(name, rows * cols).map((x) => Math.round(x * 64) / 64), rows, cols);

const operandsOf = (encoder: EmulatedEncoder, form: MatrixForm, M: number, N: number, K: number) => {
  const a = form === "tn" ? made(encoder, "a", K, M) : made(encoder, "a", M, K);
  const b = form === "nt"
    ? made(encoder, "b", N, K)
    : form === "swiglu"
    ? made(encoder, "b", 2 * N, K)
    : made(encoder, "b", K, N);
  return { a, b };
};

for (const tile of matrixTiles) {
  testOnCard(
    `products in a tile of ${variantName("nt", tile).slice(3)} are near the plain ones`,
    { matrix: true },
    (encoder) =>
      Effect.gen(function* () {
        const [M, N, K] = [68, 44, 72];
        for (const product of matrixForms) {
          const { a, b } = operandsOf(encoder, product, M, N, K);
          const [found, expected] = [encoder.tensor(M, N), encoder.upload(new Float32Array(M * N), M, N)];
          matrixProduct(encoder, encoder.info.matrix!, { product, tile, a, b, c: found });
          const results = [yield* encoder.read(found)];
          if (product === "nt") matmulNT(encoder, a, b, undefined, expected, { plain: true });
          else if (product === "nn") matmulNN(encoder, a, b, expected, { plain: true });
          else if (product === "tn") matmulTN(encoder, a, b, expected, { plain: true });
          else {
            const both = encoder.tensor(M, 2 * N);
            matmulNT(encoder, a, b, undefined, both, { plain: true });
            results.push(yield* encoder.read(swiglu(new Tape(encoder, "inference"), both)));
          }
          const wanted = results[1] ?? (yield* encoder.read(expected));
          results[0].forEach((x, i) =>
            assert.ok(Math.abs(x - wanted[i]) <= 1e-4, `${product}: ${x}, expected ${wanted[i]}`)
          );
        }
      }),
  );
}

testOnCard(
  "a fault is the error of the next wait, and what comes after it still runs",
  {},
  (encoder) =>
    Effect.gen(function* () {
      const [a, b, c] = [made(encoder, "a", 4, 8), made(encoder, "b", 4, 8), encoder.tensor(4, 4)];
      // Without a row of `b`.
      matmulNT(encoder, a, { ...b, offset: 8 }, undefined, c, { plain: true });
      const error = yield* Effect.flip(encoder.wait);
      assert.match(
        error.message,
        /^Kernel "matmul_plain .*, line \d+: "B" is read at word 32, which nobody has written/,
      );
      assert.deepEqual(encoder.card.faults.splice(0), [error.message]);
      matmulNT(encoder, a, b, undefined, c, { plain: true });
      encoder.submit();
    }),
);

testOnCard("a tensor that was released holds what nobody wrote", {}, (encoder) =>
  Effect.gen(function* () {
    const [a, b] = [made(encoder, "a", 4, 8), made(encoder, "b", 4, 8)];
    encoder.release(encoder.upload(new Float32Array(16), 4, 4));
    const c = encoder.tensor(4, 4);
    matmulNT(encoder, a, b, undefined, c, { plain: true, accumulate: true });
    const error = yield* Effect.flip(encoder.wait);
    assert.match(error.message, /"C" is read at word \d+, which nobody has written/);
    encoder.card.faults.splice(0);
  }));
