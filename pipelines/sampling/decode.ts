/**
 * Sampling with continuous batching. Each step runs the newest token of every running sequence through the transformer, the same one that
 * trains. The device draws the next token and keeps its log-prob and entropy, from the same kernel that scores. At a sync, finished
 * sequences are read back and their slots go to waiting requests; a prompt is prefilled once for all its responses. Keys and values are in
 * blocks of a paged cache, allocated at syncs as sequences grow. If too few blocks are free, sequences are preempted and resume later from
 * their tokens. No byte of a response depends on the number of slots, on the other sequences of the batch, on preemption or on the steps
 * between syncs.
 */
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Stream from "effect/Stream";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import type { Sampling } from "../../kernels/ops/sample_token/sample_token.ts";
import { sliceColumns, sliceRows } from "../../kernels/gpu/tensor.ts";
import { type DecodePool, type GeneratedTokens, makePool, releasePool, writeBlockTables } from "./decode_pool.ts";
import { dropSlots, slotsOf, start, step } from "./decode_step.ts";
import { type SyncInterval, syncInterval as defaultSyncInterval } from "./sync_interval.ts";
import type { Model } from "../models/model.ts";
import type { Running } from "./scheduler.ts";
import { isScarce, type PoolLimits, type Request } from "./pool_shape.ts";
import { prefillLargest } from "./prefill.ts";

/** A drawn response; if it ended with a stop token, that is its last token. */
export interface Response extends GeneratedTokens {
  readonly finish: "stop" | "length";
}

/** How requests are decoded. No option changes a response. */
export interface DecodeOptions extends PoolLimits {
  /** Steps between two syncs; the default suits the device. */
  readonly syncInterval?: SyncInterval;
  /** Called at each sync with the number of responses that finished since the last one. */
  readonly finished?: (count: number) => Effect.Effect<void>;
  /** For memory plans: if sequences may be preempted, run the largest prefill that resuming them can need once at the start. */
  readonly largestPrefillFirst?: boolean;
}

/**
 * Draws the responses and returns them in the order of the requests. A finished response waits on the host for those before it. Requests
 * start in order, so the waiting ones never have more tokens than the cache holds.
 */
export const decode = (
  model: Model,
  requests: ReadonlyArray<Request>,
  sampling: Sampling,
  stopTokens: ReadonlyArray<number>,
  options: DecodeOptions = {},
): Stream.Stream<Response, DeviceError> =>
  requests.length === 0 ? Stream.empty : Stream.unwrap(Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => {
        const pool = makePool(model, requests, stopTokens, options);
        if (options.largestPrefillFirst === true && isScarce(pool.shape)) prefillLargest(model, pool);
        return pool;
      }),
      (pool) => Effect.sync(() => releasePool(model.encoder, pool)),
    ),
    (pool) => {
      const done = new Map<number, Response>();
      return Stream.paginate(0, (handed) =>
        Effect.map(round(model, pool, sampling, options), (responses) => {
          for (const [index, response] of responses) done.set(index, response);
          const ready: Response[] = [];
          for (let next = done.get(handed); next !== undefined; next = done.get(handed + ready.length)) {
            done.delete(handed + ready.length);
            ready.push(next);
          }
          return [ready, pool.scheduler.isDone ? Option.none() : Option.some(handed + ready.length)] as const;
        }));
    },
  ));

/** Starts waiting requests, decodes until the next sync, and returns the finished responses by the index of their request. */
const round = Effect.fnUntraced(function* (
  model: Model,
  pool: DecodePool,
  sampling: Sampling,
  { syncInterval = defaultSyncInterval(model.encoder.info), finished = () => Effect.void }: DecodeOptions,
): Effect.fn.Return<ReadonlyArray<readonly [number, Response]>, DeviceError> {
  const { encoder } = model;
  const { scheduler, shape: { maxResponse } } = pool;
  const lengthOf = ({ slot }: Running) => pool.state[slot * 4 + 1];
  const stepsOf = (count: number) => Math.max(1, syncInterval(count, maxResponse));
  const preempted = scheduler.allocate(stepsOf(Math.max(1, scheduler.running.length)), lengthOf);
  const partial = yield* readBack(model, pool, preempted);
  preempted.forEach(({ index }, i) => pool.partial.set(index, partial[i]));
  const admitted = scheduler.admit();
  if (preempted.length + admitted.started.length > 0) dropSlots(encoder, pool);
  writeBlockTables(encoder, pool);
  if (admitted.started.length > 0) start(model, pool, admitted, () => sampling);
  const running = scheduler.running;
  // Each sequence has one token by now, so all have finished after the largest number of remaining tokens.
  const left = running.reduce(
    (max, one) => Math.max(max, one.request.maxTokens - Math.max(1, lengthOf(one))),
    0,
  );
  const steps = Math.min(left, scheduler.steps, stepsOf(running.length));
  for (let i = 0; i < steps; i++) {
    pool.slots ??= slotsOf(encoder, running);
    step(model, pool, pool.slots, [{ sampling, count: running.length }]);
  }
  pool.state = yield* encoder.readWords(pool.device.state);
  const ended = running.filter(({ slot }) => pool.state[slot * 4 + 2] !== 0);
  if (ended.length === 0) return [];
  const drawn = yield* readBack(model, pool, ended);
  for (const one of ended) {
    scheduler.finish(one);
    pool.partial.delete(one.index);
  }
  dropSlots(encoder, pool);
  yield* finished(ended.length);
  return ended.map(({ index, slot }, i) => {
    const finish = pool.state[slot * 4 + 2] === 1 ? "stop" : "length";
    return [index, { ...drawn[i], finish }];
  });
});

/** The responses of the running sequences so far: tokens from one read-back, after those from before a preemption. */
const readBack = Effect.fnUntraced(function* (
  { encoder }: Model,
  { device, state, partial }: DecodePool,
  running: ReadonlyArray<Running>,
): Effect.fn.Return<ReadonlyArray<GeneratedTokens>, DeviceError> {
  if (running.length === 0) return [];
  const lengthOf = (slot: number) => state[slot * 4 + 1];
  const words = yield* encoder.readWords(
    ...running.map(({ slot, generated }) =>
      sliceColumns(sliceRows(device.out, slot, 1), 3 * generated, 3 * (lengthOf(slot) - generated))
    ),
  );
  const numbers = new Float32Array(words.buffer);
  let from = 0;
  return running.map(({ index, slot, generated }): GeneratedTokens => {
    const length = lengthOf(slot);
    const [responseTokens, logProbs, entropy] = [
      new Int32Array(length),
      new Float32Array(length),
      new Float32Array(length),
    ];
    const before = partial.get(index);
    if (before !== undefined) {
      responseTokens.set(before.responseTokens);
      logProbs.set(before.logProbs);
      entropy.set(before.entropy);
    }
    for (let t = generated; t < length; t++, from += 3) {
      responseTokens[t] = words[from];
      logProbs[t] = numbers[from + 1];
      entropy[t] = numbers[from + 2];
    }
    return { responseTokens, logProbs, entropy };
  });
});
