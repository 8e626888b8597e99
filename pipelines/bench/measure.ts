/** Measures the parts of a bench one after the other on one open device, and reports on stderr which one is running. */
import { Effect, Result } from "effect";
import type { DeviceError, MatrixUnits } from "../../kernels/gpu/device_info.ts";
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import type { StorageType } from "../../kernels/gpu/half_precision.ts";
import { type Model, releaseModel } from "../models/model.ts";
import { measureSpeed, type Workload } from "./speed.ts";
import type { GradientError } from "../learning/gradient.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import type { benchParts, Measurements } from "./bench_row.ts";
import type { ProductSize } from "../../kernels/bench/bench_products.ts";
import type { BlockShape } from "../../kernels/bench/bench.ts";

/** A model to measure: how to load it, its name and its workload. */
export interface Subject<E> {
  readonly name: string;
  readonly load: (encoder: Encoder) => Effect.Effect<Model, E>;
  readonly storage: StorageType;
  readonly activations?: StorageType;
  readonly workload: Workload;
  readonly runs: number;
}

/** The parts to measure, and their sizes. */
export interface Plan<E> {
  readonly parts: ReadonlyArray<typeof benchParts[number]>;
  readonly sizes: ReadonlyArray<ProductSize>;
  readonly blocks?: ReadonlyArray<BlockShape>;
  readonly copyBytes?: number;
  readonly subject: Subject<E>;
}

/** The open device twice: `plain` without its matrix units, `used` as models use it; and its units. */
export interface Devices {
  readonly plain: Encoder;
  readonly used: Encoder;
  readonly units?: MatrixUnits | undefined;
}

/** The measurements, and the failure of the model if there was one. */
export interface Outcome<E> {
  readonly measured: Measurements;
  readonly failure?: E;
}

/** Measures the device. Products and copies are always measured: they are the roofs. If a model does not fit, the other results remain. */
export const measureDevice = Effect.fn("Bench.measure")(function* <E>(
  { plain, used, units }: Devices,
  { parts, sizes, blocks, copyBytes, subject }: Plan<E>,
): Effect.fn.Return<Outcome<DeviceError | GradientError | E>, DeviceError> {
  const { bench } = yield* Effect.promise(() => import("../../kernels/bench/bench.ts"));
  const { measureDevice } = yield* Effect.promise(() => import("../../kernels/bench/bench_device.ts"));
  const { measureProducts } = yield* Effect.promise(() => import("../../kernels/bench/bench_products.ts"));
  const { report } = yield* StandardStreams;
  yield* report("measuring copies, dispatches and read-back");
  const device = yield* measureDevice(plain, copyBytes);
  yield* report(`measuring products of ${sizes.map(([M]) => M).join(", ")}`);
  const products = yield* measureProducts(plain, sizes, units);
  if (parts.includes("kernels")) yield* report("measuring kernel by kernel");
  const kernels = parts.includes("kernels") ? yield* bench(used, blocks) : [];
  const before = { device, products, kernels, works: [] };
  if (!parts.includes("model")) return { measured: before };
  const { name, storage, activations = "f32", workload, runs, load } = subject;
  const form = activations === "f32" ? storage : `${storage}, activations ${activations}`;
  yield* report(`measuring "${name}": ${workload.batch} sequences`);
  const works = yield* Effect.result(Effect.gen(function* () {
    const model = yield* load(used);
    const found = yield* measureSpeed(model, workload, { runs });
    releaseModel(model);
    return found.map((row) => ({ ...row, model: name, form, workload }));
  }));
  return Result.isSuccess(works)
    ? { measured: { ...before, works: works.success } }
    : { measured: before, failure: works.failure };
});
