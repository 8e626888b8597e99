/**
 * Activations in 16 bits: what an op writes is its float32 result, rounded to the nearest, and what it reads is as if it stood there in float32;
 * so nothing but the rounding itself tells a pass in 16 bits from one in float32.
 */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import type { Encoder } from "../../../kernels/gpu/encoder.ts";
import { type HalfFormat, toHalves } from "../../../kernels/gpu/half_precision.ts";
import { floats, inHalves, noise, type Operand } from "../../../kernels/ops/op_case.ts";
import { attention } from "../../../kernels/ops/attention/attention.ts";
import { writeCache } from "../../../kernels/ops/kv_cache/kv_cache.ts";
import { linear } from "../../../kernels/ops/matmul/matmul.ts";
import { rmsNorm } from "../../../kernels/ops/rms_norm/rms_norm.ts";
import { rope } from "../../../kernels/ops/rope/rope.ts";
import { float16Scale, swiglu } from "../../../kernels/ops/swiglu/swiglu.ts";
import { Tape } from "../../../kernels/gpu/tape.ts";
import { sliceColumns, type Tensor } from "../../../kernels/gpu/tensor.ts";
import { readDense, testInFloat32, testOnDevice, uploadOperand } from "../run_case.ts";
import { sameBits } from "../same_bits.ts";

const formats: ReadonlyArray<HalfFormat> = ["bf16", "f16"];
const [N, H, KV, D, F] = [37, 4, 2, 16, 36];
const C = H * D;

interface Inputs {
  readonly positions: Tensor;
  readonly spans: Tensor;
  readonly ends: Tensor;
  readonly table: Tensor;
  readonly [name: string]: Tensor;
}

interface Op {
  readonly operands: Readonly<Record<string, readonly [rows: number, cols: number, spread: number]>>;
  readonly run: (tape: Tape, inputs: Inputs, format?: HalfFormat) => Tensor;
  readonly scale?: number;
  /** Its gradients read its result, which is rounded. */
  readonly readsResult?: boolean;
}

const ops: Readonly<Record<string, Op>> = {
  "a norm of float32": {
    operands: { weight: [1, C, 1], stream: [N, C, 4] },
    run: (tape, { stream, weight }, format) => rmsNorm(tape, stream, weight, 1e-6, 1, format),
  },
  "a wide norm": {
    operands: { weight: [1, C, 1], x: [N, C, 4] },
    run: (tape, { x, weight }, format) => rmsNorm(tape, x, weight, 1e-6, 1, format),
  },
  "a norm of heads": {
    operands: { weight: [1, D, 1], x: [N, 2 * C, 4] },
    run: (tape, { x, weight }, format) => rmsNorm(tape, sliceColumns(x, C, C), weight, 1e-6, H, format),
  },
  "a projection": {
    operands: { x: [N, C, 2], weight: [F, C, 1], bias: [1, F, 1] },
    run: (tape, { x, weight, bias }, format) => linear(tape, x, weight, bias, { format }),
  },
  "a rotation": {
    operands: { x: [N, 2 * C, 2] },
    run: (tape, { x, positions, table }, format) => rope(tape, sliceColumns(x, C, C), positions, table, format),
  },
  "attention": {
    operands: { q: [N, C, 3], k: [N, KV * D, 3], v: [N, KV * D, 3] },
    run: (tape, { q, k, v, spans, ends }, format) => attention(tape, q, k, v, { spans, ends }, D, format),
    readsResult: true,
  },
  "a gated activation": {
    operands: { gateUp: [N, 2 * F, 40] },
    run: (tape, { gateUp }, format) => swiglu(tape, gateUp, format),
    scale: float16Scale,
  },
  "a product of a gated activation": {
    operands: { gateUp: [N, 2 * F, 4], weight: [C, F, 1] },
    // A result in float32 of an input that has a scale.
    run: (tape, { gateUp, weight }, format) => {
      const gated = swiglu(tape, gateUp, format);
      return format === undefined ? gated : linear(tape, gated, weight);
    },
  },
};

