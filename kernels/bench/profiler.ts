/**
 * Where the time of a piece of work goes, kernel by kernel. The dispatches of the work are recorded as it runs, then each different one is
 * run again alone, many times in one submit, which software drivers time better than queries around a single dispatch. What the
 * tensors hold is overwritten, so the work is not usable afterwards.
 */
import * as Clock from "effect/Clock";
import * as Effect from "effect/Effect";
import { median } from "../../data/statistics.ts";
import type { DeviceError } from "../gpu/device_info.ts";
import { type Dispatch, Encoder } from "../gpu/encoder.ts";
import { type Kernel, signatureOf } from "../gpu/kernel.ts";
import { isProduct, type Work, workOf } from "./kernel_work.ts";

/** One kernel at one shape: how often the work dispatched it, what one dispatch has to do and what it takes. */
export interface Profile extends Work {
  readonly kernel: string;
  /** Sizes among its params, such as `M=1024 N=128 K=64`. */
  readonly shape: string;
  readonly calls: number;
  /** Median over samples, in microseconds. */
  readonly microseconds: number;
}

/** What a piece of work dispatched, all together, and its kernels, slowest first. */
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
/** A dispatch of this many microseconds or more is timed fewer times. */
const long = 5e4;
const sampleMilliseconds = 8;

/** `productsOnly` times products alone; `keys` is how many keys a row of attention sees on average. */
export interface ProfileOptions {
  readonly productsOnly?: boolean;
  readonly keys?: number;
}

/**
 * Profiles what `work` dispatches through the encoder that it is given. Kernels that are no products may read indices: where the work uses a
 * buffer twice, those would be others by now.
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

/** The median time of what `record` records, in microseconds, a dispatch's share of a long submit. */
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
    // The wait's own time weighs on a few repeats, and code is slow before the engine has compiled it: so the number is found in three goes.
    let repeats = 1;
    for (let one = first, i = 0; i < 3 && one < long; i++) {
      repeats = Math.max(1, Math.min(500, Math.ceil(sampleMilliseconds * 1e3 / one)));
      one = yield* run(repeats);
    }
    const times: number[] = [];
    for (let i = 0; i < (first < long ? samples : 3); i++) times.push(yield* run(repeats));
    return median(times);
  });
