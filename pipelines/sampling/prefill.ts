/**
 * Reading prompts, and what was drawn of responses that had to wait: their keys and values go into the cache, as many rows in a pass as
 * `passTokens`. A pass may begin anywhere in a sequence, since what stands before is in the cache by then, and rows are independent, so no bit
 * depends on where.
 */
import { embedding } from "../../kernels/ops/embedding/embedding.ts";
import { pageRows, rowIn } from "../../kernels/ops/kv_cache/pages.ts";
import { Tape } from "../../kernels/gpu/tape.ts";
import { sliceRows, type Tensor } from "../../kernels/gpu/tensor.ts";
import { type DecodePool, ownEntry, promptEntry } from "./decode_pool.ts";
import type { Model } from "../models/model.ts";
import type { Seat, SeatedPrompt } from "./scheduler.ts";
import { transformer } from "../models/transformer.ts";

/** Tokens of a pass: enough to keep a device busy, few enough that the activations stay small beside the cache. */
const passTokens = 2048;

/** What is read: prompts, and the tokens of seats but their newest, which the next step runs. */
export interface Read {
  readonly prompts: ReadonlyArray<SeatedPrompt>;
  readonly resumed: ReadonlyArray<{ readonly seat: Seat; readonly tokens: Int32Array }>;
}

/** Rows of passes on the host, one behind the other, and which of them the states are wanted of, ascending. */
interface Rows {
  readonly tokens: Int32Array<ArrayBuffer>;
  readonly positions: Uint32Array<ArrayBuffer>;
  readonly spans: Uint32Array<ArrayBuffer>;
  readonly cacheRows: Uint32Array<ArrayBuffer>;
  readonly lasts: ReadonlyArray<number>;
}

/** Reads into the cache of the pool; `states` [U, C] gets what stands behind the last token of each prompt. */
export const prefill = (model: Model, pool: DecodePool, { prompts, resumed }: Read, states: Tensor): void => {
  const continued = resumed.map(({ seat, tokens }) => ({ seat, tokens: tokens.subarray(0, -1) }));
  const count = [...prompts, ...continued].reduce((sum, { tokens }) => sum + tokens.length, 0);
  const rows = { ...emptyRows(count), lasts: [] as number[] };
  let row = 0;
  const put = (
    tokens: Int32Array,
    first: number,
    pages: ReadonlyArray<number>,
    ...[prompt, promptLength, own]: [prompt: number, promptLength: number | undefined, own: number]
  ) => {
    rows.tokens.set(tokens, row);
    for (let nth = 0; nth < tokens.length; nth++, row++) {
      const seen = first + nth + 1;
      rows.positions[row] = first + nth;
      rows.cacheRows[row] = rowIn(pages, nth);
      rows.spans[row * 4] = prompt;
      rows.spans[row * 4 + 1] = promptLength ?? seen;
      rows.spans[row * 4 + 2] = own;
      rows.spans[row * 4 + 3] = seen;
    }
  };
  for (const { tokens, list, pages } of prompts) {
    put(tokens, 0, pages, promptEntry(pool.shape, list), undefined, 0);
    rows.lasts.push(row - 1);
  }
  for (const { seat: { place, pages, prompt }, tokens } of continued) {
    const { length } = prompt.tokens;
    put(tokens, length, pages, promptEntry(pool.shape, prompt.list), length, ownEntry(pool.shape, place));
  }
  readRows(model, pool, rows, states);
};

/** The most that a pass of this pool can read, whatever it says: what memory that takes is what a plan wants to know. */
export const prefillMost = (model: Model, pool: DecodePool): void => {
  const count = Math.min(passTokens, pool.shape.pages * pageRows);
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
