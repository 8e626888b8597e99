/**
 * Sampling responses. A pool of places is decoded together: each step runs the newest token of every sequence in it through the same
 * transformer that trains, draws on the device, and keeps log-prob and entropy from the same kernel that scores. At a look the sequences that
 * ended are read back and their places go to the next requests; a prompt is read once for the responses to it. Keys and values lie in pages,
 * which are handed out at looks as sequences grow; where there are too few the youngest sequences wait, and go on later from what they had
 * drawn. Neither the size of the pool, nor who sits beside whom, nor who waits, nor the number of steps between looks changes a byte.
 */
import * as Effect from "effect/Effect";
import * as Option from "effect/Option";
import * as Stream from "effect/Stream";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import { logitTemperature } from "../../kernels/ops/logit_temperature.ts";
import { lanes } from "../../kernels/ops/op.ts";
import { embedding } from "../../kernels/ops/embedding/embedding.ts";
import { pageRows } from "../../kernels/ops/kv_cache/pages.ts";
import { kernels, sampleToken, type Sampling } from "../../kernels/ops/sample_token/sample_token.ts";
import { allocate, reduceTile, tileLogits, tileRows } from "../../kernels/ops/token_log_probs/token_log_probs.ts";
import { Tape } from "../../kernels/gpu/tape.ts";
import { sliceColumns, sliceRows, type Tensor } from "../../kernels/gpu/tensor.ts";
import { type DecodePool, type Drawn, makePool, releasePool, writePages, writeSeats } from "./decode_pool.ts";
import { type LookInterval, lookInterval } from "./look_interval.ts";
import type { Model } from "../models/model.ts";
import type { Seat } from "./scheduler.ts";
import { isScarce, type PoolLimits, type Request } from "./pool_shape.ts";
import { prefill, prefillMost } from "./prefill.ts";
import { transformer } from "../models/transformer.ts";

/** A drawn response; the stop token, where there is one, is its last. */
export interface Response extends Drawn {
  readonly finish: "stop" | "length";
}

/** How requests are decoded; nothing here changes a response. */
export interface DecodeOptions extends PoolLimits {
  /** Steps between two looks; by default what suits the device. */
  readonly looks?: LookInterval;
  /** Hears at each look how many responses are done that were not before. */
  readonly finished?: (count: number) => Effect.Effect<void>;
  /** For plans of memory: where sequences may have to wait, the most that going on with them can read is read once before anything else. */
  readonly rehearses?: boolean;
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
      Effect.sync(() => {
        const pool = makePool(model, requests, stopTokens, options);
        if (options.rehearses === true && isScarce(pool.shape)) prefillMost(model, pool);
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
  const { places, shape: { longest } } = pool;
  const lengthOf = ({ place }: Seat) => pool.state[place * 4 + 1];
  const stepsOf = (count: number) => Math.max(1, looks(count, longest));
  const paused = places.provide(stepsOf(Math.max(1, places.seated.length)), lengthOf);
  const begun = yield* readBack(model, pool, paused);
  paused.forEach(({ index }, i) => pool.begun.set(index, begun[i]));
  const newcomers = places.admit();
  if (paused.length + newcomers.seats.length > 0) dropSlots(encoder, pool);
  writePages(encoder, pool);
  if (newcomers.seats.length > 0) enter(model, pool, newcomers, sampling);
  const seated = places.seated;
  // Every sequence is over after as many steps as the one with the most tokens to come may take; each has one token by now.
  const left = seated.reduce(
    (most, seat) => Math.max(most, seat.request.maxTokens - Math.max(1, lengthOf(seat))),
    0,
  );
  const steps = Math.min(left, places.steps, stepsOf(seated.length));
  for (let i = 0; i < steps; i++) {
    pool.slots ??= placesOf(encoder, seated);
    step(model, pool, pool.slots, seated.length, sampling);
  }
  pool.state = yield* encoder.readWords(pool.device.state);
  const ended = seated.filter(({ place }) => pool.state[place * 4 + 2] !== 0);
  if (ended.length === 0) return [];
  const drawn = yield* readBack(model, pool, ended);
  for (const seat of ended) {
    places.leave(seat);
    pool.begun.delete(seat.index);
  }
  dropSlots(encoder, pool);
  yield* finished(ended.length);
  return ended.map(({ index, place }, i) => {
    const finish = pool.state[place * 4 + 2] === 1 ? "stop" : "length";
    return [index, { ...drawn[i], finish }];
  });
});

/** Newcomers take their places; the first token of those who have none comes from the last state of their prompt. */
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
  const resumed = seats.flatMap((seat) => {
    const tokens = pool.begun.get(seat.index)?.responseTokens;
    return tokens === undefined ? [] : [{ seat, tokens }];
  });
  prefill(model, pool, { prompts, resumed }, sliceRows(states, 1, prompts.length));
  const fresh = seats.filter(({ drawn }) => drawn === 0);
  if (fresh.length > 0) {
    const owner = new Map(prompts.map((prompt, i) => [prompt, 1 + i]));
    const owners = Uint32Array.from(fresh, ({ prompt }) => owner.get(prompt) ?? 0);
    const rows = encoder.upload(owners, 1, fresh.length);
    const slots = placesOf(encoder, fresh);
    const tape = new Tape(encoder, "inference");
    emit(model, pool, embedding(tape, states, rows, fresh.length), slots, sampling);
    tape.free();
    for (const tensor of [slots, rows]) encoder.release(tensor);
  }
  // The last prompt that was read is the only one whose responses may yet have no token.
  if (prompts.length > 0) encoder.copy(sliceRows(states, prompts.length, 1), pool.device.kept);
  encoder.release(states);
};

