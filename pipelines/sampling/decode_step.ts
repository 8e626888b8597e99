/**
 * One step of decoding on the device: the first token after a prefill, and one more token of every running sequence. Rows that are drawn with
 * other options are other dispatches of the same kernels, so no row depends on the options of another.
 */
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import { logitTemperature } from "../../kernels/ops/logit_temperature.ts";
import { lanes } from "../../kernels/ops/op.ts";
import { embedding } from "../../kernels/ops/embedding/embedding.ts";
import { blockRows } from "../../kernels/ops/kv_cache/blocks.ts";
import { sampleToken, sampleTokenKernels, type Sampling } from "../../kernels/ops/sample_token/sample_token.ts";
import { allocate, reduceTile, tileLogits, tileRows } from "../../kernels/ops/token_log_probs/token_log_probs.ts";
import { Tape } from "../../kernels/gpu/tape.ts";
import { sliceRows, type Tensor } from "../../kernels/gpu/tensor.ts";
import type { Model } from "../models/model.ts";
import { transformer } from "../models/transformer.ts";
import { type DecodePool, writeStarted } from "./decode_pool.ts";
import { prefill } from "./prefill.ts";
import type { Running } from "./scheduler.ts";

/** Neighbouring rows whose tokens are drawn with the same options. */
export interface RowGroup {
  readonly sampling: Sampling;
  readonly count: number;
}

/** The groups of sequences whose neighbours may be drawn alike, in their order. */
export const rowGroups = (
  running: ReadonlyArray<Running>,
  samplingOf: (running: Running) => Sampling,
): ReadonlyArray<RowGroup> => {
  const groups: Array<{ readonly sampling: Sampling; count: number }> = [];
  for (const one of running) {
    const sampling = samplingOf(one);
    const last = groups.at(-1);
    if (last !== undefined && isAlike(last.sampling, sampling)) last.count++;
    else groups.push({ sampling, count: 1 });
  }
  return groups;
};

const isAlike = (a: Sampling, b: Sampling): boolean =>
  a === b || (a.temperature === b.temperature && a.topK === b.topK && a.topP === b.topP);

/** Prefills the started sequences. One without tokens gets its first token from the last hidden state of its prompt. */
export const start = (
  model: Model,
  pool: DecodePool,
  { started, prompts }: ReturnType<DecodePool["scheduler"]["admit"]>,
  samplingOf: (running: Running) => Sampling,
): void => {
  const { encoder } = model;
  writeStarted(encoder, pool, started);
  // Row 0 is the prompt that was prefilled last in an earlier round.
  const states = encoder.tensor(1 + prompts.length, model.config.width);
  encoder.copy(pool.device.lastPrompt, sliceRows(states, 0, 1));
  const resumed = started.flatMap((running) => {
    const tokens = pool.partial.get(running.index)?.responseTokens;
    return tokens === undefined ? [] : [{ running, tokens }];
  });
  prefill(model, pool, { prompts, resumed }, sliceRows(states, 1, prompts.length));
  const fresh = started.filter(({ generated }) => generated === 0);
  if (fresh.length > 0) {
    const owner = new Map(prompts.map((prompt, i) => [prompt, 1 + i]));
    const owners = Uint32Array.from(fresh, ({ prompt }) => owner.get(prompt) ?? 0);
    const rows = encoder.upload(owners, 1, fresh.length);
    const slots = slotsOf(encoder, fresh);
    const tape = new Tape(encoder, "inference");
    emit(model, pool, embedding(tape, states, rows, fresh.length), slots, rowGroups(fresh, samplingOf));
    tape.free();
    for (const tensor of [slots, rows]) encoder.release(tensor);
  }
  // Only the prompt that was prefilled last can have responses that have not started.
  if (prompts.length > 0) encoder.copy(sliceRows(states, prompts.length, 1), pool.device.lastPrompt);
  encoder.release(states);
};

/** The slots of the running sequences, u32 [1, R]. */
export const slotsOf = (encoder: Encoder, running: ReadonlyArray<Running>): Tensor =>
  encoder.upload(Uint32Array.from(running, ({ slot }) => slot), 1, running.length);

/** Releases the uploaded list of slots after the running set changed. */
export const dropSlots = (encoder: Encoder, pool: DecodePool): void => {
  if (pool.slots !== undefined) encoder.release(pool.slots);
  pool.slots = undefined;
};

/** Decodes one more token of every running sequence. */
export const step = (model: Model, pool: DecodePool, slots: Tensor, groups: ReadonlyArray<RowGroup>): void => {
  const { encoder } = model;
  const R = slots.cols;
  const { state, sequences, cache, table } = pool.device;
  const rows = {
    tokens: encoder.tensor(1, R),
    positions: encoder.tensor(1, R),
    cacheRows: encoder.tensor(1, R),
    spans: encoder.tensor(R, 4),
  };
  encoder.dispatch(sampleTokenKernels.rows, {
    constants: { BLOCK: blockRows },
    tensors: [slots, state, sequences, cache.blockTables, rows.tokens, rows.positions, rows.cacheRows, rows.spans],
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
  emit(model, pool, hidden, slots, groups);
  tape.free();
  for (const tensor of Object.values(rows)) encoder.release(tensor);
};

/** Draws a token from each hidden state [R, C] and appends it to the sequence in that row's slot. */
const emit = (model: Model, pool: DecodePool, hidden: Tensor, slots: Tensor, groups: ReadonlyArray<RowGroup>): void => {
  const { encoder, weights } = model;
  const { state, stops, out, keys } = pool.device;
  const R = hidden.rows;
  const chosen = encoder.tensor(1, R);
  const result = allocate(encoder, R);
  const tile = tileRows(weights.head.rows);
  let from = 0;
  for (const { sampling, count } of groups) {
    const end = from + count;
    for (let start = from; start < end; start += tile) {
      const logits = tileLogits(encoder, sliceRows(hidden, start, Math.min(tile, end - start)), weights.head);
      sampleToken(encoder, logits, { slots, keys, state, chosen }, sampling, start);
      reduceTile(encoder, logits, chosen, logitTemperature(sampling.temperature), result, start);
      encoder.release(logits);
    }
    from = end;
  }
  encoder.dispatch(sampleTokenKernels.append, {
    tensors: [chosen, slots, stops, result.logProbs, result.entropy, state, out],
    params: { R, T: pool.shape.maxResponse, slotOffset: 0, stopCount: pool.stopCount },
    groups: lanes(R),
  });
  for (const tensor of [chosen, result.logProbs, result.entropy, result.stats]) encoder.release(tensor);
};
