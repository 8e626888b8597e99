/**
 * Sampling responses. A pool of places is decoded together: each step runs the newest token of every sequence in it through the same
 * transformer that trains, draws on the device, and keeps log-prob and entropy from the same kernel that scores. At a look the sequences that
 * ended are read back and their places go to the next requests; a prompt is read once for the responses to it. Neither the size of the pool,
 * nor who sits beside whom, nor the number of steps between looks changes a byte.
 */
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Stream from "effect/Stream";
import type { DeviceError } from "../../kernels/device_error.ts";
import type { Encoder } from "../../kernels/encoder.ts";
import { lanes } from "../../kernels/op.ts";
import { embedding } from "../../kernels/ops/embedding/embedding.ts";
import {
  kernels,
  reportedTemperature,
  sampleToken,
  type Sampling,
} from "../../kernels/ops/sample_token/sample_token.ts";
import { allocate, reduceTile, tileLogits, tileRows } from "../../kernels/ops/token_log_probs/token_log_probs.ts";
import { Tape } from "../../kernels/tape.ts";
import { sliceRows, type Tensor } from "../../kernels/tensor.ts";
import { type DecodePool, makePool, releasePool, writeSeats } from "./decode_pool.ts";
import { type LookInterval, lookInterval } from "./look_interval.ts";
import type { Model } from "./model.ts";
import type { Seat } from "./places.ts";
import type { PoolLimits, Request } from "./pool_shape.ts";
import { prefill } from "./prefill.ts";
import { transformer } from "./transformer.ts";

/** A drawn response; the stop token, where there is one, is its last. */
export interface Response {
  readonly responseTokens: Int32Array<ArrayBuffer>;
  readonly logProbs: Float32Array<ArrayBuffer>;
  readonly entropy: Float32Array<ArrayBuffer>;
  readonly finish: "stop" | "length";
}

/** How requests are decoded; nothing here changes a response. */
export interface DecodeOptions extends PoolLimits {
  /** Steps between two looks; by default what suits the device. */
  readonly looks?: LookInterval;
  /** Hears at each look how many responses are done that were not before. */
  readonly finished?: (count: number) => Effect.Effect<void>;
}

/**
 * Draws the responses, in the order of the requests. One that is done waits for those before it, on the host: never more tokens than the pool
 * has room for, because a request is seated after all that stand before it.
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
      Effect.sync(() => makePool(model, requests, stopTokens, options)),
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
          return [ready, pool.places.isDone ? Option.none() : Option.some(handed + ready.length)] as const;
        }));
    },
  ));

/** Seats who waits, decodes until the next look, and gives the responses that ended, by the index of their request. */
const round = Effect.fnUntraced(function* (
  model: Model,
  pool: DecodePool,
  sampling: Sampling,
  { looks = lookInterval(model.encoder.info), finished = () => Effect.void }: DecodeOptions,
): Effect.fn.Return<ReadonlyArray<readonly [number, Response]>, DeviceError> {
  const { encoder } = model;
  const { places, longest } = pool;
  const newcomers = places.admit();
  if (newcomers.seats.length > 0) enter(model, pool, newcomers, sampling);
  const seated = places.seated;
  // Every sequence is over after as many steps as the one with the most tokens to come may take; each has one token by now.
  const left = seated.reduce(
    (most, { place, request }) => Math.max(most, request.maxTokens - Math.max(1, pool.state[place * 4 + 1])),
    0,
  );
  const steps = Math.min(left, Math.max(1, looks(seated.length, longest)));
  for (let i = 0; i < steps; i++) {
    pool.slots ??= placesOf(encoder, seated);
    step(model, pool, pool.slots, seated.length, sampling);
  }
  pool.state = yield* encoder.readWords(pool.device.state);
  const ended = seated.filter(({ place }) => pool.state[place * 4 + 2] !== 0);
  if (ended.length === 0) return [];
  const responses = yield* readBack(model, pool, ended);
  for (const seat of ended) places.leave(seat);
  if (pool.slots !== undefined) encoder.release(pool.slots);
  pool.slots = undefined;
  yield* finished(ended.length);
  return responses;
});

