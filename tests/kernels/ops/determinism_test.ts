import * as Effect from "effect/Effect";
import assert from "node:assert/strict";
import { Encoder } from "../../../kernels/gpu/encoder.ts";
import { storageTypes } from "../../../kernels/gpu/half_precision.ts";
import { floats, noise } from "../../../kernels/ops/op_case.ts";
import { matmulNN, matmulNT, matmulTN } from "../../../kernels/ops/matmul/matmul.ts";
import { ops } from "../../../kernels/ops/mod.ts";
import { readDense, runCase, testInFloat32, testOnDevice, uploadOperand, uploadStrided } from "../run_case.ts";
import { sameBits, sameOutcome } from "../same_bits.ts";

const weightShapes = [[128, 64], [77, 64], [64, 128], [130, 36]].flatMap(([N, K]) =>
  storageTypes.map((storage) => ({ N, K, storage }))
);

for (const { N, K, storage } of weightShapes) {
  testInFloat32(
    `subgroup products of ${N} x ${K} weights in ${storage} give the bits of the plain ones`,
    (encoder) =>
      Effect.gen(function* () {
        for (const M of [1, 7, 64, 333]) {
          const upload = (name: string, rows: number, cols: number) =>
            uploadStrided(encoder, noise(name, rows * cols), rows, cols, Math.ceil(cols / 4) * 4);
          const stored = (name: string, rows: number, cols: number) =>
            storage === "f32"
              ? upload(name, rows, cols)
              : uploadOperand(encoder, floats(name, rows, cols, { format: storage }));
          const [x, dy, weight] = [upload("x", M, K), upload("dy", M, N), stored("weight", N, K)];
          const bias = stored("bias", 1, N);
          const found: Float32Array[][] = [];
          for (const plain of [false, true]) {
            const [y, dx, dweight] = [upload("y", M, N), upload("dx", M, K), upload("dweight", N, K)];
            matmulNT(encoder, x, weight, bias, y, { plain });
            matmulNN(encoder, dy, weight, dx, { plain, accumulate: true });
            matmulTN(encoder, dy, x, dweight, { plain });
            found.push([
              yield* readDense(encoder, y),
              yield* readDense(encoder, dx),
              yield* readDense(encoder, dweight),
            ]);
            for (const tensor of [y, dx, dweight]) encoder.release(tensor);
          }
          ["y", "dx", "dweight"].forEach((name, i) => sameBits(found[0][i], found[1][i], `${name} of ${M} rows`));
          for (const tensor of [x, dy, weight, bias]) encoder.release(tensor);
        }
      }),
  );
}

for (const op of ops) {
  testOnDevice(`${op.name} gives the same bits twice, whatever its buffers held`, (encoder) =>
    Effect.gen(function* () {
      for (const one of op.cases) {
        const first = yield* runCase(encoder, one);
        sameOutcome(yield* runCase(encoder, one), first, `${op.name} ${one.name}`);
      }
    }));

  const { rows } = op;
  if (rows !== undefined) {
    testOnDevice(
      `${op.name} gives a row the same bits whatever the number of rows`,
      (encoder) =>
        Effect.gen(function* () {
          const all = yield* runCase(encoder, rows(150));
          for (const N of [1, 7, 64]) {
            const some = yield* runCase(encoder, rows(N));
            for (const name in some.results) {
              sameBits(some.results[name], all.results[name], `${op.name}, ${N} rows: ${name}`);
            }
            for (const name in some.gradients) {
              if (rows(N).operands[name].role === "weight") continue;
              sameBits(some.gradients[name], all.gradients[name], `${op.name}, ${N} rows: d${name}`);
            }
          }
        }),
    );
  }

  const { windowed } = op;
  if (windowed !== undefined) {
    // A window of columns may suit matrix units where the whole does not, so what is close is so in float32.
    const test = windowed.bits === "close" ? testInFloat32 : testOnDevice;
    test(
      `${op.name} gives ${windowed.bits} numbers where one binding cannot hold a tensor`,
      (encoder) =>
        Effect.gen(function* () {
          const narrow = new Encoder(encoder.device, { ...encoder.info, maxBinding: windowed.binding });
          for (const one of op.cases) {
            const whole = yield* runCase(encoder, one);
            const cut = yield* runCase(narrow, one);
            if (windowed.bits === "equal") sameOutcome(cut, whole, `${op.name} ${one.name}`);
            else {
              for (const [name, gradient] of Object.entries({ ...cut.results, ...cut.gradients })) {
                const expected = { ...whole.results, ...whole.gradients }[name];
                const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x) || 0), 0);
                gradient.forEach((x, i) => {
                  const error = Math.abs(x - expected[i]);
                  assert.ok(!(error > 1e-5 * largest), `${op.name} ${one.name} ${name}: ${x}, whole ${expected[i]}`);
                });
              }
            }
          }
          narrow.pool.trim();
        }),
    );
  }
}
