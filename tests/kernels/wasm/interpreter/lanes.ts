/**
 * Every kernel variant that an NVIDIA card would choose, on an emulated one: `deno task test:lanes`. Conformance and gradients of every op with 32
 * lanes, those of the cooperative kernels with 16 and 64 too; matrix products in every tile, form and storage type; and what must have the same bits.
 */
import * as Effect from "effect/Effect";
import assert from "node:assert/strict";
import { Key, threefry2x32 } from "../../../../data/random.ts";
import { fromHalves, storageTypes, toHalves } from "../../../../kernels/gpu/half_precision.ts";
import { toHalvesByChance } from "../../ops/halves_by_chance.ts";
import { adamw } from "../../../../kernels/ops/adamw/adamw.ts";
import { floats, noise } from "../../../../kernels/ops/op_case.ts";
import { attention } from "../../../../kernels/ops/attention/attention.ts";
import { blockRows, blocksFor, rowIn } from "../../../../kernels/ops/kv_cache/blocks.ts";
import { matmulNN, matmulNT, matmulTN } from "../../../../kernels/ops/matmul/matmul.ts";
import { checkMatrixProducts } from "../../../../kernels/device/matrix_self_test.ts";
import { ops } from "../../../../kernels/ops/mod.ts";
import { sharedBy } from "../../../../kernels/ops/op.ts";
import { joins, sampleTokenKernels as sampling } from "../../../../kernels/ops/sample_token/sample_token.ts";
import { linearSwiglu } from "../../../../kernels/ops/swiglu/linear_swiglu.ts";
import { Tape, type TapeMode } from "../../../../kernels/gpu/tape.ts";
import { sliceRows, type Tensor } from "../../../../kernels/gpu/tensor.ts";
import type { CardOptions, EmulatedEncoder } from "../../../../kernels/wasm/interpreter/emulated_card.ts";
import { checkCase } from "../../check_case.ts";
import { readDense, runCase, uploadOperand } from "../../run_case.ts";
import { sameBits } from "../../same_bits.ts";
import { testOnCard } from "./on_card.ts";

const cooperative = ["attention", "rms_norm", "row_sums", "matmul"];

const cards: ReadonlyArray<CardOptions> = [
  { lanes: 32 },
  ...[32, 16, 64].map((lanes) => ({ lanes: lanes as 16 | 32 | 64, cooperative: true })),
];

for (const card of cards) {
  for (const op of ops) {
    if (card.cooperative && !cooperative.includes(op.name)) continue;
    testOnCard(
      `${op.name} is as exact as float32 allows, and so are its gradients`,
      card,
      (encoder) => Effect.forEach(op.cases, (one) => checkCase(encoder, op, one), { discard: true }),
    );
    const { rows } = op;
    if (rows === undefined) continue;
    testOnCard(
      `${op.name} gives a row the same bits whatever the number of rows`,
      card,
      (encoder) =>
        Effect.gen(function* () {
          const all = yield* runCase(encoder, rows(70));
          for (const N of [1, 7]) {
            const some = yield* runCase(encoder, rows(N));
            for (const name in some.results) sameBits(some.results[name], all.results[name], `${N} rows: ${name}`);
          }
        }),
    );
  }
}

for (const lanes of [16, 32] as const) {
  testOnCard("subgroup products give the bits of the plain ones", { lanes }, (encoder) =>
    Effect.gen(function* () {
      for (const storage of storageTypes) {
        const [M, N, K] = [37, 76, 68];
        const format = storage === "f32" ? undefined : storage;
        const [x, dy] = [made(encoder, "x", M, K), made(encoder, "dy", M, N)];
        const weight = uploadOperand(encoder, floats("weight", N, K, { format }));
        const found: Float32Array[][] = [];
        for (const plain of [false, true]) {
          const [y, dx, dw] = [encoder.tensor(M, N), made(encoder, "dx", M, K), made(encoder, "dw", N, K)];
          matmulNT(encoder, x, weight, undefined, y, { plain });
          matmulNN(encoder, dy, weight, dx, { plain, accumulate: true });
          matmulTN(encoder, dy, x, dw, { plain });
          found.push([yield* encoder.read(y), yield* encoder.read(dx), yield* encoder.read(dw)]);
        }
        found[0].forEach((result, i) => sameBits(result, found[1][i], `${storage} ${["y", "dx", "dw"][i]}`));
      }
    }));
}

