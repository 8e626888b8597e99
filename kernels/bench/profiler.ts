/**
 * Profiles a piece of work kernel by kernel. It records the work's dispatches, then repeats each distinct one many times in one submit; on software
 * drivers this is more accurate than timestamp queries around one dispatch. The tensors are overwritten, so the work's results are lost.
 */
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import { median } from "../../data/statistics.ts";
import type { DeviceError } from "../gpu/device_info.ts";
import { type Dispatch, Encoder } from "../gpu/encoder.ts";
import { type Kernel, signatureOf } from "../gpu/kernel.ts";
import { isProduct, type Work, workOf } from "./kernel_work.ts";

/** A kernel at one shape: the number of dispatches, the work of one dispatch and its time. */
export interface Profile extends Work {
  readonly kernel: string;
  /** Its size parameters, such as `M=1024 N=128 K=64`. */
  readonly shape: string;
  readonly calls: number;
  /** Median over samples, in microseconds. */
  readonly microseconds: number;
}

/** The totals of a piece of work, and its kernels, slowest first. */
export interface Profiled {
  readonly dispatches: number;
  readonly flops: number;
  readonly bytes: number;
  readonly kernels: ReadonlyArray<Profile>;
}

class Recorder extends Encoder {
  readonly recorded = new Map<string, { readonly kernel: Kernel; readonly dispatch: Dispatch; calls: number }>();

  override dispatch(kernel: Kernel, dispatch: Dispatch): void {
    const key = `${kernel.name} ${JSON.stringify(dispatch.constants ?? {})} ${shapeOf(kernel, dispatch)}`;
    const known = this.recorded.get(key);
    if (known === undefined) this.recorded.set(key, { kernel, dispatch, calls: 1 });
    else known.calls++;
    super.dispatch(kernel, dispatch);
  }
}

const shapeOf = (kernel: Kernel, { constants = {}, params }: Dispatch): string => {
  const sizes = [
    ...signatureOf(kernel).params.filter(({ name, type }) => type === "u32" && name.length === 1)
      .map(({ name }) => [name, params[name]]),
    ...Object.entries(constants).filter(([name]) => /^([A-Z]|KV|D4|GROUP)$/.test(name)),
  ];
  return sizes.map(([name, value]) => `${name}=${value}`).join(" ");
};

const samples = 7;
/** A dispatch of at least this many microseconds is timed fewer times. */
const long = 5e4;
const sampleMilliseconds = 8;

/** `productsOnly` times only products; `keys` is the average number of keys per row of attention. */
export interface ProfileOptions {
  readonly productsOnly?: boolean;
  readonly keys?: number;
}

/**
 * Profiles the dispatches of `work` on the given encoder. Other kernels than products may read indices; if the work reuses a buffer, their indices
 * are gone by the time of the measurement.
 */
export const profile = <E, R>(
  encoder: Encoder,
  work: (encoder: Encoder) => Effect.Effect<void, E, R>,
  { productsOnly = false, keys = 0 }: ProfileOptions = {},
): Effect.Effect<Profiled, E | DeviceError, R> =>
  Effect.gen(function* () {
    const recorder = new Recorder(encoder.device, encoder.info);
    yield* work(recorder);
    yield* recorder.wait;
    const rows: Profile[] = [];
    const sum = { dispatches: 0, flops: 0, bytes: 0 };
    for (const { kernel, dispatch, calls } of [...recorder.recorded.values()]) {
      const { flops, bytes } = workOf(kernel, dispatch, keys);
      sum.dispatches += calls;
      sum.flops += calls * (flops ?? 0);
      sum.bytes += calls * bytes;
      if (productsOnly && !isProduct(kernel)) continue;
      rows.push({
        kernel: kernel.name,
        shape: shapeOf(kernel, dispatch),
        calls,
        microseconds: yield* timeOf(encoder, () => encoder.dispatch(kernel, dispatch)),
        flops,
        bytes,
      });
    }
    recorder.pool.trim();
    return { ...sum, kernels: rows.sort((a, b) => b.calls * b.microseconds - a.calls * a.microseconds) };
  });

/** The median time in microseconds of a dispatch recorded by `record`, as its share of a long submit. */
export const timeOf = (encoder: Encoder, record: () => void): Effect.Effect<number, DeviceError> =>
  Effect.gen(function* () {
    const run = (repeats: number) =>
      Effect.gen(function* () {
        const start = yield* Clock.currentTimeNanos;
        for (let i = 0; i < repeats; i++) record();
        yield* encoder.wait;
        return Number((yield* Clock.currentTimeNanos) - start) / 1e3 / repeats;
      });
    yield* run(1);
    const first = yield* run(2);
    // Three rounds determine the number of repeats: few repeats are dominated by the wait, and code is slow before it is compiled.
    let repeats = 1;
    for (let one = first, i = 0; i < 3 && one < long; i++) {
      repeats = Math.max(1, Math.min(500, Math.ceil(sampleMilliseconds * 1e3 / one)));
      one = yield* run(repeats);
    }
    const times: number[] = [];
    for (let i = 0; i < (first < long ? samples : 3); i++) times.push(yield* run(repeats));
    return median(times);
  });
