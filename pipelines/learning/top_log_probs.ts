/**
 * The most probable tokens at each position of given responses, with their log-probs: what evaluation clients ask of a server. The log-probs
 * come from the kernel that scores, so an alternative that is the response's token has the bits of `score`.
 */
import * as Effect from "effect/Effect";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import { sliceRows, type Tensor } from "../../kernels/gpu/tensor.ts";
import { sampleToken } from "../../kernels/ops/sample_token/sample_token.ts";
import { allocate, reduceTile, tileLogits, tileRows } from "../../kernels/ops/token_log_probs/token_log_probs.ts";
import type { Model } from "../models/model.ts";
import type { Sequence } from "./packed_rows.ts";
import { cut, eachPass, predictorStates } from "./score.ts";

/** A token and its log-prob. */
export interface TokenLogProb {
  readonly token: number;
  readonly logProb: number;
}

/** Log-probs of a response's tokens, and at each of its positions the `top` most probable tokens, the most probable first. */
export interface TopScores {
  readonly logProbs: Float32Array<ArrayBuffer>;
  readonly top: ReadonlyArray<ReadonlyArray<TokenLogProb>>;
}

/** Scores each response of `sequences` at `temperature`. Of equal logits the smaller token comes first. */
export const topLogProbs = Effect.fn("Model.topLogProbs")(function* (
  model: Model,
  sequences: ReadonlyArray<Sequence>,
  temperature: number,
  top: number,
): Effect.fn.Return<ReadonlyArray<TopScores>, DeviceError> {
  const { encoder, weights: { head } } = model;
  const scores: TopScores[] = [];
  const tile = tileRows(head.rows);
  yield* eachPass(model, sequences, ({ tape, packed, part }) =>
    Effect.gen(function* () {
      const states = predictorStates(tape, model, packed);
      const R = states.rows;
      const logProbs = new Float32Array(R);
      const tokens: Array<ReadonlyArray<TokenLogProb>> = [];
      for (let start = 0; start < R; start += tile) {
        const rows = Math.min(tile, R - start);
        const logits = tileLogits(encoder, sliceRows(states, start, rows), head);
        const targets = packed.targets.slice(start, start + rows);
        logProbs.set(yield* logProbsOf(encoder, logits, targets, temperature), start);
        tokens.push(...(yield* topOf(encoder, logits, temperature, Math.min(top, head.rows))));
        encoder.release(logits);
      }
      let from = 0;
      cut(logProbs, part).forEach((list) => {
        scores.push({ logProbs: list, top: tokens.slice(from, from += list.length) });
      });
    }));
  return scores;
});

/** Log-probs of one token per row of a tile. */
const logProbsOf = Effect.fnUntraced(function* (
  encoder: Encoder,
  logits: Tensor,
  targets: Uint32Array<ArrayBuffer>,
  temperature: number,
) {
  const result = allocate(encoder, logits.rows);
  const uploaded = encoder.upload(targets, 1, targets.length);
  reduceTile(encoder, logits, uploaded, temperature, result, 0);
  const read = yield* encoder.read(result.logProbs);
  for (const tensor of [uploaded, result.logProbs, result.entropy, result.stats]) encoder.release(tensor);
  return read;
});

/** The most probable tokens of each row of a tile. One alone is found on the device, more among the logits on the host. */
const topOf = Effect.fnUntraced(function* (encoder: Encoder, logits: Tensor, temperature: number, top: number) {
  if (top === 0) return Array.from({ length: logits.rows }, () => []);
  const ranked = top === 1 ? [yield* mostProbable(encoder, logits)] : yield* rankedOnHost(encoder, logits, top);
  const scored: Float32Array[] = [];
  for (const targets of ranked) scored.push(yield* logProbsOf(encoder, logits, targets, temperature));
  return Array.from(
    { length: logits.rows },
    (_, row) => ranked.map((tokens, rank): TokenLogProb => ({ token: tokens[row], logProb: scored[rank][row] })),
  );
});

const mostProbable = Effect.fnUntraced(function* (encoder: Encoder, logits: Tensor) {
  const R = logits.rows;
  const chosen = encoder.tensor(1, R);
  // A greedy draw reads neither of these.
  const [slots, keys, state] = [encoder.tensor(1, R), encoder.tensor(1, 2), encoder.tensor(1, 4)];
  sampleToken(encoder, logits, { slots, keys, state, chosen }, { temperature: 0, topK: 0, topP: 1 }, 0);
  const words = yield* encoder.readWords(chosen);
  for (const tensor of [chosen, slots, keys, state]) encoder.release(tensor);
  return words.slice(0, R);
});

/** The tokens of rank 0, 1, … of each row. */
const rankedOnHost = Effect.fnUntraced(function* (encoder: Encoder, logits: Tensor, top: number) {
  const all = yield* encoder.read(logits);
  const V = logits.cols;
  const { stride } = logits;
  const ranked = Array.from({ length: top }, () => new Uint32Array(logits.rows));
  for (let row = 0; row < logits.rows; row++) {
    largestOf(all.subarray(row * stride, row * stride + V), top).forEach((token, rank) => ranked[rank][row] = token);
  }
  return ranked;
});

/** The indices of the `count` largest numbers, the largest first, of equals the first. */
const largestOf = (numbers: Float32Array, count: number): ReadonlyArray<number> => {
  const best: number[] = [];
  for (let i = 0; i < numbers.length; i++) {
    const value = numbers[i];
    if (best.length === count && !(value > numbers[best[count - 1]])) continue;
    let at = Math.min(best.length, count - 1);
    while (at > 0 && value > numbers[best[at - 1]]) {
      best[at] = best[at - 1];
      at--;
    }
    best[at] = i;
  }
  return best;
};
