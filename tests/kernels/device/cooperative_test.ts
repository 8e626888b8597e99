/**
 * Kernels that share rows out among the lanes of a subgroup: exactness, bits that neither rows nor chunks of keys change. On an emulated card a
 * few cases of each; `deno task test:lanes` has them all.
 */
import * as Effect from "effect/Effect";
import assert from "node:assert/strict";
import { Encoder } from "../../../kernels/gpu/encoder.ts";
import type { HalfFormat } from "../../../kernels/gpu/half_precision.ts";
import { floats } from "../../../kernels/ops/op_case.ts";
import { attention } from "../../../kernels/ops/attention/attention.ts";
import { blockRows, blocksFor, rowIn } from "../../../kernels/ops/kv_cache/blocks.ts";
import { ops } from "../../../kernels/ops/mod.ts";
import { Tape } from "../../../kernels/gpu/tape.ts";
import { checkCase } from "../check_case.ts";
import { isEmulated, testOnSubgroups } from "../on_subgroups.ts";
import { runCase, uploadOperand } from "../run_case.ts";
import { sameBits, sameOutcome } from "../same_bits.ts";

/** The device with rows shared out among lanes, its buffers its own. */
const cooperative = (encoder: Encoder, asked = true) =>
  new Encoder(encoder.device, { ...encoder.info, cooperative: asked });

for (const op of ops.filter(({ name }) => ["attention", "rms_norm", "row_sums", "matmul"].includes(name))) {
  testOnSubgroups(
    `${op.name} shared out among the lanes of a subgroup is as exact as float32 allows`,
    (encoder) =>
      Effect.gen(function* () {
        const own = cooperative(encoder);
        for (const one of isEmulated ? op.cases.slice(0, 4) : op.cases) yield* checkCase(own, op, one);
        own.pool.trim();
      }),
  );

  const { rows } = op;
  if (rows === undefined || op.name === "matmul") continue;
  testOnSubgroups(
    `${op.name} shared out has bits of its own, the same twice and for any number of rows`,
    (encoder) =>
      Effect.gen(function* () {
        const own = cooperative(encoder);
        const all = yield* runCase(own, rows(150));
        sameOutcome(yield* runCase(own, rows(150)), all, op.name);
        for (const N of [1, 7, 64]) {
          const some = yield* runCase(own, rows(N));
          for (const name in some.results) sameBits(some.results[name], all.results[name], `${N} rows: ${name}`);
        }
        const plain = yield* runCase(cooperative(encoder, false), rows(150));
        assert.throws(() => sameOutcome(plain, all, op.name));
        own.pool.trim();
      }),
  );
}

/** Softmax attention in float64 for a row of one head. */
const exact = (
  q: Float64Array,
  keys: ReadonlyArray<Float64Array>,
  values: ReadonlyArray<Float64Array>,
): Float64Array => {
  const scores = keys.map((key) => key.reduce((sum, x, d) => sum + x * q[d], 0) / Math.sqrt(q.length));
  const most = scores.reduce((a, b) => Math.max(a, b));
  const weights = scores.map((score) => Math.exp(score - most));
  const total = weights.reduce((a, b) => a + b, 0);
  return q.map((_, d) => values.reduce((sum, value, j) => sum + value[d] * weights[j], 0) / total);
};

const contexts: ReadonlyArray<{ H: number; KV: number; D: number; format?: HalfFormat }> = [
  { H: 4, KV: 2, D: 16 },
  { H: 2, KV: 1, D: 36 },
  { H: 4, KV: 2, D: 16, format: "f16" },
];

