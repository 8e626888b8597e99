/**
 * Tensors that several ops of a tape read, whole or in part: their gradient is the sum of what tensors of their own would get, on the device of
 * the tests and through Dawn. What an op gives to a tensor of its own is held to float64 by the op's cases.
 */
import * as Effect from "effect/Effect";
import assert from "node:assert/strict";
import { Encoder } from "../../../kernels/gpu/encoder.ts";
import { Tape, type TapeMode } from "../../../kernels/gpu/tape.ts";
import { sliceColumns, sliceRows, type Tensor } from "../../../kernels/gpu/tensor.ts";
import { add } from "../../../kernels/ops/add/add.ts";
import { attention } from "../../../kernels/ops/attention/attention.ts";
import { embedding } from "../../../kernels/ops/embedding/embedding.ts";
import { linear } from "../../../kernels/ops/matmul/matmul.ts";
import { noise } from "../../../kernels/ops/op_case.ts";
import { rmsNorm } from "../../../kernels/ops/rms_norm/rms_norm.ts";
import { rope } from "../../../kernels/ops/rope/rope.ts";
import { swiglu } from "../../../kernels/ops/swiglu/swiglu.ts";
import { tokenLogProbs } from "../../../kernels/ops/token_log_probs/token_log_probs.ts";
import { testOnDawn } from "../on_dawn.ts";
import { testInFloat32 } from "../run_case.ts";

const [N, C, D] = [13, 32, 16];

/** Constants of the graphs, and a weight whose gradient is wanted. */
interface World {
  readonly positions: Tensor;
  readonly table: Tensor;
  readonly spans: Tensor;
  readonly ends: Tensor;
  readonly rows: Tensor;
  readonly scale: Tensor;
  readonly weight: Tensor;
  readonly wide: Tensor;
}

const rowNumbers = Uint32Array.from({ length: N }, (_, n) => n * 5 % N);

const open = (encoder: Encoder): World => ({
  positions: encoder.upload(Uint32Array.from({ length: N }, (_, n) => n), 1, N),
  table: encoder.upload(noise("table", N * D), N, D),
  spans: encoder.upload(Uint32Array.from({ length: 4 * N }, (_, i) => i % 4 === 3 ? (i + 1) / 4 : 0), N, 4),
  ends: encoder.upload(new Uint32Array(N).fill(N), 1, N),
  rows: encoder.upload(rowNumbers, 1, N),
  scale: encoder.upload(noise("scale", C), 1, C),
  weight: encoder.upload(noise("weight", C * C), C, C),
  wide: encoder.upload(noise("wide", 3 * C * C), 3 * C, C),
});

type Graph = (tape: Tape, inputs: ReadonlyArray<Tensor>, world: World) => Tensor;

const attend = (tape: Tape, q: Tensor, k: Tensor, v: Tensor, { spans, ends }: World): Tensor =>
  attention(tape, q, k, v, { spans, ends }, D);