for (const lanes of [16, 32, 64] as const) {
  testOnCard(
    "long contexts: chunks of keys together, apart and in blocks give the same bits",
    { lanes, cooperative: true },
    (encoder) =>
      Effect.gen(function* () {
        const [H, KV, D, S] = [4, 2, 16, 1100];
        const counts = [1, 7, 511, 513, 1100];
        const [N, width] = [counts.length, KV * D];
        const q = noise("q", N * H * D).map((x) => 3 * x);
        const [k, v] = [noise("k", S * width), noise("v", S * width)];
        const count = blocksFor(S);
        const list = Array.from({ length: count }, (_, i) => (i * 7 + 5) % count);
        const paged = (data: Float32Array) => {
          const rows = new Float32Array(count * blockRows * width);
          for (let at = 0; at < S; at++) {
            rows.set(data.subarray(at * width, (at + 1) * width), rowIn(list, at) * width);
          }
          return rows;
        };
        const run = Effect.fnUntraced(function* (most: number | undefined, isPaged: boolean) {
          const cache = (isPaged ? [paged(k), paged(v)] : [k, v]).map((data) =>
            encoder.upload(data, data.length / width, width)
          );
          const spans = encoder.upload(Uint32Array.from(counts.flatMap((count) => [0, 0, 0, count])), N, 4);
          const blockTables = isPaged ? encoder.upload(Uint32Array.from(list), count, 1) : undefined;
          const tape = new Tape(encoder, "inference");
          const query = encoder.upload(q, N, H * D);
          return yield* encoder.read(attention(tape, query, cache[0], cache[1], { spans, most, blockTables }, D));
        });
        const together = yield* run(undefined, false);
        sameBits(yield* run(S, false), together, "apart");
        sameBits(yield* run(undefined, true), together, "in blocks");
        sameBits(yield* run(S, true), together, "apart, in blocks");
      }),
  );
}

testOnCard(
  "tokens of a large vocabulary are drawn by a workgroup as they are by one lane",
  {},
  (encoder) =>
    Effect.gen(function* () {
      const [R, V] = [5, 1500];
      const logits = encoder.upload(noise("logits", R * V).map((x) => 4 * x), R, V);
      const order = encoder.upload(Uint32Array.from({ length: R }, (_, r) => r), 1, R);
      const keys = encoder.upload(Uint32Array.from({ length: 2 * R }, (_, i) => i * 7919), R, 2);
      const state = encoder.upload(Uint32Array.from({ length: 4 * R }, (_, i) => i), R, 4);
      for (const [GREEDY, topK, topP] of [[1, 0, 1], [0, 0, 1], [0, 20, 0.8], [0, 0, 0.5]]) {
        const found: Uint32Array[] = [];
        for (const shared of [{ ...sharedBy(64), ...joins }, {}]) {
          const chosen = encoder.tensor(1, R);
          encoder.dispatch(sampling.sample, {
            constants: { GREEDY, ...shared },
            tensors: [logits, order, keys, state, chosen],
            params: { R, V, stride: V, slotOffset: 0, topK, inverseTemperature: 1.25, topP },
            groups: [R],
          });
          found.push(yield* encoder.readWords(chosen));
        }
        assert.deepEqual(found[0], found[1], `greedy ${GREEDY}, top ${topK}, ${topP}`);
      }
    }),
);

