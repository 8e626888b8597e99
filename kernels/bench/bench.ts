/**
 * Measures the kernels on the present device at the shapes of training: one forward and backward pass of every op, profiled kernel by kernel. The
 * work of a kernel is counted from its shapes (`kernel_work.ts`).
 */
import * as Effect from "effect/Effect";
import type { DeviceError, DeviceInfo } from "../gpu/device_info.ts";
import type { Encoder } from "../gpu/encoder.ts";
import { noiseFill } from "./noise_fill.ts";
import { noise } from "../ops/op_case.ts";
import { adamw } from "../ops/adamw/adamw.ts";
import { add } from "../ops/add/add.ts";
import { attention } from "../ops/attention/attention.ts";
import { embedding } from "../ops/embedding/embedding.ts";
import { partialSums } from "../ops/global_norm/global_norm.ts";
import { linear } from "../ops/matmul/matmul.ts";
import { rmsNorm } from "../ops/rms_norm/rms_norm.ts";
import { rope } from "../ops/rope/rope.ts";
import { swiglu } from "../ops/swiglu/swiglu.ts";
import { tokenLogProbs } from "../ops/token_log_probs/token_log_probs.ts";
import shapes from "../../data/shapes.json" with { type: "json" };
import { type Profile, profile } from "./profiler.ts";
import { Tape } from "../gpu/tape.ts";
import { sliceColumns, type Tensor } from "../gpu/tensor.ts";

/** Sizes of a decoder block and its batch: `sequences` of `length` tokens each. */
export interface BlockShape {
  readonly name: string;
  readonly sequences: number;
  readonly length: number;
  readonly C: number;
  readonly H: number;
  readonly KV: number;
  readonly D: number;
  readonly F: number;
  readonly V: number;
}

const server = { sequences: 8, length: 512, V: 16384 };

type ShapeName = keyof typeof shapes.models;

/** The block of a published model shape, for a batch and a part of its vocabulary. */
const blockOf = (name: ShapeName, batch: Pick<BlockShape, "sequences" | "length" | "V">): BlockShape => {
  const { hidden_size: C, num_attention_heads: H, num_key_value_heads: KV, intermediate_size: F } = shapes.models[name];
  return { name, ...batch, C, H, KV, D: C / H, F };
};

const measuredOnGpu: ReadonlyArray<ShapeName> = ["qwen2.5-0.5b", "qwen2.5-1.5b", "qwen2.5-7b"];

/** The shapes to measure. Without a GPU, those that take seconds: the tiny study's model and Qwen2.5 0.5B; on a GPU also 1.5B and 7B. */
export const blockShapes = ({ kind }: Pick<DeviceInfo, "kind">): ReadonlyArray<BlockShape> => [
  { name: "tiny", sequences: 96, length: 21, C: 64, H: 4, KV: 2, D: 16, F: 128, V: 77 },
  ...kind === "gpu"
    ? measuredOnGpu.map((name) => blockOf(name, server))
    : [blockOf("qwen2.5-0.5b", { sequences: 1, length: 128, V: 4096 })],
];

export interface KernelRow extends Profile {
  readonly block: string;
}

/** Profiles one decoder block, the head and an optimizer step of each shape. */
export const bench = (
  encoder: Encoder,
  blocks: ReadonlyArray<BlockShape> = blockShapes(encoder.info),
): Effect.Effect<ReadonlyArray<KernelRow>, DeviceError> =>
  Effect.map(
    Effect.forEach(blocks, (shape) =>
      Effect.map(
        profile(encoder, (recorder) => block(recorder, shape), { keys: (shape.length + 1) / 2 }),
        ({ kernels }) => kernels.map((row): KernelRow => ({ ...row, block: shape.name })),
      )),
    (all) => all.flat(),
  );

const block = (encoder: Encoder, shape: BlockShape): Effect.Effect<void, DeviceError> =>
  Effect.suspend(() => {
    const { sequences, length, C, H, KV, D, F, V } = shape;
    const N = sequences * length;
    const parameters = new Map<Tensor, Tensor>();
    const filler = noiseFill(encoder, 1, Math.max(V, 2 * F, (H + 2 * KV) * D) * Math.max(C, F));
    const filled = (rows: number, cols: number): Tensor => {
      const tensor = encoder.tensor(rows, cols);
      filler.fill(tensor);
      return tensor;
    };
    const weight = (rows: number, cols: number): Tensor => {
      const tensor = filled(rows, cols);
      parameters.set(tensor, filled(rows, cols));
      return tensor;
    };
    const words = (data: number[], rows = 1) => encoder.upload(Uint32Array.from(data), rows, data.length / rows);
    const table = weight(V, C);
    const norms = [C, D, D, C].map((width) => weight(1, width));
    const qkv = weight((H + 2 * KV) * D, C);
    const [output, gateUp, down] = [weight(C, H * D), weight(2 * F, C), weight(C, F)];
    const rotation = encoder.upload(noise("rotation", length * D), length, D);
    const rows = Array.from({ length: N }, (_, n) => ({ first: n - n % length, at: n % length }));
    const tokens = Uint32Array.from(noise("tokens", N), (x) => Math.floor((x + 1) / 2 * V));
    const onDevice = words([...tokens]);
    const positions = words(rows.map(({ at }) => at));
    const spans = words(rows.flatMap(({ first, at }) => [first, 0, first, at + 1]), N);
    const ends = words(rows.map(({ first }) => first + length));

    const tape = new Tape(encoder, "training", parameters);
    const x = embedding(tape, table, onDevice, N, tokens);
    const fused = linear(tape, rmsNorm(tape, x, norms[0], 1e-6), qkv);
    const turned = (column: number, heads: number, norm: Tensor) =>
      rope(tape, rmsNorm(tape, sliceColumns(fused, column, heads * D), norm, 1e-6, heads), positions, rotation);
    const [q, k] = [turned(0, H, norms[1]), turned(H * D, KV, norms[2])];
    const v = sliceColumns(fused, (H + KV) * D, KV * D);
    const middle = add(tape, x, linear(tape, attention(tape, q, k, v, { spans, ends }, D), output));
    const y = add(
      tape,
      middle,
      linear(tape, swiglu(tape, linear(tape, rmsNorm(tape, middle, norms[3], 1e-6), gateUp)), down),
    );
    const { logProbs, entropy } = tokenLogProbs(tape, y, table, onDevice, 1);
    tape.seed(logProbs, encoder.upload(noise("dlogProbs", N), N, 1));
    tape.seed(entropy, encoder.upload(noise("dentropy", N), N, 1));
    tape.backward();

    // Parameter arenas exceed caches; without a GPU they are limited, to save time.
    const n = Math.min(
      encoder.info.kind === "gpu" ? 1 << 27 : 1 << 20,
      [...parameters.keys()].reduce((sum, { rows, cols }) => sum + rows * cols, 0),
    );
    const [gradient, flat, mean, square] = Array.from({ length: 4 }, () => encoder.tensor(1, n));
    partialSums(encoder, [[gradient, gradient]]);
    const options = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.01, step: 1, clip: 1 };
    adamw(encoder, gradient, flat, mean, square, options);
    const halves = Array.from({ length: 2 }, () => encoder.tensor(1, n, { format: "bf16" }));
    adamw(encoder, gradient, flat, halves[0], halves[1], options);
    // The pool keeps the released buffers, so later measurements reuse them.
    filler.release();
    for (const tensor of [...parameters].flat()) encoder.release(tensor);
    for (const tensor of [gradient, flat, mean, square, ...halves]) encoder.release(tensor);
    return encoder.wait;
  });