/** By what they show: the number of inputs, their width, and the graph. */
const graphs: Readonly<Record<string, readonly [count: number, width: number, graph: Graph]>> = {
  "a sum of a tensor and itself": [2, C, (tape, [a, b]) => add(tape, a, b)],
  "a gradient that two tensors share and one grows": [3, C, (tape, [a, b, c], { positions, table }) => {
    const turned = rope(tape, a, positions, table);
    return add(tape, add(tape, b, c), turned);
  }],
  "what is added to what is made of it": [4, C, (tape, [a, b, c, d], { positions, table, scale, weight }) => {
    const normed = rmsNorm(tape, a, scale, 1e-6);
    const turned = add(tape, rope(tape, b, positions, table), normed);
    return add(tape, add(tape, linear(tape, c, weight), d), turned);
  }],
  "queries, keys and values that are one tensor": [3, C, (tape, [q, k, v], world) => attend(tape, q, k, v, world)],
  "queries, keys and values cut from one tensor": [
    3,
    3 * C,
    (tape, [q, k, v], world) =>
      attend(tape, sliceColumns(q, 0, C), sliceColumns(k, C, C), sliceColumns(v, 2 * C, C), world),
  ],
  "columns that overlap, then all of them": [4, 2 * C, (tape, [a, b, c, d], { positions, table, scale }) => {
    const gated = swiglu(tape, a);
    const normed = rmsNorm(tape, sliceColumns(b, D, C), scale, 1e-6);
    const turned = rope(tape, sliceColumns(c, 0, C), positions, table);
    const again = add(tape, sliceColumns(sliceColumns(d, 4, C + 8), 4, C), turned);
    return add(tape, add(tape, gated, normed), again);
  }],
  "all columns, then some": [3, 2 * C, (tape, [a, b, c], { positions, table, scale }) => {
    const turned = rope(tape, sliceColumns(a, D, C), positions, table);
    const normed = rmsNorm(tape, sliceColumns(b, 0, C), scale, 1e-6);
    return add(tape, add(tape, turned, normed), swiglu(tape, c));
  }],
  "rows that are gathered twice and read": [3, C, (tape, [a, b, c], { rows }) => {
    const gathered = embedding(tape, a, rows, N, rowNumbers);
    return add(tape, add(tape, gathered, b), embedding(tape, c, rows, N, rowNumbers));
  }],
  "a block's input that is read behind the block": [2, C, (tape, [a, b], { positions, table, weight }) => {
    // The block spends its input, so that it gets one of its own.
    const input = linear(tape, a, weight);
    const output = tape.block(
      input,
      (inner, x) => add(inner, x, rope(inner, rope(inner, x, positions, table), positions, table)),
    );
    return add(tape, output, b);
  }],
  "a result of which a part is read": [1, C, (tape, [a], { wide }) => {
    const three = linear(tape, a, wide);
    return add(tape, sliceColumns(three, 0, C), sliceColumns(three, 2 * C, C));
  }],
};

/** The gradients of the graph by its inputs, and by its weights. */
const gradients = (
  encoder: Encoder,
  mode: TapeMode,
  world: World,
  inputs: ReadonlyArray<Tensor>,
  graph: Graph,
) =>
  Effect.gen(function* () {
    // What a released buffer holds must not show.
    const spoilt = Array.from({ length: 12 }, () => encoder.upload(new Float32Array(3 * N * C).fill(NaN), 3 * N, C));
    for (const tensor of spoilt) encoder.release(tensor);
    const parameters = new Map([world.weight, world.wide, world.scale].map((weight) =>
      [weight, encoder.upload(new Float32Array(weight.rows * weight.cols), weight.rows, weight.cols)] as const
    ));
    const tape = new Tape(encoder, mode, parameters);
    const y = graph(tape, inputs, world);
    tape.seed(y, encoder.upload(noise("dy", y.rows * y.cols), y.rows, y.cols));
    tape.backward();
    const found: Float32Array[] = [];
    const own = new Set(inputs);
    for (const input of own) {
      const gradient = tape.arrived(input);
      assert.ok(gradient !== undefined, "an input has no gradient");
      found.push(yield* encoder.read(gradient));
    }
    const weights: Float32Array[] = [];
    for (const gradient of parameters.values()) {
      weights.push(yield* encoder.read(gradient));
    }
    return { found, weights };
  });

const close = (found: Float32Array, expected: Float32Array, what: string): void => {
  const most = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  assert.equal(found.length, expected.length);
  found.forEach((x, i) =>
    assert.ok(Math.abs(x - expected[i]) <= 2e-6 * most, `${what} ${i}: ${x}, not ${expected[i]}`)
  );
};

const sum = (parts: ReadonlyArray<Float32Array>): Float32Array =>
  parts[0].map((_, i) => parts.reduce((total, part) => total + part[i], 0));

