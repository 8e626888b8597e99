/**
 * A running pool that requests join and leave: what a server decodes with. It is `decode` without an end: the same steps, prefill and
 * scheduler, with the options of sampling per request. Each round returns the tokens that are new since the last one. No byte of a response
 * depends on what else is in the pool, on when a request joined, or on the rounds.
 */
import * as Effect from "effect/Effect";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import type { Sampling } from "../../kernels/ops/sample_token/sample_token.ts";
import { sliceColumns, sliceRows, type Tensor } from "../../kernels/gpu/tensor.ts";
import type { Model } from "../models/model.ts";
import { type DecodePool, type GeneratedTokens, poolOfShape, releasePool, writeBlockTables } from "./decode_pool.ts";
import { dropSlots, rowGroups, slotsOf, start, step } from "./decode_step.ts";
import { openShape, type PoolLimits, type Request } from "./pool_shape.ts";
import { type Running, Scheduler } from "./scheduler.ts";
import { syncInterval } from "./sync_interval.ts";

/** A response to draw, and how. */
export interface OpenRequest extends Request {
  readonly sampling: Sampling;
}

/** The new tokens of a request; `finish` is there with its last. */
export interface Advance extends GeneratedTokens {
  readonly index: number;
  readonly finish: "stop" | "length" | undefined;
}

/** What a pool does at the moment. */
export interface PoolLoad {
  readonly running: number;
  readonly waiting: number;
  readonly slots: number;
  readonly blocks: number;
  readonly freeBlocks: number;
}

/** A pool without an end. Nothing here may be called while a round runs, except `load`. */
export interface OpenPool {
  /** Adds a request and returns its index. */
  readonly add: (request: OpenRequest) => number;
  /** Removes a request, whether it runs or waits. */
  readonly remove: (index: number) => void;
  /** Starts waiting requests and decodes until the next sync. */
  readonly round: Effect.Effect<ReadonlyArray<Advance>, DeviceError>;
  readonly isIdle: () => boolean;
  readonly load: () => PoolLoad;
  readonly release: () => void;
}

/** A request of the pool, and its tokens that were read back. */
interface Read {
  readonly sampling: Sampling;
  readonly tokens: number[];
}

/** Syncs come at least this often, so that a stream is one. */
const mostSteps = 8;

const nothing = { logProbs: new Float32Array(0), entropy: new Float32Array(0) };

/** Opens a pool for sequences of at most `context` tokens. */
export const openPool = (
  model: Model,
  stopTokens: ReadonlyArray<number>,
  context: number,
  limits: PoolLimits = {},
): OpenPool => {
  const { encoder, config, activations } = model;
  const shape = openShape({ config, info: encoder.info, activations }, context, limits);
  const scheduler = new Scheduler([], shape);
  const pool = poolOfShape(model, shape, scheduler, stopTokens);
  const requests = new Map<number, Read>();
  const interval = syncInterval(encoder.info);
  const samplingOf = ({ index }: Running) => requests.get(index)?.sampling ?? { temperature: 1, topK: 0, topP: 1 };
  return {
    add: ({ sampling, ...request }) => {
      const index = scheduler.add(request);
      requests.set(index, { sampling, tokens: [] });
      return index;
    },
    remove: (index) => {
      scheduler.remove(index);
      requests.delete(index);
      pool.partial.delete(index);
      dropSlots(encoder, pool);
    },
    round: round({ model, pool, requests, samplingOf, stepsOf: (count) => Math.min(mostSteps, interval(count, 256)) }),
    isIdle: () => scheduler.isDone,
    load: () => ({
      running: scheduler.running.length,
      waiting: scheduler.waiting,
      slots: shape.slots,
      blocks: shape.blocks,
      freeBlocks: scheduler.freeBlocks,
    }),
    release: () => releasePool(encoder, pool),
  };
};

interface Round {
  readonly model: Model;
  readonly pool: DecodePool;
  readonly requests: Map<number, Read>;
  readonly samplingOf: (running: Running) => Sampling;
  readonly stepsOf: (count: number) => number;
}

