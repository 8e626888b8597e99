/**
 * AdamW over a model's arenas: clipping by the global norm, one step, and the state on disk (`exp_avg.NAME`, `exp_avg_sq.NAME`, `step`), as
 * in torch.optim.AdamW and torch.nn.utils.clip_grad_norm_. Weights are float32 between steps: at a learning rate of 1e-6 a bfloat16 weight
 * would lose nearly every update. If the passes read 16-bit weights, these are rounded again from float32 after each step. Moments may be
 * stored in bfloat16, also in files: they are computed in float32 and rounded stochastically. The key depends only on the number of the
 * step and the arena, so a repeated step gives the same bits.
 */
import * as Effect from "effect/Effect";
import { Key } from "../../data/random.ts";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import type { MomentType } from "../../kernels/gpu/half_precision.ts";
import { adamw } from "../../kernels/ops/adamw/adamw.ts";
import { purposeIn } from "../models/memory_purposes.ts";
import { fileTensors, type Model, refresh } from "../models/model.ts";
import * as Parameters from "../models/parameters.ts";
import { releaseParameters } from "../models/parameters.ts";
import { CheckpointError, type Safetensors, type Tensor as FileTensor } from "../files/safetensors.ts";
import { firstBeyond } from "../files/safetensors_header.ts";

/** Both moments and the number of steps taken. */
export interface Optimizer {
  readonly mean: Parameters.ParameterSet;
  readonly square: Parameters.ParameterSet;
  readonly step: number;
}

/** The settings of a step; as published: betas 0.9 and 0.999, epsilon 1e-8, decay 0.01 and norm 1. */
export interface OptimizerSettings {
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly maxGradNorm: number;
  readonly beta1?: number;
  readonly beta2?: number;
}

/** An optimizer before its first step. */
export const makeOptimizer = (
  { encoder, config, parameters: { layout } }: Model,
  moments: MomentType = "f32",
): Optimizer => {
  const set = () =>
    Parameters.zeros(encoder, layout, purposeIn(config, "moments"), moments === "f32" ? undefined : moments);
  return { mean: set(), square: set(), step: 0 };
};

/** The storage type of an optimizer's moments. */
export const momentsOf = ({ mean }: Optimizer): MomentType => mean.arenas[0]?.format === "bf16" ? "bf16" : "f32";

const dice = Key.fold(Key.make(0), "moments");

/** Releases the buffers of the moments. */
export const releaseOptimizer = (encoder: Encoder, optimizer: Optimizer): void => {
  releaseParameters(encoder, optimizer.mean);
  releaseParameters(encoder, optimizer.square);
};

/** Makes one step on the weights in place, and on the copies that the passes read. `gradNorm` is the gradient's global norm before clipping. */
export const update = (
  model: Model,
  optimizer: Optimizer,
  gradient: Parameters.ParameterSet,
  gradNorm: number,
  { learningRate, weightDecay, maxGradNorm, beta1 = 0.9, beta2 = 0.999 }: OptimizerSettings,
): Optimizer => {
  const step = optimizer.step + 1;
  const clip = Math.min(1, maxGradNorm / (gradNorm + 1e-6));
  model.parameters.arenas.forEach((weight, index) =>
    adamw(model.encoder, gradient.arenas[index], weight, optimizer.mean.arenas[index], optimizer.square.arenas[index], {
      learningRate,
      beta1,
      beta2,
      eps: 1e-8,
      weightDecay,
      step,
      clip,
      key: Key.fold(dice, step, index),
    })
  );
  refresh(model);
  return { ...optimizer, step };
};

const fileTypes = { f32: { dtype: "F32", type: "float32" }, bf16: { dtype: "BF16", type: "bfloat16" } } as const;

/** The optimizer as tensors of a file, with the moments in their storage type. */
export const optimizerTensors = (model: Model, optimizer: Optimizer): ReadonlyArray<FileTensor<DeviceError>> => {
  const { type } = fileTypes[momentsOf(optimizer)];
  const moments = [
    ...fileTensors(model.encoder, optimizer.mean, "exp_avg."),
    ...fileTensors(model.encoder, optimizer.square, "exp_avg_sq."),
  ].map((tensor) => ({ ...tensor, type }));
  return [...moments, { name: "step", shape: [1], read: Effect.succeed(Float32Array.of(optimizer.step)) }];
};

/** Reads the tensors of `optimizerTensors`; the model and the type of the moments must be the same. */
export const restore = Effect.fnUntraced(
  function* (
    model: Model,
    file: Safetensors,
    moments: MomentType = "f32",
  ): Effect.fn.Return<Optimizer, CheckpointError> {
    const { dtype } = fileTypes[moments];
    const other = [...file.entries].find(([name, entry]) => name !== "step" && entry.dtype !== dtype);
    if (other !== undefined) {
      return yield* fault(file, other[0], `moments of ${dtype} (--moments ${moments})`, other[1].dtype);
    }
    const optimizer = makeOptimizer(model, moments);
    const moment = (set: Parameters.ParameterSet, prefix: string) =>
      Parameters.fill(
        model.encoder,
        set,
        ({ spec, words }) => readFinite(file, `${prefix}${spec.name}`, words),
      );
    yield* moment(optimizer.mean, "exp_avg.");
    yield* moment(optimizer.square, "exp_avg_sq.");
    const [step] = yield* readFinite(file, "step", 1);
    return { ...optimizer, step };
  },
);

/** Copies the tensors of a file named `prefix` + parameter into a set on the device. */
export const fill = (
  encoder: Encoder,
  set: Parameters.ParameterSet,
  file: Safetensors,
  prefix = "",
): Effect.Effect<void, CheckpointError> =>
  Parameters.fill(encoder, set, ({ spec, words }) => readTensor(file, `${prefix}${spec.name}`, words));

const fault = ({ path }: Safetensors, tensor: string, expected: string, found: string) =>
  new CheckpointError({ action: "read", file: path, tensor, expected, found });

const readTensor = Effect.fnUntraced(function* (
  file: Safetensors,
  name: string,
  words: number,
): Effect.fn.Return<Float32Array<ArrayBuffer>, CheckpointError> {
  const entry = file.entries.get(name);
  const count = entry?.shape.reduce((product, n) => product * n, 1);
  if (count === words) return yield* file.read(name);
  return yield* fault(file, name, `${words} numbers`, count === undefined ? "no such tensor" : `${count} numbers`);
});

/** Like `readTensor`, but fails on a number that is not finite: it would spread into every weight. */
const readFinite = (file: Safetensors, name: string, words: number) =>
  Effect.flatMap(readTensor(file, name, words), (values) => {
    const bad = firstBeyond(values, "float32");
    return bad === undefined ? Effect.succeed(values) : Effect.fail(fault(file, name, "finite numbers", `${bad}`));
  });
