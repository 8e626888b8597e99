/**
 * Measures the device itself: bandwidth of a copy and of a sum over buffers larger than caches (bytes per second), the cost of a dispatch, of a
 * dispatch that depends on the previous one, and the latency of reading back a few bytes.
 */
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import { median } from "../../data/statistics.ts";
import type { DeviceError } from "../gpu/device_info.ts";
import dispatchRead from "./dispatch_read.wgsl" with { type: "text" };
import dispatchWrite from "./dispatch_write.wgsl" with { type: "text" };
import type { Encoder } from "../gpu/encoder.ts";
import { makeKernel } from "../gpu/kernel.ts";
import { accumulate } from "../ops/add/add.ts";
import { timeOf } from "./profiler.ts";
import type { Tensor } from "../gpu/tensor.ts";

/** The two smallest possible dispatches. */
const probeKernels = {
  read: makeKernel(dispatchRead),
  write: makeKernel(dispatchWrite),
};

/** A measurement and its median time; a dispatch's time is its share of a long submit. */
export interface DeviceRow {
  readonly work: "copy" | "add" | "dispatch" | "dependent dispatch" | "read-back";
  readonly shape: string;
  readonly seconds: number;
  readonly flops: number;
  readonly bytes: number;
}

const reads = 21;

/** Bytes of the copied buffers: more than caches hold, at most one binding. */
export const copyBytes = ({ info }: Encoder): number =>
  Math.min(info.kind === "gpu" ? 2 ** 30 : 2 ** 26, Math.floor(info.maxBinding / 1024) * 1024);

/** Measures the device; `bytes` is the size of the copied and summed buffers. */
export const measureDevice = Effect.fn("Bench.measureDevice")(function* (
  encoder: Encoder,
  bytes = copyBytes(encoder),
): Effect.fn.Return<ReadonlyArray<DeviceRow>, DeviceError> {
  const cols = 256;
  const rows = Math.floor(bytes / 4 / cols);
  const size = rows * cols * 4;
  const [a, b] = [0, 1].map(() => encoder.tensor(rows, cols, { purpose: "activations", exact: true }));
  const word = encoder.upload(new Uint32Array(4), 1, 4);
  for (const tensor of [a, b]) encoder.zero(tensor);
  const seconds = (record: () => void) => Effect.map(timeOf(encoder, record), (microseconds) => microseconds / 1e6);
  const dispatch = (kernel: typeof probeKernels.read) => () =>
    encoder.dispatch(kernel, { tensors: [word], params: { N: 0 }, groups: [1] });
  const shape = `bytes=${size}`;
  const found: DeviceRow[] = [
    { work: "copy", shape, seconds: yield* seconds(() => encoder.copy(a, b)), flops: 0, bytes: 2 * size },
    { work: "add", shape, seconds: yield* seconds(() => accumulate(encoder, b, a)), flops: size / 4, bytes: 3 * size },
    { work: "dispatch", shape: "", seconds: yield* seconds(dispatch(probeKernels.read)), flops: 0, bytes: 0 },
    {
      work: "dependent dispatch",
      shape: "",
      seconds: yield* seconds(dispatch(probeKernels.write)),
      flops: 0,
      bytes: 0,
    },
    { work: "read-back", shape: "bytes=16", seconds: yield* readBack(encoder, word), flops: 0, bytes: 0 },
  ];
  for (const tensor of [a, b, word]) encoder.release(tensor);
  encoder.submit();
  encoder.pool.trim();
  return found;
});

const readBack = Effect.fnUntraced(function* (encoder: Encoder, word: Tensor) {
  const times: number[] = [];
  for (let i = 0; i < reads; i++) {
    const start = yield* Clock.currentTimeNanos;
    yield* encoder.readWords(word);
    times.push(Number((yield* Clock.currentTimeNanos) - start) / 1e9);
  }
  return median(times);
});
