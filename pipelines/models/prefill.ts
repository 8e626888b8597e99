/** Reading prompts: their keys and values go into the cache, as many prompts in a pass as `passTokens` holds. */
import { embedding } from "../../kernels/ops/embedding/embedding.ts";
import { Tape } from "../../kernels/tape.ts";
import { sliceRows, type Tensor } from "../../kernels/tensor.ts";
import type { DecodePool } from "./decode_pool.ts";
import type { Model } from "./model.ts";
import type { SeatedPrompt } from "./places.ts";
import { transformer } from "./transformer.ts";

/** Tokens of a pass; a longer prompt is alone in its own. Rows are independent, so no bit depends on it. */
const passTokens = 8192;

/** Reads prompts into the cache of the pool; `states` [U, C] gets what stands behind the last token of each. */
export const prefill = (
  model: Model,
  pool: DecodePool,
  prompts: ReadonlyArray<SeatedPrompt>,
  states: Tensor,
): void => {
  const { encoder } = model;
  const { cache, table } = pool.device;
  for (let from = 0; from < prompts.length;) {
    let to = from;
    let count = 0;
    while (to < prompts.length && (to === from || count + prompts[to].tokens.length <= passTokens)) {
      count += prompts[to++].tokens.length;
    }
    const tokens = new Int32Array(count);
    const positions = new Uint32Array(count);
    const spans = new Uint32Array(count * 4);
    const cacheRows = new Uint32Array(count);
    const lasts = new Uint32Array(to - from);
    let row = 0;
    for (let p = from; p < to; p++) {
      const { tokens: own, start } = prompts[p];
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
    const hidden = transformer(tape, model, table, {
      count,
      ...uploads,
      cache: { ...cache, rows: uploads.rows },
    });
    const last = embedding(tape, hidden, uploads.lasts, lasts.length);
    encoder.copy(last, sliceRows(states, from, lasts.length));
    tape.free();
    for (const tensor of Object.values(uploads)) encoder.release(tensor);
    from = to;
  }
};
