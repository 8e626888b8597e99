/**
 * What a device costs and gives whatever runs on it: bytes a second of a copy and of a sum over buffers that no cache holds, a dispatch, a
 * dispatch that waits for the one before it, and the time until a few bytes are back.
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

/** The two dispatches that do as little as one can. */
export const probeKernels = {
  read: makeKernel(dispatchRead),
  write: makeKernel(dispatchWrite),
};

/** One figure: what was done and the median of its time; a dispatch's is its share of a long submit. */
export interface DeviceRow {
  readonly work: "copy" | "add" | "dispatch" | "dependent dispatch" | "read-back";
  readonly shape: string;
  readonly seconds: number;
  readonly flops: number;
  readonly bytes: number;
}

const reads = 21;

/** Bytes of a buffer that is copied: beyond what caches hold, within what one binding covers. */
export const copyBytes = ({ info }: Encoder): number =>
  Math.min(info.kind === "gpu" ? 2 ** 30 : 2 ** 26, Math.floor(info.maxBinding / 1024) * 1024);

/** Measures the device; `bytes` is the size of the buffers that are copied and summed. */
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
