/**
 * Sampling responses. Prompts are read once and shared by their responses; each step runs the newest token of every unfinished sequence
 * through the same transformer that trains, draws on the device, and keeps log-prob and entropy from the same kernel that scores. Sequences
 * that ended leave the batch at the next look. Neither the batch nor the number of steps between looks changes a byte.
 */
import * as Effect from "effect/Effect";
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
import type { Purpose } from "./memory_purposes.ts";
import type { Model } from "./model.ts";
import { type KeyValueCache, transformer } from "./transformer.ts";
import { type Request, same } from "./waves.ts";

/** A drawn response; the stop token, where there is one, is its last. */
export interface Response {
  readonly responseTokens: Int32Array<ArrayBuffer>;
  readonly logProbs: Float32Array<ArrayBuffer>;
  readonly entropy: Float32Array<ArrayBuffer>;
  readonly finish: "stop" | "length";
}

/** Draws the responses of one wave, in the order of the requests. */
export const decodeWave = Effect.fn("Model.decodeWave")(function* (
  model: Model,
  requests: ReadonlyArray<Request>,
  sampling: Sampling,
  stopTokens: ReadonlyArray<number>,
): Effect.fn.Return<ReadonlyArray<Response>, DeviceError> {
  const { encoder } = model;
  const wave = yield* open(model, requests, stopTokens);
  const prompts = yield* prefill(model, wave);
  let active = Uint32Array.from(requests, (_, slot) => slot);
  let slots = encoder.upload(active, 1, active.length);
  // The first token of every response comes from the last state of its prompt.
  const owners = encoder.upload(wave.promptOf, 1, requests.length);
  const first = new Tape(encoder, "inference");
  emit(model, wave, embedding(first, prompts, owners, requests.length), slots, sampling);
  first.free();
  encoder.release(owners);
  encoder.release(prompts);
  for (let produced = 1;; produced++) {
    // Looking costs one small read-back; with many sequences the steps that it saves are dearer.
    if (active.length >= 64 || produced % 4 === 0 || produced <= 1) {
      const state = yield* encoder.readWords(wave.state);
      const next = active.filter((slot) => state[slot * 4 + 2] === 0);
      if (next.length === 0) break;
      if (next.length < active.length) {
        active = next;
        encoder.release(slots);
        slots = encoder.upload(active, 1, active.length);
      }
    }
    step(model, wave, slots, active.length, sampling);
  }
  encoder.release(slots);
  const responses = yield* collect(encoder, wave, requests);
  wave.release();
  return responses;
});

interface Wave {
  readonly longest: number;
  readonly cacheRows: number;
  readonly promptOf: Uint32Array<ArrayBuffer>;
  readonly prompts: ReadonlyArray<{ readonly tokens: Int32Array; readonly start: number }>;
  readonly table: Tensor;
  readonly keys: Tensor;
  readonly state: Tensor;
  readonly sequences: Tensor;
  readonly stops: Tensor;
  readonly stopCount: number;
  readonly out: Tensor;
  readonly cache: Omit<KeyValueCache, "rows">;
  readonly release: () => void;
}

const open = (model: Model, requests: ReadonlyArray<Request>, stopTokens: ReadonlyArray<number>): Effect.Effect<Wave> =>
  Effect.sync(() => {
    const { encoder, config } = model;
    const prompts: { tokens: Int32Array; start: number }[] = [];
    const promptOf = new Uint32Array(requests.length);
    let cacheRows = 0;
    requests.forEach((request, i) => {
      const previous = prompts[prompts.length - 1];
      if (previous === undefined || !same(previous.tokens, request.promptTokens)) {
        prompts.push({ tokens: request.promptTokens, start: cacheRows });
        cacheRows += request.promptTokens.length;
      }
      promptOf[i] = prompts.length - 1;
    });
    const S = requests.length;
    const state = new Uint32Array(S * 4);
    const sequences = new Uint32Array(S * 4);
    const keys = new Uint32Array(S * 2);
    let longest = 1;
    let position = 1;
    requests.forEach((request, i) => {
      const { tokens, start } = prompts[promptOf[i]];
      state[i * 4 + 3] = request.maxTokens;
      sequences.set([start, tokens.length, cacheRows, 0], i * 4);
      keys.set(request.key, i * 2);
      cacheRows += request.maxTokens;
      longest = Math.max(longest, request.maxTokens);
      position = Math.max(position, tokens.length + request.maxTokens);
    });
    const width = config.kvHeads * config.headWidth;
    const purpose: Purpose = "key-value cache";
    const caches = () => Array.from({ length: config.layers }, () => encoder.tensor(cacheRows, width, { purpose }));
    const cache = { keys: caches(), values: caches() };
    const owned = {
      keys: encoder.upload(keys, S, 2),
      state: encoder.upload(state, S, 4),
      sequences: encoder.upload(sequences, S, 4),
      stops: encoder.upload(
        Uint32Array.from(stopTokens.length === 0 ? [0] : stopTokens),
        1,
        Math.max(1, stopTokens.length),
      ),
      out: encoder.tensor(S * 3, longest),
    };
    return {
      ...owned,
      longest,
      cacheRows,
      promptOf,
      prompts,
      table: model.table(position),
      stopCount: stopTokens.length,
      cache,
      release: () =>
        [...Object.values(owned), ...cache.keys, ...cache.values].forEach((tensor) => encoder.release(tensor)),
    };
  });