/** Newcomers take their places; the first token of each comes from the last state of its prompt. */
const enter = (
  model: Model,
  pool: DecodePool,
  { seats, prompts }: ReturnType<DecodePool["places"]["admit"]>,
  sampling: Sampling,
): void => {
  const { encoder } = model;
  writeSeats(encoder, pool, seats);
  // In front of the new prompts stands the one that was read for responses before.
  const states = encoder.tensor(1 + prompts.length, model.config.width);
  encoder.copy(pool.device.kept, sliceRows(states, 0, 1));
  prefill(model, pool, prompts, sliceRows(states, 1, prompts.length));
  const slots = placesOf(encoder, seats);
  const owners = encoder.upload(Uint32Array.from(seats, ({ prompt }) => 1 + prompts.indexOf(prompt)), 1, seats.length);
  const tape = new Tape(encoder, "inference");
  emit(model, pool, embedding(tape, states, owners, seats.length), slots, sampling);
  tape.free();
  if (prompts.length > 0) encoder.copy(sliceRows(states, prompts.length, 1), pool.device.kept);
  for (const tensor of [states, slots, owners]) encoder.release(tensor);
};

/** The places of some seats, u32 [1, R]. */
const placesOf = (encoder: Encoder, seats: ReadonlyArray<Seat>): Tensor =>
  encoder.upload(Uint32Array.from(seats, ({ place }) => place), 1, seats.length);

/** One more token for every active sequence. */
const step = (model: Model, pool: DecodePool, slots: Tensor, R: number, sampling: Sampling): void => {
  const { encoder } = model;
  const { state, sequences, cache, table } = pool.device;
  const rows = {
    tokens: encoder.tensor(1, R),
    positions: encoder.tensor(1, R),
    cacheRows: encoder.tensor(1, R),
    spans: encoder.tensor(R, 4),
  };
  encoder.dispatch(kernels.rows, {
    tensors: [slots, state, sequences, rows.tokens, rows.positions, rows.cacheRows, rows.spans],
    params: { R, slotOffset: 0 },
    groups: lanes(R),
  });
  const tape = new Tape(encoder, "inference");
  const hidden = transformer(tape, model, table, {
    count: R,
    tokens: rows.tokens,
    positions: rows.positions,
    spans: rows.spans,
    most: table.rows,
    cache: { ...cache, rows: rows.cacheRows },
  });
  emit(model, pool, hidden, slots, sampling);
  tape.free();
  for (const tensor of Object.values(rows)) encoder.release(tensor);
};

/** Draws a token from each hidden state [R, C] and appends it to the row's sequence. */
const emit = (model: Model, pool: DecodePool, hidden: Tensor, slots: Tensor, sampling: Sampling): void => {
  const { encoder, weights } = model;
  const { state, stops, out, keys } = pool.device;
  const R = hidden.rows;
  const chosen = encoder.tensor(1, R);
  const result = allocate(encoder, R);
  const tile = tileRows(weights.head.rows);
  for (let start = 0; start < R; start += tile) {
    const logits = tileLogits(encoder, sliceRows(hidden, start, Math.min(tile, R - start)), weights.head);
    sampleToken(encoder, logits, { slots, keys, state, chosen }, sampling, start);
    reduceTile(encoder, logits, chosen, reportedTemperature(sampling), result, start);
    encoder.release(logits);
  }
  encoder.dispatch(kernels.append, {
    tensors: [chosen, slots, stops, result.logProbs, result.entropy, state, out],
    params: { R, T: pool.longest, slotOffset: 0, stopCount: pool.stopCount },
    groups: lanes(R),
  });
  for (const tensor of [chosen, result.logProbs, result.entropy, result.stats]) encoder.release(tensor);
};

/** The responses of sequences that ended, in order of their places, in one read-back. */
const readBack = Effect.fnUntraced(function* (
  { encoder }: Model,
  { device, longest: T, state }: DecodePool,
  ended: ReadonlyArray<Seat>,
): Effect.fn.Return<ReadonlyArray<readonly [number, Response]>, DeviceError> {
  const words = yield* encoder.readWords(
    ...neighbours(ended).map(({ first, count }) => sliceRows(device.out, first, count)),
  );
  return ended.map(({ index, place }, i) => {
    const length = state[place * 4 + 1];
    const list = (which: number) => words.slice((3 * i + which) * T, (3 * i + which) * T + length).buffer;
    return [index, {
      responseTokens: new Int32Array(list(0)),
      logProbs: new Float32Array(list(1)),
      entropy: new Float32Array(list(2)),
      finish: state[place * 4 + 2] === 1 ? "stop" : "length",
    }];
  });
});

/** Places beside each other, taken together. */
const neighbours = (seats: ReadonlyArray<Seat>) => {
  const runs: { first: number; count: number }[] = [];
  for (const { place } of seats) {
    const last = runs[runs.length - 1];
    if (last !== undefined && last.first + last.count === place) last.count++;
    else runs.push({ first: place, count: 1 });
  }
  return runs;
};
