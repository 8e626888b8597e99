/** Runs a case of an op on the device of this test run: results, gradients, and the bytes that stayed behind. */
import * as Effect from "effect/Effect";
import * as ManagedRuntime from "effect/ManagedRuntime";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import { Encoder } from "../../kernels/gpu/encoder.ts";
import { toHalves } from "../../kernels/gpu/half_precision.ts";
import { type NamedValues, noise, type OpCase, type Operand } from "../../kernels/ops/op_case.ts";
import { Tape } from "../../kernels/gpu/tape.ts";
import { type Tensor, view } from "../../kernels/gpu/tensor.ts";
import { kernelsOfTests } from "../adapter.ts";
import { Device } from "./device_service.ts";

const runtime = ManagedRuntime.make(Device.layer(kernelsOfTests));

/** A test whose body uses the device; a line says which adapter that is. */
export const testOnDevice = (
  name: string,
  body: (encoder: Encoder) => Effect.Effect<void, unknown>,
  ignore = false,
): void => {
  Deno.test({
    name,
    ignore,
    // The device lives as long as the process.
    sanitizeOps: false,
    sanitizeResources: false,
    fn: () =>
      runtime.runPromise(
        Effect.flatMap(Device, ({ encoder, info }) => {
          announce(`${info.kind} (${info.description}), validation ${info.validated ? "on" : "off"}`);
          return body(encoder);
        }),
      ),
  });
};

/** The encoder, or one of the same device without its matrix units: what those compute is float16's (`matrix_self_test.ts`). */
export const inFloat32 = (encoder: Encoder): Encoder =>
  encoder.info.matrix === undefined ? encoder : new Encoder(encoder.device, { ...encoder.info, matrix: undefined });

/** `testOnDevice` for numbers that float32 alone can give. */
export const testInFloat32 = (name: string, body: (encoder: Encoder) => Effect.Effect<void, unknown>): void =>
  testOnDevice(name, (encoder) => body(inFloat32(encoder)));

const announced = new Set<string>();

/** Says once which adapter is used, or what is done for it. */
export const announce = (line: string): void => {
  if (!announced.has(line)) console.log(`adapter: ${line}`);
  announced.add(line);
};

/** What came out of a case, row-major and without gaps, and how many bytes of the pool it kept. */
export interface Outcome {
  readonly results: Readonly<Record<string, Float32Array>>;
  readonly gradients: Readonly<Record<string, Float32Array>>;
  readonly leaked: number;
}

/** What a weight's gradient holds before the op adds to it. */
export const before = (name: string, operand: Operand): Float32Array<ArrayBuffer> =>
  noise(`${name} gradient`, operand.rows * operand.cols);

/** The cotangent of a result, of the time that the op reads its inputs. */
export const cotangent = (name: string, length: number, time = 0): Float32Array<ArrayBuffer> =>
  noise(`${"again ".repeat(time)}d${name}`, length);

/** The cotangents of all results. */
export const cotangents = (results: Readonly<Record<string, ArrayLike<number>>>, time = 0): NamedValues =>
  Object.fromEntries(
    Object.entries(results).map(([name, result]) => [name, Float64Array.from(cotangent(name, result.length, time))]),
  );

/** Float64 copies of the operands of a case. */
export const valuesOf = (one: OpCase): NamedValues => {
  const values: Record<string, Float64Array> = {};
  for (const name in one.operands) values[name] = Float64Array.from(one.operands[name].data);
  return values;
};

/** Uploads an operand as the device stores it; the gaps hold NaN. */
export const uploadOperand = (encoder: Encoder, { data, rows, cols, stride, format, scale = 1 }: Operand): Tensor => {
  if (format === undefined || data instanceof Uint32Array) return uploadStrided(encoder, data, rows, cols, stride);
  const halves = toHalves(data.map((x) => x / scale), format);
  const spaced = new Uint16Array(Math.ceil(rows * stride / 2) * 2).fill(0x7fff);
  for (let row = 0; row < rows; row++) spaced.set(halves.subarray(row * cols, (row + 1) * cols), row * stride);
  const tensor = view(
    encoder.pool.take(Math.max(4, spaced.byteLength), "activations"),
    rows,
    cols,
    0,
    stride,
    format,
    scale,
  );
  encoder.write(tensor, new Uint32Array(spaced.buffer));
  return tensor;
};

