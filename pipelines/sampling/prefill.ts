/**
 * Prefill: writes the keys and values of prompts, and of the responses of preempted sequences, into the cache, `passTokens` rows per pass.
 * A pass may begin anywhere in a sequence, since earlier rows are already in the cache. Rows are independent, so the cuts change no bit.
 */
import { embedding } from "../../kernels/ops/embedding/embedding.ts";
import { blockRows, rowIn } from "../../kernels/ops/kv_cache/blocks.ts";
import { Tape } from "../../kernels/gpu/tape.ts";
import { sliceRows, type Tensor } from "../../kernels/gpu/tensor.ts";
import { type DecodePool, promptTable, responseTable } from "./decode_pool.ts";
import type { Model } from "../models/model.ts";
import type { CachedPrompt, Running } from "./scheduler.ts";
import { transformer } from "../models/transformer.ts";

/** Tokens per pass: enough to keep a device busy, and few enough that activations are small beside the cache. */
const passTokens = 2048;

/** The input of prefill: prompts, and all tokens but the newest of preempted sequences; the next step runs the newest. */
export interface Prefill {
  readonly prompts: ReadonlyArray<CachedPrompt>;
  readonly resumed: ReadonlyArray<{ readonly running: Running; readonly tokens: Int32Array }>;
}

/** The rows of all passes on the host, and those whose last hidden state is needed, ascending. */
interface Rows {
  readonly tokens: Int32Array<ArrayBuffer>;
  readonly positions: Uint32Array<ArrayBuffer>;
  readonly spans: Uint32Array<ArrayBuffer>;
  readonly cacheRows: Uint32Array<ArrayBuffer>;
  readonly lasts: ReadonlyArray<number>;
}

/** Fills the cache of the pool and writes the hidden state of each prompt's last token to `states` [U, C]. */
export const prefill = (model: Model, pool: DecodePool, { prompts, resumed }: Prefill, states: Tensor): void => {
  const continued = resumed.map(({ running, tokens }) => ({ running, tokens: tokens.subarray(0, -1) }));
  const count = [...prompts, ...continued].reduce((sum, { tokens }) => sum + tokens.length, 0);
  const rows = { ...emptyRows(count), lasts: [] as number[] };
  let row = 0;
  const put = ({ tokens, first, blocks, prompt, promptLength, response }: {
    readonly tokens: Int32Array;
    readonly first: number;
    readonly blocks: ReadonlyArray<number>;
    readonly prompt: number;
    readonly promptLength?: number;
    readonly response: number;
  }) => {
    rows.tokens.set(tokens, row);
    for (let nth = 0; nth < tokens.length; nth++, row++) {
      const seen = first + nth + 1;
      rows.positions[row] = first + nth;
      rows.cacheRows[row] = rowIn(blocks, nth);
      rows.spans[row * 4] = prompt;
      rows.spans[row * 4 + 1] = promptLength ?? seen;
      rows.spans[row * 4 + 2] = response;
      rows.spans[row * 4 + 3] = seen;
    }
  };
  for (const { tokens, table, blocks } of prompts) {
    put({ tokens, first: 0, blocks, prompt: promptTable(pool.shape, table), response: 0 });
    rows.lasts.push(row - 1);
  }
  for (const { running: { slot, blocks, prompt }, tokens } of continued) {
    const { length } = prompt.tokens;
    const tables = { prompt: promptTable(pool.shape, prompt.table), response: responseTable(pool.shape, slot) };
    put({ tokens, first: length, blocks, promptLength: length, ...tables });
  }
  readRows(model, pool, rows, states);
};

/** Runs the largest pass that this pool can need on dummy rows, so that a memory plan counts it. */
export const prefillLargest = (model: Model, pool: DecodePool): void => {
  const count = Math.min(passTokens, pool.shape.blocks * blockRows);
  const rows = emptyRows(count);
  for (let row = 0; row < count; row++) {
    rows.cacheRows[row] = row;
    rows.spans.set([0, 1, 0, 1], row * 4);
  }
  const lasts = Array.from({ length: Math.min(count, pool.shape.prompts) }, (_, i) => i);
  const states = model.encoder.tensor(1 + pool.shape.prompts, model.config.width);
  readRows(model, pool, { ...rows, lasts }, states);
  model.encoder.release(states);
};

const emptyRows = (count: number) => ({
  tokens: new Int32Array(count),
  positions: new Uint32Array(count),
  spans: new Uint32Array(4 * count),
  cacheRows: new Uint32Array(count),
});

const readRows = (model: Model, pool: DecodePool, rows: Rows, states: Tensor): void => {
  let first = 0;
  for (let from = 0; from < rows.tokens.length; from += passTokens) {
    const to = Math.min(rows.tokens.length, from + passTokens);
    let end = first;
    while (end < rows.lasts.length && rows.lasts[end] < to) end++;
    const lasts = Uint32Array.from(rows.lasts.slice(first, end), (row) => row - from);
    readPass(model, pool, {
      tokens: rows.tokens.subarray(from, to),
      positions: rows.positions.subarray(from, to),
      spans: rows.spans.subarray(4 * from, 4 * to),
      cacheRows: rows.cacheRows.subarray(from, to),
      lasts,
      states: sliceRows(states, first, lasts.length),
    });
    first = end;
  }
};

const readPass = (
  model: Model,
  { device: { cache, table } }: DecodePool,
  { tokens, positions, spans, cacheRows, lasts, states }: Omit<Rows, "lasts"> & {
    readonly lasts: Uint32Array<ArrayBuffer>;
    readonly states: Tensor;
  },
): void => {
  const { encoder } = model;
  const count = tokens.length;
  const uploads = {
    tokens: encoder.upload(tokens, 1, count),
    positions: encoder.upload(positions, 1, count),
    spans: encoder.upload(spans, count, 4),
    rows: encoder.upload(cacheRows, 1, count),
    lasts: encoder.upload(lasts, 1, lasts.length),
  };
  const tape = new Tape(encoder, "inference");
  const hidden = transformer(tape, model, table, {
    count,
    ...uploads,
    cache: { ...cache, rows: uploads.rows },
  });
  if (lasts.length > 0) encoder.copy(embedding(tape, hidden, uploads.lasts, lasts.length), states);
  tape.free();
  for (const tensor of Object.values(uploads)) encoder.release(tensor);
};
