/** The float16 product of a linear layer at three tile shapes, sizes M = N = K such as `4096,8192`, as NDJSON. Tiles are self-tested first. */
import * as Effect from "effect/Effect";
import { environment, openDevice } from "../../kernels/device/device.ts";
import { checkMatrixProducts } from "../../kernels/device/matrix_self_test.ts";
import { noiseFill } from "../../kernels/bench/noise_fill.ts";
import { timeOf } from "../../kernels/bench/profiler.ts";
import { matrixProduct } from "../../kernels/ops/matmul/matrix_product.ts";
import { cast } from "../../kernels/ops/cast/cast.ts";
import { matrixFits, variantName } from "../../kernels/ops/matmul/matrix_tiles.ts";
import { isRight } from "../../kernels/device/self_tests.ts";
import { threeTiles } from "./three_tiles.ts";

const program = Effect.gen(function* () {
  const { encoder, info } = yield* openDevice({ ...environment(), kernels: ["matrix"] });
  const units = info.matrix;
  if (units === undefined) {
    console.log(JSON.stringify({ skipped: "no matrix units", notes: info.notes }));
    return;
  }
  for (const tile of threeTiles.filter((tile) => matrixFits(encoder, "nt", tile, units))) {
    const name = variantName("nt", tile);
    const checks = yield* checkMatrixProducts(encoder, units, { tiles: [tile], storages: ["f32"] });
    const check = checks.find(({ variant }) => variant === name);
    console.log(JSON.stringify({ tile: name, ...check }));
    if (check === undefined || !isRight(check)) continue;
    for (const size of Deno.args[0].split(",").map(Number)) {
      const filler = noiseFill(encoder, 1, size * size);
      const [a, full, c] = [0, 0, 0].map(() => encoder.tensor(size, size));
      for (const tensor of [a, full]) filler.fill(tensor);
      const halves = encoder.tensor(1, size * size, { format: "f16" });
      cast(encoder, { ...full, rows: 1, cols: size * size, stride: size * size }, halves);
      const b = { ...halves, rows: size, cols: size, stride: size };
      const seconds = (yield* timeOf(encoder, () => matrixProduct(encoder, units, { product: "nt", tile, a, b, c }))) /
        1e6;
      console.log(JSON.stringify({ tile: name, size, seconds, teraflops: 2 * size ** 3 / seconds / 1e12 }));
      filler.release();
      for (const tensor of [a, full, c, halves]) encoder.release(tensor);
    }
  }
});

await Effect.runPromise(Effect.scoped(program));
Deno.exit(0);
