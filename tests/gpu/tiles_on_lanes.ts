/** The tile that `products.ts` times beside those in use, on an emulated card of 32 lanes: part of `deno task test:lanes`. */
import * as Effect from "effect/Effect";
import assert from "node:assert/strict";
import { checkMatrixProducts } from "../../kernels/device/matrix_self_test.ts";
import { isRight } from "../../kernels/device/self_tests.ts";
import { matrixTiles } from "../../kernels/ops/matmul/matrix_tiles.ts";
import { testOnCard } from "../kernels/wasm/interpreter/on_card.ts";
import { threeTiles } from "./three_tiles.ts";

testOnCard(
  "the third tile is right",
  { lanes: 32, matrix: { size: 16, depth: 16 } },
  (encoder) =>
    Effect.gen(function* () {
      const units = encoder.info.matrix;
      assert.ok(units !== undefined);
      const tiles = threeTiles.filter((tile) => !matrixTiles.includes(tile));
      const checks = yield* checkMatrixProducts(encoder, units, { tiles, storages: ["f32"] });
      assert.equal(checks.length, 6);
      assert.deepEqual(checks.filter((check) => !isRight(check)), []);
    }),
);