for (const test of [testInFloat32, testOnDawn]) {
  for (const [name, [count, width, graph]] of Object.entries(graphs)) {
    test(`${name}: the gradient is the sum of all`, (encoder) =>
      Effect.gen(function* () {
        const world = open(encoder);
        const upload = () => encoder.upload(noise("x", N * width), N, width);
        const apart = yield* gradients(encoder, "training", world, Array.from({ length: count }, upload), graph);
        assert.ok(apart.found.every((gradient) => gradient.some((x) => x !== 0)));
        for (const mode of ["training", "recompute"] as const) {
          const x = upload();
          const together = yield* gradients(encoder, mode, world, new Array(count).fill(x), graph);
          close(together.found[0], sum(apart.found), `${mode}, dx`);
          together.weights.forEach((weight, i) => close(weight, apart.weights[i], `${mode}, weight ${i}`));
        }
      }));
  }

  test("a weight that is added, whole or in part, gets its gradient", (encoder) =>
    Effect.gen(function* () {
      const [x, weight, gradient] = ["x", "weight", "gradient"].map((name) =>
        encoder.upload(noise(name, N * 2 * C), N, 2 * C)
      );
      const tape = new Tape(encoder, "training", new Map([[weight, gradient]]));
      const y = add(tape, add(tape, x, weight), weight);
      const z = add(tape, sliceColumns(y, C, C), sliceColumns(weight, C, C));
      assert.ok(tape.trains(sliceColumns(weight, C, C)));
      tape.seed(z, encoder.upload(noise("dz", N * C), N, C));
      tape.backward();
      const [dz, before] = [noise("dz", N * C), noise("gradient", N * 2 * C)];
      const expected = before.map((g, i) => i % (2 * C) < C ? g : g + 3 * dz[Math.floor(i / (2 * C)) * C + i % C]);
      close(yield* encoder.read(gradient), expected, "weight");
    }));

  test("the log-probs of tokens have a gradient where their entropies have none", (encoder) =>
    Effect.gen(function* () {
      const { weight, rows } = open(encoder);
      const found: Float32Array[] = [];
      for (const isAlone of [true, false]) {
        const x = encoder.upload(noise("x", N * C), N, C);
        const tape = new Tape(encoder, "training");
        const { logProbs, entropy } = tokenLogProbs(tape, x, weight, rows, 1);
        tape.seed(logProbs, encoder.upload(noise("dlogProbs", N), N, 1));
        if (!isAlone) tape.seed(entropy, encoder.upload(new Float32Array(N), N, 1));
        tape.backward();
        const gradient = tape.arrived(x);
        assert.ok(gradient !== undefined);
        found.push(yield* encoder.read(gradient));
      }
      assert.ok(found[0].some((x) => x !== 0));
      assert.deepEqual(found[0], found[1]);
    }));
}

/** The message of the fault that `record` leaves in an encoder of its own. */
const faultOf = (encoder: Encoder, record: (tape: Tape, world: World, x: Tensor) => Tensor) =>
  Effect.gen(function* () {
    const own = new Encoder(encoder.device, encoder.info);
    const tape = new Tape(own, "training");
    const y = record(tape, open(own), own.upload(noise("x", N * C), N, C));
    tape.seed(y, own.upload(noise("dy", N * C), N, C));
    tape.backward();
    return (yield* Effect.flip(own.wait)).message;
  });

testInFloat32("a gradient that an op cannot give is refused by name", (encoder) =>
  Effect.gen(function* () {
    assert.equal(
      yield* faultOf(encoder, (tape, { spans }, x) => attention(tape, x, x, x, { spans }, D)),
      'Cannot differentiate "attention": its rows have no "ends"',
    );
    assert.equal(
      yield* faultOf(encoder, (tape, { rows }, x) => embedding(tape, x, rows, N)),
      'Cannot differentiate "embedding": its indices are not on the host',
    );
    for (const op of [rope, (tape: Tape, x: Tensor) => add(tape, x, x)]) {
      assert.equal(
        yield* faultOf(encoder, (tape, { positions, table }, x) => op(tape, sliceRows(x, 0, N), positions, table)),
        `Cannot differentiate [${N}, ${C}]: rows cut from a tensor, gather them instead`,
      );
    }
    assert.equal(
      yield* faultOf(encoder, (tape, _, x) => {
        const y = add(tape, x, x);
        tape.seed(y, tape.encoder.upload(noise("dy", N * C), N, C));
        return y;
      }),
      "Cannot seed a gradient: the tensor has one already",
    );
  }));