/** Operands that do not depend on how the others are stored. */
const shared = (encoder: Encoder): Inputs => ({
  positions: encoder.upload(Uint32Array.from({ length: N }, (_, i) => i * 7 % 50), 1, N),
  spans: encoder.upload(Uint32Array.from(Array.from({ length: N }, (_, t) => [0, 0, 0, t + 1]).flat()), N, 4),
  ends: encoder.upload(new Uint32Array(N).fill(N), 1, N),
  table: encoder.upload(noise("table", 50 * D), 50, D),
});

/** Runs an op on the same numbers, stored so or as float32: its result and the gradients of its operands. */
const runOp = Effect.fnUntraced(function* (encoder: Encoder, op: Op, format: HalfFormat, isStored: boolean) {
  const inputs: Record<string, Tensor> = { ...shared(encoder) };
  for (const [name, [rows, cols, spread]] of Object.entries(op.operands)) {
    const operand: Operand = floats(name, rows, cols, { spread, format });
    const whole = !isStored || ["weight", "bias", "stream"].includes(name);
    inputs[name] = uploadOperand(encoder, whole ? { ...operand, format: undefined } : operand);
  }
  const tape = new Tape(encoder, "training");
  const result = op.run(tape, inputs as Record<string, Tensor> & Inputs, isStored ? format : undefined);
  const found = yield* readDense(encoder, result);
  tape.seed(result, encoder.upload(noise("cotangent", found.length), result.rows, result.cols));
  tape.backward();
  const gradients: Record<string, Float32Array> = {};
  for (const name in op.operands) {
    const gradient = tape.arrived(inputs[name]);
    if (gradient === undefined) continue;
    assert.equal(gradient.format, undefined);
    gradients[name] = (yield* readDense(encoder, gradient)).slice();
    encoder.release(gradient);
  }
  for (const tensor of Object.values(inputs)) encoder.release(tensor);
  return { result: Float32Array.from(found), format: result.format, gradients };
});

/** Of a gradient whose other columns nothing flows to, those that it is written in. */
const written = (name: string, { operands }: Op, gradient: Float32Array): Float32Array => {
  const [, cols] = operands[name];
  return name === "x" && cols === 2 * C ? gradient.filter((_, i) => i % cols >= C) : gradient;
};