testOnCard(
  "moments in bf16 are the float32 kernel's, rounded by chance as the host does it",
  {},
  (encoder) =>
    Effect.gen(function* () {
      const n = 401;
      const key = Key.fold(Key.make(3), "dice");
      const options = {
        learningRate: 1e-3,
        beta1: 0.9,
        beta2: 0.999,
        eps: 1e-8,
        weightDecay: 0.01,
        step: 7,
        clip: 0.5,
      };
      const halves = ["mean", "square"].map((name) => toHalves(noise(name, n).map(Math.abs), "bf16"));
      const step = Effect.fnUntraced(function* (moments: ReadonlyArray<Tensor>, more: { readonly key?: Key }) {
        const weight = made(encoder, "weight", 1, n);
        adamw(encoder, made(encoder, "gradient", 1, n), weight, moments[0], moments[1], { ...options, ...more });
        return [yield* encoder.read(weight), yield* encoder.read(moments[0]), yield* encoder.read(moments[1])];
      });
      const plain = yield* step(halves.map((data) => encoder.upload(fromHalves(data, "bf16"), 1, n)), {});
      const stored = halves.map((data) => {
        const words = new Uint16Array(n + 1);
        words.set(data);
        const tensor = encoder.tensor(1, n, { format: "bf16" });
        encoder.write(tensor, new Uint32Array(words.buffer));
        return tensor;
      });
      const found = yield* step(stored, { key });
      sameBits(found[0], plain[0], "weights");
      for (const moment of [0, 1]) {
        const dice = (i: number) => (threefry2x32(key, [0, i >> 1])[i & 1] >>> (16 * moment)) & 0xffff;
        const expected = fromHalves(toHalvesByChance(plain[1 + moment], dice), "bf16");
        sameBits(found[1 + moment], expected, `moment ${moment}`);
      }
    }),
);

const made = (encoder: EmulatedEncoder, name: string, rows: number, cols: number) =>
  encoder.upload(noise(name, rows * cols), rows, cols);

// With units of 8 x 8 the largest tile of the gated activation takes 34 KiB.
const matrixCards: ReadonlyArray<CardOptions> = [
  { matrix: true },
  { matrix: { size: 8, depth: 8 } },
  { matrix: true, lanes: 16 },
  { matrix: true, lanes: 64 },
];

for (const card of matrixCards) {
  const sizes = typeof card.matrix === "object" ? "8 x 8" : "16 x 16";
  testOnCard(
    `matrix units of ${sizes}: every form, tile and storage type is right`,
    card,
    (encoder) =>
      Effect.gen(function* () {
        const options = card.lanes === undefined ? {} : { storages: ["f32"] as const };
        const checks = yield* checkMatrixProducts(encoder, encoder.info.matrix!, options);
        assert.equal(checks.length, 14);
        for (const { variant, error, allowed } of checks) assert.ok(error <= allowed, `${variant}: off by ${error}`);
        assert.equal(encoder.pool.statistics.live, 0);
      }),
  );
}

testOnCard("gate and up in one pass, and each product, have bits that the number of rows does not change", {
  matrix: true,
}, (encoder) =>
  Effect.gen(function* () {
    const [M, F, K] = [70, 140, 148];
    const [x, weight, dy] = [
      made(encoder, "x", M, K),
      made(encoder, "weight", 2 * F, K),
      made(encoder, "dy", M, 2 * F),
    ];
    const run = Effect.fnUntraced(function* (mode: TapeMode, rows: number) {
      const tape = new Tape(encoder, mode);
      const result = yield* encoder.read(linearSwiglu(tape, sliceRows(x, 0, rows), weight));
      const [y, dx] = [encoder.tensor(rows, 2 * F), encoder.tensor(rows, K)];
      matmulNT(encoder, sliceRows(x, 0, rows), weight, undefined, y);
      matmulNN(encoder, sliceRows(dy, 0, rows), weight, dx);
      return [result, yield* readDense(encoder, y), yield* readDense(encoder, dx)];
    });
    const all = yield* run("training", M);
    for (const rows of [M, 3]) {
      (yield* run("inference", rows)).forEach((some, i) =>
        sameBits(some, all[i].subarray(0, some.length), `${rows} rows, ${["swiglu", "nt", "nn"][i]}`)
      );
    }
  }));