/** Uploads `data` (rows × cols, no gaps) into rows `stride` apart; the gaps hold NaN. */
export const uploadStrided = (
  encoder: Encoder,
  data: Float32Array | Uint32Array,
  rows: number,
  cols: number,
  stride: number,
): Tensor => {
  const tensor = view(encoder.pool.take(Math.max(4, rows * stride * 4), "operands"), rows, cols, 0, stride);
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  const spaced = new Uint32Array(rows * stride).fill(0x7fc00000);
  for (let row = 0; row < rows; row++) spaced.set(bits.subarray(row * cols, (row + 1) * cols), row * stride);
  encoder.write({ ...tensor, cols: stride }, spaced);
  return tensor;
};

const dense = (tensor: Tensor, data: Float32Array): Float32Array =>
  Float32Array.from(
    { length: tensor.rows * tensor.cols },
    (_, i) => data[Math.floor(i / tensor.cols) * tensor.stride + i % tensor.cols],
  );

/** The numbers of `tensor`, gaps left out; `words` turns u32 into numbers. */
export const readDense = (encoder: Encoder, tensor: Tensor, words = false): Effect.Effect<Float32Array, DeviceError> =>
  words
    ? Effect.map(encoder.readWords(tensor), (data) => dense(tensor, Float32Array.from(data)))
    : Effect.map(encoder.read(tensor), (data) => dense(tensor, data));

/**
 * Runs `one` and, where it has a vjp, its backward pass. With `times` it is recorded so often on one tape, with the same inputs and cotangents of
 * its own each time; the results are those of the last.
 */
export const runCase = (encoder: Encoder, one: OpCase, times = 1): Effect.Effect<Outcome, DeviceError> =>
  Effect.gen(function* () {
    const start = encoder.pool.statistics.live;
    const names = Object.keys(one.operands);
    const inputs: Record<string, Tensor> = {};
    const parameters = new Map<Tensor, Tensor>();
    for (const name of names) {
      const operand = one.operands[name];
      inputs[name] = uploadOperand(encoder, operand);
      if (operand.role !== "weight") continue;
      parameters.set(
        inputs[name],
        uploadStrided(encoder, before(name, operand), operand.rows, operand.cols, operand.cols),
      );
    }
    const tape = new Tape(encoder, "training", parameters);
    const runs = Array.from({ length: times }, () => one.run(tape, inputs));
    const outputs = runs[times - 1];
    const results: Record<string, Float32Array> = {};
    for (const name in outputs) {
      results[name] = yield* readDense(encoder, outputs[name], one.integers?.includes(name));
    }
    const gradients: Record<string, Float32Array> = {};
    if (one.vjp !== undefined) {
      runs.forEach((outputs, time) => {
        for (const name in outputs) {
          const { rows, cols, stride } = outputs[name];
          tape.seed(outputs[name], uploadStrided(encoder, cotangent(name, rows * cols, time), rows, cols, stride));
        }
      });
      tape.backward();
      // An addition may let both its inputs share one gradient.
      const spent = new Map<number, Tensor>();
      for (const name of names) {
        const gradient = parameters.get(inputs[name]) ?? tape.arrived(inputs[name]);
        if (gradient === undefined) continue;
        gradients[name] = yield* readDense(encoder, gradient);
        spent.set(gradient.storage.id, gradient);
      }
      const written = one.vjp(valuesOf(one), cotangents(results), (x) => x);
      for (const name in gradients) {
        // What no gradient flows to is unspecified.
        written[name]?.forEach((x, i) => Number.isNaN(x) && (gradients[name][i] = 0));
      }
      for (const gradient of spent.values()) encoder.release(gradient);
    } else {
      for (const gradient of parameters.values()) encoder.release(gradient);
      tape.free();
    }
    for (const name of names) encoder.release(inputs[name]);
    return { results, gradients, leaked: encoder.pool.statistics.live - start };
  });