for (const format of formats) {
  testInFloat32(
    `results in ${format} are those of float32 rounded once, and gradients those of float32`,
    (encoder) =>
      Effect.gen(function* () {
        const before = encoder.pool.statistics.live;
        for (const [name, op] of Object.entries(ops)) {
          const stored = yield* runOp(encoder, op, format, true);
          const whole = yield* runOp(encoder, op, format, false);
          if (stored.format === undefined) {
            // What the product read is what the gated activation is when it is rounded.
            const gated = inHalves(whole.result, format, format === "f16" ? float16Scale : 1);
            const { data } = floats("weight", C, F, { format });
            const expected = product(gated, data, F);
            sameBits(stored.result, yield* onDevice(encoder, gated, data), `${name} in ${format}`);
            assert.ok(expected.every((x, i) => Math.abs(x - stored.result[i]) < 1e-3), name);
            continue;
          }
          const scale = format === "f16" ? op.scale : 1;
          sameBits(stored.result, inHalves(whole.result, format, scale), `${name} in ${format}`);
          assert.deepEqual(Object.keys(stored.gradients), Object.keys(whole.gradients));
          if (op.readsResult) continue;
          for (const [operand, gradient] of Object.entries(stored.gradients)) {
            const expected = written(operand, op, whole.gradients[operand]);
            sameBits(written(operand, op, gradient), expected, `${name} in ${format}: gradient of ${operand}`);
          }
        }
        assert.equal(encoder.pool.statistics.live, before);
      }),
  );

  testOnDevice(
    `the cache in ${format} holds just what attention of a whole pass reads`,
    (encoder) =>
      Effect.gen(function* () {
        const inputs = shared(encoder);
        const qkv = uploadOperand(encoder, floats("qkv", N, (H + 2 * KV) * D, { spread: 3, format }));
        const [k, v] = [sliceColumns(qkv, C, KV * D), sliceColumns(qkv, C + KV * D, KV * D)];
        const tape = new Tape(encoder, "inference");
        const turned = rope(tape, k, inputs.positions, inputs.table, format);
        const [keys, values] = [0, 1].map(() => encoder.tensor(N, KV * D, { format }));
        assert.equal(keys.storage.bytes, encoder.tensor(N, KV * D).storage.bytes / 2);
        const slots = encoder.upload(Uint32Array.from({ length: N }, (_, i) => N - 1 - i), 1, N);
        writeCache(encoder, k, v, inputs.positions, inputs.table, { keys, values, slots });
        const backwards = (data: Float32Array) =>
          Float32Array.from(data, (_, i) => data[(N - 1 - Math.floor(i / (KV * D))) * KV * D + i % (KV * D)]);
        sameBits(backwards(yield* readDense(encoder, keys)), yield* readDense(encoder, turned), "keys");
        sameBits(backwards(yield* readDense(encoder, values)), yield* readDense(encoder, v), "values");
      }),
  );

  testOnDevice(
    `every kind of number is written in ${format} as the host rounds it; beyond the range of float16 it is the largest`,
    (encoder) =>
      Effect.gen(function* () {
        // All exponents and signs, with fractions that lie on, beside and between ties of either format.
        const fractions = [
          0,
          1,
          0xfff,
          0x1000,
          0x1001,
          0x1fff,
          0x2000,
          0x3000,
          0x7fff,
          0x8000,
          0x8001,
          0x18000,
          0x7fefff,
          0x7ff000,
          0x7fffff,
        ];
        const bits = fractions.flatMap((fraction) =>
          Array.from({ length: 510 }, (_, i) => (i % 255 << 23 | fraction | (i >= 255 ? 1 << 31 : 0)) >>> 0)
        );
        const special = [0x7f800000, 0xff800000, 0x477fe000, 0x477fefff, 0x477ff000, 0x33000000, 0x33000001];
        const all = [...bits, ...special];
        while (all.length % 8 !== 0) all.push(0);
        const numbers = new Float32Array(Uint32Array.from(all).buffer);
        const rows = numbers.length / 8;
        const x = encoder.upload(numbers, rows, 8);
        // One row of the table, of no turn: cosines of 1 and sines of 0.
        const table = encoder.upload(Float32Array.of(1, 1, 1, 1, 0, 0, 0, 0), 1, 8);
        const positions = encoder.upload(new Uint32Array(rows), 1, rows);
        const tape = new Tape(encoder, "inference");
        const y = rope(tape, x, positions, table, format);
        const words = yield* encoder.readWords(y);
        const halves = new Uint16Array(words.buffer);
        const expected = toHalves(inHalves(numbers, format), format);
        let compared = 0;
        numbers.forEach((number, i) => {
          // The other half of an infinity's pair is multiplied with it; float32 subnormals may be taken for zero.
          const pair = numbers[i % 8 < 4 ? i + 4 : i - 4];
          if (!Number.isFinite(number + 0 * pair) || (number !== 0 && Math.abs(number) < 2 ** -126)) return;
          // A turn by nothing makes 0 of -0.
          const [own, other] = [halves[i], expected[i]].map((half) => half === 0x8000 ? 0 : half);
          assert.equal(own, other, `${number}: ${own.toString(16)}, expected ${other.toString(16)}`);
          compared++;
        });
        assert.ok(compared > 7000);
        const read = yield* encoder.read(y);
        for (const [i, number] of numbers.entries()) {
          if (Math.abs(number) === Infinity) assert.ok(!Number.isFinite(read[i]), "an infinity is hidden");
          else if (format === "f16" && Math.abs(number) > 65504 && i % 8 < 4) {
            assert.ok(Math.abs(read[i]) >= 65504 || Number.isNaN(read[i]));
          }
        }
      }),
  );
}

/** a[N, K] · b[C, K]ᵀ in float64. */
const product = (a: Float32Array, b: ArrayLike<number>, K: number): Float64Array =>
  Float64Array.from({ length: N * C }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < K; k++) sum += a[Math.floor(i / C) * K + k] * b[i % C * K + k];
    return sum;
  });

/** The same product of float32 tensors. */
const onDevice = Effect.fnUntraced(function* (
  encoder: Encoder,
  a: Float32Array<ArrayBuffer>,
  b: Operand["data"],
) {
  const [x, weight] = [encoder.upload(a, N, F), encoder.upload(b, C, F)];
  const tape = new Tape(encoder, "inference");
  const found = yield* readDense(encoder, linear(tape, x, weight));
  tape.free();
  for (const tensor of [x, weight]) encoder.release(tensor);
  return found;
});
