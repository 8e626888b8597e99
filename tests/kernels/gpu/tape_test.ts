import * as Effect from "effect/Effect";
import assert from "node:assert/strict";
import type { Encoder } from "../../../kernels/gpu/encoder.ts";
import { noise } from "../../../kernels/ops/op_case.ts";
import { add } from "../../../kernels/ops/add/add.ts";
import { linear } from "../../../kernels/ops/matmul/matmul.ts";
import { rmsNorm } from "../../../kernels/ops/rms_norm/rms_norm.ts";
import { rope } from "../../../kernels/ops/rope/rope.ts";
import { swiglu } from "../../../kernels/ops/swiglu/swiglu.ts";
import { Tape, type TapeMode } from "../../../kernels/gpu/tape.ts";
import { sliceColumns, type Tensor } from "../../../kernels/gpu/tensor.ts";
import { testOnDevice } from "../run_case.ts";

const [N, C, D, layers] = [37, 32, 16, 3];

interface Layer {
  readonly norm: Tensor;
  readonly mixed: Tensor;
  readonly headNorm: Tensor;
  readonly back: Tensor;
}

const open = (encoder: Encoder) => {
  const parameters = new Map<Tensor, Tensor>();
  const weight = (name: string, rows: number, cols: number): Tensor => {
    const tensor = encoder.upload(noise(name, rows * cols), rows, cols);
    parameters.set(tensor, encoder.upload(new Float32Array(rows * cols), rows, cols));
    return tensor;
  };
  const stack = Array.from({ length: layers }, (_, i): Layer => ({
    norm: weight(`norm ${i}`, 1, C),
    mixed: weight(`mixed ${i}`, 3 * C, C),
    headNorm: weight(`headNorm ${i}`, 1, D),
    back: weight(`back ${i}`, C, C),
  }));
  const first = weight("first", C, C);
  const positions = encoder.upload(Uint32Array.from({ length: N }, (_, n) => n), 1, N);
  const table = encoder.upload(noise("table", N * D), N, D);
  const x = encoder.upload(noise("x", N * C), N, C);
  const release = () => {
    for (const [tensor, gradient] of parameters) [tensor, gradient].forEach((one) => encoder.release(one));
    for (const tensor of [positions, table, x]) encoder.release(tensor);
  };
  return { parameters, stack, first, positions, table, x, release };
};

/** A stack of residual blocks that slice a fused projection, norm and turn one part and gate the others. */
const run = (tape: Tape, { stack, first, positions, table, x }: ReturnType<typeof open>): Tensor => {
  let y = linear(tape, x, first);
  for (const { norm, mixed, headNorm, back } of stack) {
    y = tape.block(y, (inner, input) => {
      const fused = linear(inner, rmsNorm(inner, input, norm, 1e-6), mixed);
      const turned = rope(inner, rmsNorm(inner, sliceColumns(fused, 0, C), headNorm, 1e-6, C / D), positions, table);
      const gated = swiglu(inner, sliceColumns(fused, C, 2 * C));
      return add(inner, input, linear(inner, add(inner, turned, gated), back));
    });
  }
  return y;
};

const train = (encoder: Encoder, mode: TapeMode) =>
  Effect.gen(function* () {
    const start = encoder.pool.statistics.live;
    const world = open(encoder);
    const held = encoder.pool.statistics.live;
    const tape = new Tape(encoder, mode, world.parameters);
    const y = run(tape, world);
    const forward = yield* encoder.read(y);
    const activations = encoder.pool.statistics.live - held;
    const gradients: Float32Array[] = [];
    if (mode === "inference") tape.free();
    else {
      tape.seed(y, encoder.upload(noise("dy", N * C), N, C));
      tape.backward();
      const dx = tape.arrived(world.x);
      assert.ok(dx !== undefined);
      for (const gradient of [...world.parameters.values(), dx]) gradients.push(yield* encoder.read(gradient));
      encoder.release(dx);
    }
    const left = encoder.pool.statistics.live - held;
    world.release();
    assert.equal(encoder.pool.statistics.live, start);
    return { forward, gradients, activations, left };
  });