for (const { H, KV, D, format } of contexts) {
  testOnSubgroups(
    `long contexts of ${H}/${KV} heads of ${D}${
      format ? ` in ${format}` : ""
    }: chunks of keys together, apart, behind a shared prompt and in blockTables give the same bits`,
    (encoder) =>
      Effect.gen(function* () {
        const own = cooperative(encoder);
        const counts = isEmulated ? [1, 512, 513, 1300] : [1, 7, 511, 512, 513, 1100, 1300];
        const [N, S, prefix, width] = [counts.length, 1300, 300, KV * D];
        const numbers = (name: string, rows: number, cols: number, spread = 1) =>
          Float32Array.from(floats(name, rows, cols, { spread, format }).data);
        const q = numbers("q", N, H * D, 3);
        const [k, v] = [numbers("k", S, width), numbers("v", S, width)];
        const upload = (data: Float32Array<ArrayBuffer>, rows: number, cols: number) =>
          uploadOperand(own, { data, rows, cols, stride: cols, role: "constant", format });
        // The same keys, the first of them behind the others.
        const moved = (data: Float32Array) =>
          Float32Array.from([...data.subarray(prefix * width), ...data.subarray(0, prefix * width)]);
        const run = Effect.fnUntraced(
          function* (
            most: number | undefined,
            spans: number[],
            cache: ReadonlyArray<Float32Array<ArrayBuffer>>,
            list: ReadonlyArray<number> = [],
          ) {
            const inputs = [
              upload(q, N, H * D),
              ...cache.map((data) => upload(data, data.length / width, width)),
            ];
            const blockTables = list.length === 0 ? undefined : own.upload(Uint32Array.from(list), list.length, 1);
            const rows = { spans: own.upload(Uint32Array.from(spans), N, 4), most, blockTables };
            const tape = new Tape(own, "inference");
            const out = yield* own.read(attention(tape, inputs[0], inputs[1], inputs[2], rows, D, format));
            tape.free();
            for (const tensor of [...inputs, rows.spans, ...blockTables === undefined ? [] : [blockTables]]) {
              own.release(tensor);
            }
            return out;
          },
        );
        const whole = counts.flatMap((count) => [0, 0, 0, count]);
        const together = yield* run(undefined, whole, [k, v]);
        sameBits(yield* run(S, whole, [k, v]), together, "chunks apart");
        const split = counts.flatMap((count) => [S - prefix, Math.min(prefix, count), 0, count]);
        sameBits(yield* run(S, split, [moved(k), moved(v)]), together, "behind a shared prompt");
        const [prefixPages, count] = [blocksFor(prefix), blocksFor(prefix) + blocksFor(S - prefix)];
        const blockTables = Array.from({ length: count }, (_, i) => (i * 7 + 5) % count);
        const paged = (data: Float32Array) => {
          const rows = new Float32Array(count * blockRows * width);
          for (let at = 0; at < S; at++) {
            const row = at < prefix ? rowIn(blockTables, at) : rowIn(blockTables.slice(prefixPages), at - prefix);
            rows.set(data.subarray(at * width, (at + 1) * width), row * width);
          }
          return rows;
        };
        const entries = counts.flatMap((count) => [0, Math.min(prefix, count), prefixPages, count]);
        for (const most of [undefined, S]) {
          sameBits(
            yield* run(most, entries, [paged(k), paged(v)], blockTables),
            together,
            `in blockTables, most ${most}`,
          );
        }
        const row = (data: Float32Array, at: number, across: number, head: number) =>
          Float64Array.from(data.subarray(at * across + head * D, at * across + (head + 1) * D));
        counts.forEach((count, n) => {
          for (let head = 0; head < H; head++) {
            const list = (data: Float32Array) =>
              Array.from({ length: count }, (_, j) => row(data, j, width, Math.floor(head / (H / KV))));
            const expected = exact(row(q, n, H * D, head), list(k), list(v));
            row(together, n, H * D, head).forEach((x, d) =>
              assert.ok(
                Math.abs(x - expected[d]) < 2e-5 + (format ? Math.abs(x) * 2 ** -11 : 0),
                `${count} keys, head ${head}: ${x}, expected ${expected[d]}`,
              )
            );
          }
        });
        own.pool.trim();
        assert.equal(own.pool.statistics.live, 0);
      }),
  );
}
