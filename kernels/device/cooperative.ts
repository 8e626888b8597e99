/**
 * Kernels in which the lanes of a subgroup share a row (`--kernels cooperative`). The plain kernels of attention and RMSNorm have one lane per row,
 * and those of sums over rows one lane per column, which leaves most lanes of a GPU idle. A self-test compares these kernels with the plain ones at
 * the first use on a device. If one is wrong, none is used, and a note says so.
 */
import * as Effect from "effect/Effect";
import * as Result from "effect/Result";
import { libraryTexts } from "../gpu/specialize.ts";
import { canBroadcast, type DeviceError } from "../gpu/device_info.ts";
import { Encoder } from "../gpu/encoder.ts";
import { noise } from "../ops/op_case.ts";
import { attention } from "../ops/attention/attention.ts";
import { subgroupKernels } from "../ops/attention/attention_forms.ts";
import { rmsNorm, rmsNormKernels as normKernels } from "../ops/rms_norm/rms_norm.ts";
import { rowSumsKernel as sumKernel } from "../ops/row_sums/row_sums.ts";
import { type Check, difference, isRight, refusal, remembered, selfTestFolder } from "./self_tests.ts";
import { Tape } from "../gpu/tape.ts";
import type { Tensor } from "../gpu/tensor.ts";

/** Whether a device uses these kernels, and notes for the user. */
export interface FoundCooperative {
  readonly cooperative: boolean;
  readonly notes: ReadonlyArray<string>;
}

/** The results of one op by name, computed on `encoder`. */
type Pass = (encoder: Encoder) => Effect.Effect<Readonly<Record<string, Float32Array>>, DeviceError>;

/** Runs `record` on a training tape, seeds its output, and reads the output, the gradients of `inputs` and that of the parameter `weight`. */
const passOf = (
  operands: Readonly<Record<string, readonly [rows: number, cols: number]>>,
  record: (tape: Tape, inputs: Readonly<Record<string, Tensor>>, encoder: Encoder) => readonly [Tensor, Tensor[]],
): Pass =>
  Effect.fnUntraced(function* (encoder) {
    const inputs: Record<string, Tensor> = {};
    for (const [name, [rows, cols]] of Object.entries(operands)) {
      inputs[name] = encoder.upload(noise(name, rows * cols), rows, cols);
    }
    const { weight } = inputs;
    const parameters = new Map(
      weight === undefined ? [] : [[weight, encoder.upload(new Float32Array(weight.cols), 1, weight.cols)]],
    );
    const tape = new Tape(encoder, "training", parameters);
    const [output, rest] = record(tape, inputs, encoder);
    const found: Record<string, Float32Array> = { result: yield* encoder.read(output) };
    const { rows, cols } = output;
    tape.seed(output, encoder.upload(noise("gradient", rows * cols), rows, cols));
    tape.backward();
    for (const name in inputs) {
      const gradient = parameters.get(inputs[name]) ?? tape.arrived(inputs[name]);
      if (gradient === undefined) continue;
      found[`gradient of ${name}`] = yield* encoder.read(gradient);
      encoder.release(gradient);
    }
    for (const tensor of [...Object.values(inputs), ...rest]) encoder.release(tensor);
    return found;
  });

// Sequences shorter than a block of keys and longer than a chunk of keys; heads that share keys.
const lengths = [70, 1, 600];
const [N, H, KV] = [lengths.reduce((a, b) => a + b), 4, 2];

/** The ops under test, with heads of `D` columns. */
const passesOf = (D: number): Readonly<Record<string, Pass>> => ({
  attention: passOf({ q: [N, H * D], k: [N, KV * D], v: [N, KV * D] }, (tape, { q, k, v }, encoder) => {
    const starts = lengths.map((_, i) => lengths.slice(0, i).reduce((a, b) => a + b, 0));
    const each = <A>(of: (start: number, length: number, t: number) => A) =>
      lengths.flatMap((length, i) => Array.from({ length }, (_, t) => of(starts[i], length, t)));
    const spans = encoder.upload(Uint32Array.from(each((start, _, t) => [0, 0, start, t + 1]).flat()), N, 4);
    const ends = encoder.upload(Uint32Array.from(each((start, length) => start + length)), 1, N);
    return [attention(tape, q, k, v, { spans, ends }, D), [spans, ends]];
  }),
  RMSNorm: passOf({ x: [70, 896], weight: [1, 896] }, (tape, { x, weight }) => [rmsNorm(tape, x, weight, 1e-6), []]),
});

/** Twice the rounding error of a float32 sum of hundreds of products in any order, relative to the largest result. */
const allowed = 2e-5;

const checkAll = Effect.fnUntraced(function* (
  plain: Encoder,
  cooperative: Encoder,
): Effect.fn.Return<ReadonlyArray<Check>, DeviceError> {
  const checks: Check[] = [];
  // One vec4 of a head per lane on hardware; software compiles narrow heads much faster.
  const D = plain.info.lanes < 16 ? 16 : plain.info.lanes * 4;
  for (const [op, pass] of Object.entries(passesOf(D))) {
    const expected = yield* pass(plain);
    const found = yield* pass(cooperative);
    for (const name in expected) {
      const largest = expected[name].reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      checks.push({ variant: `${op}, ${name}`, error: difference(found[name], expected[name], largest), allowed });
    }
  }
  return checks;
});

/** Tests the kernels on a device, or reads the result of an earlier test. */
export const testedCooperative = Effect.fnUntraced(function* (
  encoder: Encoder,
  folder = selfTestFolder(),
): Effect.fn.Return<FoundCooperative> {
  const { kind, description, lanes } = encoder.info;
  if (!canBroadcast(encoder.info)) {
    return { cooperative: false, notes: ["this device's subgroups have no fixed size of 4 to 64 lanes"] };
  }
  const own = new Encoder(encoder.device, { ...encoder.info, cooperative: true });
  const sources = [...Object.values(subgroupKernels), ...Object.values(normKernels), sumKernel];
  const facts = [kind, description, lanes, sources.map(({ source }) => source), libraryTexts];
  const done = yield* Effect.result(remembered("cooperative", facts, folder, checkAll(encoder, own)));
  own.pool.trim();
  if (Result.isFailure(done)) {
    const line = `refused cooperative kernels, their self-test ended early: ${done.failure.message}`;
    return { cooperative: false, notes: [line] };
  }
  const wrong = done.success.filter((check) => !isRight(check));
  return {
    cooperative: wrong.length === 0,
    notes: wrong.length === 0
      ? [`attention, RMSNorm and sums over rows are shared out among ${lanes} lanes`]
      : wrong.map((check) => refusal("cooperative kernels, wrong in", check)),
  };
});
