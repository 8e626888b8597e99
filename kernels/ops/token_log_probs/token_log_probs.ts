/**
 * The vocabulary head: the log-prob of a token and the entropy of its distribution at each position, from hidden states. Logits are computed in
 * tiles of rows that fill 64 MiB, never for all positions; the backward pass recomputes each tile. The tile height depends only on the vocabulary,
 * so neither batch nor device memory affects bits.
 */
import { type Encoder, spread } from "../../gpu/encoder.ts";
import { makeKernel } from "../../gpu/kernel.ts";
import { joined, lanes } from "../op.ts";
import type { Tape } from "../../gpu/tape.ts";
import { sliceColumns, sliceRows, type Tensor } from "../../gpu/tensor.ts";
import { matmulNN, matmulNT, matmulTN } from "../matmul/matmul.ts";
import source from "./token_log_probs.wgsl" with { type: "text" };
import backwardSource from "./token_log_probs_backward.wgsl" with { type: "text" };
import foursSource from "./token_log_probs_fours.wgsl" with { type: "text" };

/** The forward kernel, its variant for serial devices, and the backward kernel. */
export const tokenLogProbsKernels = {
  forward: makeKernel(source),
  fours: makeKernel(foursSource),
  backward: makeKernel(backwardSource),
};

const tileBytes = 64 << 20;

/** Rows per tile for a vocabulary of V tokens. */
export const tileRows = (V: number): number => Math.max(1, Math.floor(tileBytes / (stride(V) * 4)));

const stride = (V: number): number => Math.ceil(V / 4) * 4;

/** Logits [R, V] of hidden[R, C] and weight[V, C]; the caller releases them. */
export const tileLogits = (encoder: Encoder, hidden: Tensor, weight: Tensor): Tensor => {
  const logits = encoder.tensor(hidden.rows, weight.rows, { align: 4, purpose: "logits" });
  matmulNT(encoder, hidden, weight, undefined, logits);
  return logits;
};

/** Results for each row: log-prob of its token and entropy, both [R, 1], and `stats` for the backward pass. */
export interface TokenLogProbs {
  readonly logProbs: Tensor;
  readonly entropy: Tensor;
  readonly stats: Tensor;
}

export const allocate = (encoder: Encoder, R: number): TokenLogProbs => ({
  logProbs: encoder.tensor(R, 1),
  entropy: encoder.tensor(R, 1),
  stats: encoder.tensor(R, 2),
});

/** Computes log-probs and entropies of one tile, written from row `start` on; targets u32 [1, R of all tiles]. */
export const reduceTile = (
  encoder: Encoder,
  logits: Tensor,
  targets: Tensor,
  temperature: number,
  out: TokenLogProbs,
  start: number,
): void => {
  const { serial } = encoder.info;
  const R = logits.rows;
  const form = serial === true
    ? { groups: spread(R) }
    : joined(R, logits.cols, { mostOf: "joinMost(lane, own)", sumOf: "joinSum(lane, own)" });
  encoder.dispatch(serial === true ? tokenLogProbsKernels.fours : tokenLogProbsKernels.forward, {
    ...form,
    tensors: [logits, sliceColumns(targets, start, R), out.logProbs, out.entropy, out.stats],
    params: {
      R,
      V: logits.cols,
      stride: logits.stride,
      outOffset: start,
      inverseTemperature: 1 / temperature,
    },
  });
};

/** Log-prob of targets u32 [1, R], and entropy, at `temperature`, for hidden[R, C] and weight[V, C]; recorded on the tape. */
export const tokenLogProbs = (
  tape: Tape,
  hidden: Tensor,
  weight: Tensor,
  targets: Tensor,
  temperature: number,
): TokenLogProbs => {
  const { encoder } = tape;
  const out = allocate(encoder, hidden.rows);
  eachTile(hidden, weight, (rows, start) => {
    const logits = tileLogits(encoder, rows, weight);
    reduceTile(encoder, logits, targets, temperature, out, start);
    encoder.release(logits);
  });
  tape.record([out.logProbs, out.entropy], [out.stats], () => {
    const results = [out.logProbs, out.entropy];
    if (results.every((result) => tape.arrived(result) === undefined)) return;
    // One of them alone may be wanted: the other's gradient is 0.
    const [dlogProbs, dentropy] = results.map((result) => tape.arrived(result) ?? tape.sum(result));
    const target = tape.gradient(hidden);
    eachTile(hidden, weight, (rows, start) => {
      const dlogits = tileLogits(encoder, rows, weight);
      encoder.dispatch(tokenLogProbsKernels.backward, {
        constants: { STRIDE: dlogits.stride },
        tensors: [dlogits, sliceColumns(targets, start, rows.rows), out.stats, out.entropy, dlogProbs, dentropy],
        params: {
          R: rows.rows,
          V: weight.rows,
          offset: start,
          inverseTemperature: 1 / temperature,
        },
        groups: lanes(rows.rows * dlogits.stride / 4),
      });
      if (tape.trains(weight)) matmulTN(encoder, dlogits, rows, tape.gradient(weight).tensor);
      matmulNN(encoder, dlogits, weight, sliceRows(target.tensor, start, rows.rows), { accumulate: target.accumulate });
      encoder.release(dlogits);
    });
  });
  return out;
};

const eachTile = (hidden: Tensor, weight: Tensor, run: (rows: Tensor, start: number) => void): void => {
  const step = tileRows(weight.rows);
  for (let start = 0; start < hidden.rows; start += step) {
    run(sliceRows(hidden, start, Math.min(step, hidden.rows - start)), start);
  }
};
