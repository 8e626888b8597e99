/** Sequences of a batch packed end to end, and the rows whose next token is a response token. */
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import type { Tensor } from "../../kernels/gpu/tensor.ts";
import type { Rows } from "../models/transformer.ts";

/** One sequence: prompt and response token ids. */
export interface Sequence {
  readonly promptTokens: Int32Array;
  readonly responseTokens: Int32Array;
}

/** A packed batch on the device. The last token of a sequence predicts nothing and is left out. */
export interface PackedRows {
  readonly rows: Rows & { readonly ends: Tensor; readonly hostTokens: Int32Array };
  /** The row that predicts each response token, [R], and those tokens, [R]. */
  readonly predictors: Uint32Array<ArrayBuffer>;
  readonly targets: Uint32Array<ArrayBuffer>;
  /** The longest sequence, in rows. */
  readonly longest: number;
  readonly release: () => void;
}

/** Number of rows of a sequence in a pass. */
export const packedLength = ({ promptTokens, responseTokens }: Sequence): number =>
  Math.max(0, promptTokens.length + responseTokens.length - 1);

/** Packs sequences and uploads the inputs of the transformer. */
export const packRows = (encoder: Encoder, sequences: ReadonlyArray<Sequence>): PackedRows => {
  const count = sequences.reduce((sum, sequence) => sum + packedLength(sequence), 0);
  const responses = sequences.reduce((sum, { responseTokens }) => sum + responseTokens.length, 0);
  const tokens = new Int32Array(count);
  const positions = new Uint32Array(count);
  const spans = new Uint32Array(count * 4);
  const ends = new Uint32Array(count);
  const predictors = new Uint32Array(responses);
  const targets = new Uint32Array(responses);
  let start = 0;
  let predicted = 0;
  for (const sequence of sequences) {
    const { promptTokens, responseTokens } = sequence;
    const length = packedLength(sequence);
    tokens.set(promptTokens, start);
    tokens.set(responseTokens.subarray(0, responseTokens.length - 1), start + promptTokens.length);
    for (let position = 0; position < length; position++) {
      const row = start + position;
      positions[row] = position;
      spans.set([0, 0, start, position + 1], row * 4);
      ends[row] = start + length;
    }
    responseTokens.forEach((token, i) => {
      predictors[predicted] = start + promptTokens.length - 1 + i;
      targets[predicted++] = token;
    });
    start += length;
  }
  const rows = {
    count,
    tokens: encoder.upload(tokens, 1, count),
    positions: encoder.upload(positions, 1, count),
    spans: encoder.upload(spans, count, 4),
    ends: encoder.upload(ends, 1, count),
    hostTokens: tokens,
  };
  return {
    rows,
    predictors,
    targets,
    longest: sequences.reduce((most, sequence) => Math.max(most, packedLength(sequence)), 0),
    release: () => [rows.tokens, rows.positions, rows.spans, rows.ends].forEach((tensor) => encoder.release(tensor)),
  };
};