/** The running sequences with those that are drawn alike side by side. */
const alikeTogether = (running: ReadonlyArray<Running>, samplingOf: Round["samplingOf"]): ReadonlyArray<Running> => {
  const nameOf = (one: Running) => {
    const { temperature, topK, topP } = samplingOf(one);
    return `${temperature} ${topK} ${topP}`;
  };
  return [...Map.groupBy(running, nameOf).values()].flat();
};

const round = ({ model, pool, requests, samplingOf, stepsOf }: Round) =>
  Effect.gen(function* () {
    const { encoder } = model;
    const { scheduler } = pool;
    const lengthOf = ({ slot }: Running) => pool.state[slot * 4 + 1];
    const preempted = scheduler.allocate(stepsOf(Math.max(1, scheduler.running.length)), lengthOf);
    for (const { index } of preempted) {
      pool.partial.set(index, { responseTokens: Int32Array.from(requests.get(index)?.tokens ?? []), ...nothing });
    }
    const admitted = scheduler.admit();
    if (preempted.length + admitted.started.length > 0) dropSlots(encoder, pool);
    writeBlockTables(encoder, pool);
    const together = alikeTogether(admitted.started, samplingOf);
    if (together.length > 0) start(model, pool, { ...admitted, started: together }, samplingOf);
    const running = alikeTogether(scheduler.running, samplingOf);
    if (running.length === 0) return [];
    // Each sequence has one token by now.
    const left = running.reduce((max, one) => Math.max(max, one.request.maxTokens - Math.max(1, lengthOf(one))), 0);
    const steps = Math.min(left, scheduler.steps, stepsOf(running.length));
    const groups = rowGroups(running, samplingOf);
    for (let i = 0; i < steps; i++) {
      pool.slots ??= slotsOf(encoder, running);
      step(model, pool, pool.slots, groups);
    }
    const advances = yield* readNew(model, pool, requests, running, steps + 1);
    for (const one of running.filter(({ slot }) => pool.state[slot * 4 + 2] !== 0)) {
      scheduler.finish(one);
      requests.delete(one.index);
      pool.partial.delete(one.index);
      dropSlots(encoder, pool);
    }
    return advances;
  });

/** The tokens that are new, at most `most` of each sequence, and the state of the slots: one read-back. */
const readNew = Effect.fnUntraced(function* (
  { encoder }: Model,
  pool: DecodePool,
  requests: Round["requests"],
  running: ReadonlyArray<Running>,
  most: number,
) {
  const { device } = pool;
  const ranges = running.map(({ index, slot, request }) => {
    const from = requests.get(index)?.tokens.length ?? 0;
    return { index, slot, from, count: Math.min(most, request.maxTokens - from) };
  });
  const parts: Tensor[] = ranges.map(({ slot, from, count }) =>
    sliceColumns(sliceRows(device.out, slot, 1), 3 * from, 3 * count)
  );
  const words = yield* encoder.readWords(device.state, ...parts);
  pool.state = words.slice(0, pool.state.length);
  const numbers = new Float32Array(words.buffer, words.byteOffset);
  let at = pool.state.length;
  return ranges.map(({ index, slot, from, count }): Advance => {
    const first = at;
    at += 3 * count;
    const length = pool.state[slot * 4 + 1] - from;
    const ended = pool.state[slot * 4 + 2];
    const column = (c: number, of: Uint32Array | Float32Array) =>
      Array.from({ length }, (_, t) => of[first + 3 * t + c]);
    const responseTokens = Int32Array.from(column(0, words));
    requests.get(index)?.tokens.push(...responseTokens);
    return {
      index,
      responseTokens,
      logProbs: Float32Array.from(column(1, numbers)),
      entropy: Float32Array.from(column(2, numbers)),
      finish: ended === 0 ? undefined : ended === 1 ? "stop" : "length",
    };
  });
});
