/**
 * The kernels' gradient of the logits at chosen positions, read back before its product with the head's weight. The forward pass is the
 * trainer's. The chosen hidden states go through the vocabulary head once more, as in its backward pass; rows do not depend on each other.
 * Logits of other positions are not kept.
 */
import * as Effect from "effect/Effect";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import { embedding } from "../../kernels/ops/embedding/embedding.ts";
import { lanes } from "../../kernels/ops/op.ts";
import {
  allocate,
  reduceTile,
  tileLogits,
  tileRows,
  tokenLogProbsKernels,
} from "../../kernels/ops/token_log_probs/token_log_probs.ts";
import { sliceColumns, sliceRows, type Tensor } from "../../kernels/gpu/tensor.ts";
import type { Model } from "../models/model.ts";
import type { Sequence } from "./packed_rows.ts";
import { eachPass, predictorStates } from "./score.ts";

/** The derivatives of a loss by the log-prob and the entropy of one token. */
export interface TokenSeed {
  readonly dLogProb: number;
  readonly dEntropy: number;
}

/** A response token to inspect: its response, its position, and its seeds, each back-propagated separately. */
export interface ChosenToken {
  readonly sequence: number;
  readonly position: number;
  readonly seeds: ReadonlyArray<TokenSeed>;
}

/** Logits [V] of a chosen token, and the gradient of each of its seeds by them, [V]. */
export interface LogitGradients {
  readonly logits: Float32Array;
  readonly gradients: ReadonlyArray<Float32Array>;
}

/** Calls `each` for every chosen token, in order. All must have the same number of seeds, and sequences must ascend. */
export const logitGradients = Effect.fn("Model.logitGradients")(function* (
  model: Model,
  sequences: ReadonlyArray<Sequence>,
  chosen: ReadonlyArray<ChosenToken>,
  temperature: number,
  each: (token: ChosenToken, found: LogitGradients) => void,
): Effect.fn.Return<void, DeviceError> {
  const { encoder } = model;
  yield* eachPass(model, sequences, ({ tape, packed, part, start }) =>
    Effect.gen(function* () {
      const wanted = chosen.filter(({ sequence }) => sequence >= start && sequence < start + part.length);
      if (wanted.length === 0) return;
      const states = predictorStates(tape, model, packed);
      const firsts = startsOf(part);
      const rows = Uint32Array.from(wanted, ({ sequence, position }) => firsts[sequence - start] + position);
      const indices = encoder.upload(rows, 1, rows.length);
      const targets = encoder.upload(rows.map((row) => packed.targets[row]), 1, rows.length);
      const hidden = embedding(tape, states, indices, rows.length);
      const step = tileRows(model.weights.head.rows);
      for (let first = 0; first < rows.length; first += step) {
        const tokens = wanted.slice(first, first + step);
        const tile = {
          hidden: sliceRows(hidden, first, tokens.length),
          targets: sliceColumns(targets, first, tokens.length),
          tokens,
        };
        const found = yield* headRows(model, tile, temperature);
        tokens.forEach((token, i) => each(token, found[i]));
      }
      [indices, targets].forEach((tensor) => encoder.release(tensor));
    }));
});

/** Hidden states of consecutive chosen tokens, and `targets`, their tokens. */
interface Tile {
  readonly hidden: Tensor;
  readonly targets: Tensor;
  readonly tokens: ReadonlyArray<ChosenToken>;
}

/** Logits of a tile of hidden states, and their gradients: all rows for the first seed, then for the next. */
const headRows = Effect.fnUntraced(function* (
  { encoder, weights: { head } }: Model,
  { hidden, targets, tokens }: Tile,
  temperature: number,
): Effect.fn.Return<ReadonlyArray<LogitGradients>, DeviceError> {
  const R = tokens.length;
  const logits = tileLogits(encoder, hidden, head);
  const out = allocate(encoder, R);
  reduceTile(encoder, logits, targets, temperature, out, 0);
  const { stride } = logits;
  const rowsOf = (words: Float32Array) => tokens.map((_, row) => words.slice(row * stride, row * stride + head.rows));
  const forward = rowsOf(yield* encoder.read(logits));
  const backward: Array<ReadonlyArray<Float32Array>> = [];
  for (let seed = 0; seed < tokens[0].seeds.length; seed++) {
    const dLogProbs = encoder.upload(Float32Array.from(tokens, ({ seeds }) => seeds[seed].dLogProb), R, 1);
    const dEntropy = encoder.upload(Float32Array.from(tokens, ({ seeds }) => seeds[seed].dEntropy), R, 1);
    const dlogits = tileLogits(encoder, hidden, head);
    encoder.dispatch(tokenLogProbsKernels.backward, {
      constants: { STRIDE: stride },
      tensors: [dlogits, targets, out.stats, out.entropy, dLogProbs, dEntropy],
      params: { R, V: head.rows, offset: 0, inverseTemperature: 1 / temperature },
      groups: lanes(R * stride / 4),
    });
    backward.push(rowsOf(yield* encoder.read(dlogits)));
    [dLogProbs, dEntropy, dlogits].forEach((tensor) => encoder.release(tensor));
  }
  [logits, out.logProbs, out.entropy, out.stats].forEach((tensor) => encoder.release(tensor));
  return tokens.map((_, row) => ({ logits: forward[row], gradients: backward.map((rows) => rows[row]) }));
});

/** The first predicting row of each response. */
const startsOf = (part: ReadonlyArray<Sequence>): ReadonlyArray<number> => {
  let start = 0;
  return part.map(({ responseTokens }) => {
    const first = start;
    start += responseTokens.length;
    return first;
  });
};