/** The places of some seats, u32 [1, R]. */
const placesOf = (encoder: Encoder, seats: ReadonlyArray<Seat>): Tensor =>
  encoder.upload(Uint32Array.from(seats, ({ place }) => place), 1, seats.length);

/** Others sit now than those whose places were written down. */
const dropSlots = (encoder: Encoder, pool: DecodePool): void => {
  if (pool.slots !== undefined) encoder.release(pool.slots);
  pool.slots = undefined;
};

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
    constants: { PAGE: pageRows },
    tensors: [slots, state, sequences, cache.pages, rows.tokens, rows.positions, rows.cacheRows, rows.spans],
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
    reduceTile(encoder, logits, chosen, logitTemperature(sampling.temperature), result, start);
    encoder.release(logits);
  }
  encoder.dispatch(kernels.append, {
    tensors: [chosen, slots, stops, result.logProbs, result.entropy, state, out],
    params: { R, T: pool.shape.longest, slotOffset: 0, stopCount: pool.stopCount },
    groups: lanes(R),
  });
  for (const tensor of [chosen, result.logProbs, result.entropy, result.stats]) encoder.release(tensor);
};

/** What the sequences at some places have drawn, in one read-back of what is new since they sat down; what was drawn before is here. */
const readBack = Effect.fnUntraced(function* (
  { encoder }: Model,
  { device, state, begun }: DecodePool,
  seats: ReadonlyArray<Seat>,
): Effect.fn.Return<ReadonlyArray<Drawn>, DeviceError> {
  if (seats.length === 0) return [];
  const lengthOf = (place: number) => state[place * 4 + 1];
  const words = yield* encoder.readWords(
    ...seats.map(({ place, drawn }) =>
      sliceColumns(sliceRows(device.out, place, 1), 3 * drawn, 3 * (lengthOf(place) - drawn))
    ),
  );
  const numbers = new Float32Array(words.buffer);
  let from = 0;
  return seats.map(({ index, place, drawn }): Drawn => {
    const length = lengthOf(place);
    const [responseTokens, logProbs, entropy] = [
      new Int32Array(length),
      new Float32Array(length),
      new Float32Array(length),
    ];
    const before = begun.get(index);
    if (before !== undefined) {
      responseTokens.set(before.responseTokens);
      logProbs.set(before.logProbs);
      entropy.set(before.entropy);
    }
    for (let t = drawn; t < length; t++, from += 3) {
      responseTokens[t] = words[from];
      logProbs[t] = numbers[from + 1];
      entropy[t] = numbers[from + 2];
    }
    return { responseTokens, logProbs, entropy };
  });
});