const bits = (data: Float32Array): Uint32Array => new Uint32Array(data.buffer, data.byteOffset, data.length);

testOnDevice(
  "a pass that recomputes its blocks gives the bits of one that keeps everything",
  (encoder) =>
    Effect.gen(function* () {
      const kept = yield* train(encoder, "training");
      const again = yield* train(encoder, "recompute");
      assert.deepEqual(bits(again.forward), bits(kept.forward));
      assert.equal(again.gradients.length, kept.gradients.length);
      again.gradients.forEach((gradient, i) => {
        assert.ok(gradient.some((x) => x !== 0), `gradient ${i} is zero`);
        assert.deepEqual(bits(gradient), bits(kept.gradients[i]), `gradient ${i}`);
      });
    }),
);

testOnDevice("inference gives the bits of training", (encoder) =>
  Effect.gen(function* () {
    const kept = yield* train(encoder, "training");
    const inferred = yield* train(encoder, "inference");
    assert.deepEqual(bits(inferred.forward), bits(kept.forward));
  }));

testOnDevice(
  "every mode gives all its buffers back, and holds fewer the less it keeps",
  (encoder) =>
    Effect.gen(function* () {
      const [training, recompute, inference] = [
        yield* train(encoder, "training"),
        yield* train(encoder, "recompute"),
        yield* train(encoder, "inference"),
      ];
      for (const { left } of [training, recompute, inference]) assert.equal(left, 0);
      assert.ok(training.activations > recompute.activations, `${training.activations} > ${recompute.activations}`);
      assert.ok(recompute.activations > inference.activations, `${recompute.activations} > ${inference.activations}`);
    }),
);

testOnDevice("a residual connection hands its gradient on without a copy", (encoder) =>
  Effect.gen(function* () {
    const [a, b] = ["a", "b"].map((name) => encoder.upload(noise(name, N * C), N, C));
    const dy = encoder.upload(noise("dy", N * C), N, C);
    const tape = new Tape(encoder, "training");
    const y = add(tape, a, b);
    tape.seed(y, dy);
    tape.backward();
    assert.equal(tape.arrived(a)?.storage.id, dy.storage.id);
    assert.equal(tape.arrived(b)?.storage.id, dy.storage.id);
    yield* encoder.wait;
    for (const tensor of [a, b, dy]) encoder.release(tensor);
  }));

testOnDevice(
  "gradients of two chunks add up to those of one pass over both, chunk by chunk",
  (encoder) =>
    Effect.gen(function* () {
      const weight = encoder.upload(noise("weight", C * C), C, C);
      const chunk = (data: Float32Array<ArrayBuffer>, dy: Float32Array<ArrayBuffer>, gradient: Tensor) => {
        const rows = data.length / C;
        const x = encoder.upload(data, rows, C);
        const tape = new Tape(encoder, "training", new Map([[weight, gradient]]));
        tape.seed(linear(tape, x, weight), encoder.upload(dy, rows, C));
        tape.backward();
        const dx = tape.arrived(x);
        if (dx !== undefined) encoder.release(dx);
        encoder.release(x);
      };
      const zeros = () => encoder.upload(new Float32Array(C * C), C, C);
      const [x, dy] = [noise("x", 20 * C), noise("dy", 20 * C)];
      const [both, first, second] = [zeros(), zeros(), zeros()];
      chunk(x.slice(0, 7 * C), dy.slice(0, 7 * C), both);
      chunk(x.slice(7 * C), dy.slice(7 * C), both);
      chunk(x.slice(0, 7 * C), dy.slice(0, 7 * C), first);
      chunk(x.slice(7 * C), dy.slice(7 * C), second);
      const [sum, one, two] = [yield* encoder.read(both), yield* encoder.read(first), yield* encoder.read(second)];
      assert.deepEqual(bits(sum), bits(one.map((x, i) => x + two[i])));
      for (const tensor of [both, first, second, weight]) encoder.release(tensor);
    }),
);