/** Reads every prompt into the cache; gives the state [U, C] behind each prompt's last token. */
const prefill = (model: Model, wave: Wave): Effect.Effect<Tensor> =>
  Effect.sync(() => {
    const { encoder, config, weights } = model;
    const states = encoder.tensor(wave.prompts.length, config.width);
    const passTokens = 8192;
    for (let from = 0; from < wave.prompts.length;) {
      let to = from;
      let count = 0;
      while (to < wave.prompts.length && (to === from || count + wave.prompts[to].tokens.length <= passTokens)) {
        count += wave.prompts[to++].tokens.length;
      }
      const tokens = new Int32Array(count);
      const positions = new Uint32Array(count);
      const spans = new Uint32Array(count * 4);
      const cacheRows = new Uint32Array(count);
      const lasts = new Uint32Array(to - from);
      let row = 0;
      for (let p = from; p < to; p++) {
        const { tokens: own, start } = wave.prompts[p];
        tokens.set(own, row);
        for (let position = 0; position < own.length; position++, row++) {
          positions[row] = position;
          cacheRows[row] = start + position;
          spans.set([start, position + 1, 0, position + 1], row * 4);
        }
        lasts[p - from] = row - 1;
      }
      const uploads = {
        tokens: encoder.upload(tokens, 1, count),
        positions: encoder.upload(positions, 1, count),
        spans: encoder.upload(spans, count, 4),
        rows: encoder.upload(cacheRows, 1, count),
        lasts: encoder.upload(lasts, 1, lasts.length),
      };
      const tape = new Tape(encoder, "inference");
      const hidden = transformer(tape, config, weights, wave.table, {
        count,
        ...uploads,
        cache: { ...wave.cache, rows: uploads.rows },
      });
      const last = embedding(tape, hidden, uploads.lasts, lasts.length);
      encoder.copy(last, sliceRows(states, from, lasts.length));
      tape.free();
      for (const tensor of Object.values(uploads)) encoder.release(tensor);
      from = to;
    }
    return states;
  });

/** One more token for every active sequence. */
const step = (model: Model, wave: Wave, slots: Tensor, R: number, sampling: Sampling): void => {
  const { encoder, config, weights } = model;
  const rows = {
    tokens: encoder.tensor(1, R),
    positions: encoder.tensor(1, R),
    cacheRows: encoder.tensor(1, R),
    spans: encoder.tensor(R, 4),
  };
  encoder.dispatch(kernels.rows, {
    tensors: [slots, wave.state, wave.sequences, rows.tokens, rows.positions, rows.cacheRows, rows.spans],
    params: { R, slotOffset: 0 },
    groups: lanes(R),
  });
  const tape = new Tape(encoder, "inference");
  const hidden = transformer(tape, config, weights, wave.table, {
    count: R,
    tokens: rows.tokens,
    positions: rows.positions,
    spans: rows.spans,
    cache: { ...wave.cache, rows: rows.cacheRows },
  });
  emit(model, wave, hidden, slots, sampling);
  tape.free();
  for (const tensor of Object.values(rows)) encoder.release(tensor);
};

/** Draws a token from each hidden state [R, C] and appends it to the row's sequence. */
const emit = (model: Model, wave: Wave, hidden: Tensor, slots: Tensor, sampling: Sampling): void => {
  const { encoder, weights } = model;
  const R = hidden.rows;
  const chosen = encoder.tensor(1, R);
  const result = allocate(encoder, R);
  const tile = tileRows(weights.head.rows);
  for (let start = 0; start < R; start += tile) {
    const logits = tileLogits(encoder, sliceRows(hidden, start, Math.min(tile, R - start)), weights.head);
    sampleToken(encoder, logits, { slots, keys: wave.keys, state: wave.state, chosen }, sampling, start);
    reduceTile(encoder, logits, chosen, reportedTemperature(sampling), result, start);
    encoder.release(logits);
  }
  encoder.dispatch(kernels.append, {
    tensors: [chosen, slots, wave.stops, result.logProbs, result.entropy, wave.state, wave.out],
    params: { R, T: wave.longest, slotOffset: 0, stopCount: wave.stopCount },
    groups: lanes(R),
  });
  for (const tensor of [chosen, result.logProbs, result.entropy, result.stats]) encoder.release(tensor);
};

const collect = (
  encoder: Encoder,
  wave: Wave,
  requests: ReadonlyArray<Request>,
): Effect.Effect<ReadonlyArray<Response>, DeviceError> =>
  Effect.gen(function* () {
    const state = yield* encoder.readWords(wave.state);
    const words = yield* encoder.readWords(wave.out);
    const T = wave.longest;
    return requests.map((_, slot) => {
      const length = state[slot * 4 + 1];
      const from = slot * 3 * T;
      return {
        responseTokens: new Int32Array(words.slice(from, from + length).buffer),
        logProbs: new Float32Array(words.slice(from + T, from + T + length).buffer),
        entropy: new Float32Array(words.slice(from + 2 * T, from + 2 * T + length).buffer),
        finish: state[slot * 4 + 2] === 1 ? "stop" as const : "length" as const,
      };
    });
  });
