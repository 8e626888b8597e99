/**
 * Cases of attention: packed sequences of many lengths, grouped heads, queries cut from a fused projection, and decoding rows with two ranges of
 * keys (a prompt's shared prefix and their own), contiguous or in blocks.
 */
import * as Elementary from "../../../data/elementary/mod.ts";
import type { HalfFormat } from "../../gpu/half_precision.ts";
import { columns, dotProduct, floats, kept, type OpCase, type OpCases, type Round, words } from "../op_case.ts";
import { sliceColumns } from "../../gpu/tensor.ts";
import { blockRows, rowIn } from "../kv_cache/blocks.ts";
import { attention } from "./attention.ts";

interface Shape {
  readonly lengths: ReadonlyArray<number>;
  readonly H: number;
  readonly KV: number;
  readonly D: number;
  /** The width of the tensor that the query is cut from. */
  readonly width?: number;
  /** How queries, keys, values and results are stored. */
  readonly activations?: HalfFormat;
}

/** The rows of k and v that a row attends to: [prefixStart, prefixLength, ownStart, count]. */
type Span = readonly [number, number, number, number];

/** The row of k and v with the j-th key of a span; with blocks, starts are indices of block-table entries. */
const keyRow = (
  [prefixStart, prefixLength, ownStart]: Span,
  j: number,
  blockTables?: ReadonlyArray<number>,
): number => {
  const [first, nth] = j < prefixLength ? [prefixStart, j] : [ownStart, j - prefixLength];
  return blockTables === undefined ? first + nth : rowIn(blockTables.slice(first), nth);
};

interface Heads {
  readonly H: number;
  readonly KV: number;
  readonly D: number;
  readonly blockTables?: ReadonlyArray<number>;
}

/** Softmax weights of a row and head over its keys, with the maximum subtracted. */
const weigh = (
  q: Float64Array,
  k: Float64Array,
  row: number,
  head: number,
  span: Span,
  { H, KV, D, blockTables }: Heads,
  round: Round,
): Float64Array => {
  const scale = round(1 / Math.sqrt(D));
  const kv = Math.floor(head / (H / KV));
  const scores = Float64Array.from(
    { length: span[3] },
    (_, j) =>
      round(
        scale * dotProduct(round, D, q, (row * H + head) * D, 1, k, (keyRow(span, j, blockTables) * KV + kv) * D, 1),
      ),
  );
  const most = scores.reduce((a, b) => Math.max(a, b), -Infinity);
  const weights = scores.map((score) => round(Elementary.exp(round(score - most))));
  const total = weights.reduce((a, b) => round(a + b), 0);
  return weights.map((weight) => round(weight / total));
};

const forward = (
  q: Float64Array,
  k: Float64Array,
  v: Float64Array,
  spans: ReadonlyArray<Span>,
  heads: Heads,
  round: Round,
  keep = round,
): Float64Array => {
  const { H, KV, D, blockTables } = heads;
  const out = new Float64Array(spans.length * H * D);
  spans.forEach((span, row) => {
    for (let head = 0; head < H; head++) {
      const weights = weigh(q, k, row, head, span, heads, round);
      const kv = Math.floor(head / (H / KV));
      for (let d = 0; d < D; d++) {
        let sum = 0;
        weights.forEach((weight, j) =>
          sum = round(sum + round(weight * v[(keyRow(span, j, blockTables) * KV + kv) * D + d]))
        );
        out[(row * H + head) * D + d] = keep(sum);
      }
    }
  });
  return out;
};

const packed = ({ lengths, H, KV, D, width = H * D, activations }: Shape): OpCase => {
  const starts = lengths.map((_, i) => lengths.slice(0, i).reduce((a, b) => a + b, 0));
  const spans = lengths.flatMap((length, i) =>
    Array.from({ length }, (_, t): Span => [starts[i], 0, starts[i], t + 1])
  );
  const ends = lengths.flatMap((length, i) => Array.from({ length }, () => starts[i] + length));
  const N = spans.length;
  const column = width - H * D;
  const heads = { H, KV, D };
  return {
    name: `${lengths.length} sequences, ${N} rows, ${H}/${KV} heads of ${D}${width > H * D ? ` of ${width}` : ""}${
      activations ? ` ${activations}` : ""
    }`,
    operands: {
      q: floats("q", N, width, { spread: 3, format: activations }),
      k: floats("k", N, KV * D, { format: activations }),
      v: floats("v", N, KV * D, { format: activations }),
      spans: words(spans.flat(), N),
      ends: words(ends),
    },
    run: (tape, { q, k, v, spans, ends }) => ({
      out: attention(tape, column > 0 ? sliceColumns(q, column, H * D) : q, k, v, { spans, ends }, D, activations),
    }),
    reference: ({ q, k, v }, round) => ({
      out: forward(columns(q, width, column, H * D), k, v, spans, heads, round, kept(round, activations)),
    }),
    vjp: ({ q, k, v }, { out: dout }, round) => {
      const query = columns(q, width, column, H * D);
      const [dq, dk, dv] = [
        new Float64Array(N * width).fill(NaN),
        new Float64Array(k.length),
        new Float64Array(v.length),
      ];
      const scale = round(1 / Math.sqrt(D));
      // The backward pass reads the result as stored.
      const out = activations && forward(query, k, v, spans, heads, round, kept(round, activations));
      spans.forEach((span, row) => {
        for (let head = 0; head < H; head++) {
          const kv = Math.floor(head / (H / KV));
          const from = (row * H + head) * D;
          const weights = weigh(query, k, row, head, span, heads, round);
          const at = (j: number) => (keyRow(span, j) * KV + kv) * D;
          const pulls = weights.map((_, j) => dotProduct(round, D, dout, from, 1, v, at(j), 1));
          const own = out === undefined
            ? weights.reduce((sum, weight, j) => round(sum + round(weight * pulls[j])), 0)
            : dotProduct(round, D, dout, from, 1, out, from, 1);
          for (let d = 0; d < D; d++) dq[row * width + column + head * D + d] = 0;
          weights.forEach((weight, j) => {
            const slope = round(round(weight * round(pulls[j] - own)) * scale);
            for (let d = 0; d < D; d++) {
              const to = row * width + column + head * D + d;
              dq[to] = round(dq[to] + round(slope * k[at(j) + d]));
              dk[at(j) + d] = round(dk[at(j) + d] + round(slope * query[from + d]));
              dv[at(j) + d] = round(dv[at(j) + d] + round(weight * dout[from + d]));
            }
          });
        }
      });
      return { q: dq, k: dk, v: dv };
    },
  };
};

// Decoding: row r continues prompt r % 2, whose keys are shared, with r % 5 keys of its own.
const decoding = (
  { N, H, KV, D, activations }: Heads & { readonly N: number; readonly activations?: HalfFormat },
): OpCase => {
  const prompts = [{ start: 3, length: 9 }, { start: 12, length: 4 }];
  const spans = Array.from({ length: N }, (_, r): Span => {
    const { start, length } = prompts[r % 2];
    return [start, length, 16 + r * 5, length + 1 + r % 5];
  });
  return {
    name: `${N} decoding rows with shared prompts, ${H}/${KV} heads of ${D}${activations ? ` ${activations}` : ""}`,
    operands: {
      q: floats("q", N, H * D, { spread: 3, format: activations }),
      k: floats("k", 16 + N * 5, KV * D, { format: activations }),
      v: floats("v", 16 + N * 5, KV * D, { format: activations }),
      spans: words(spans.flat(), N),
    },
    run: (tape, { q, k, v, spans }) => ({ out: attention(tape, q, k, v, { spans }, D, activations) }),
    reference: ({ q, k, v }, round) => ({
      out: forward(q, k, v, spans, { H, KV, D }, round, kept(round, activations)),
    }),
  };
};

// Decoding with keys in blocks in any order: prompts of one or two blocks, up to three own blocks.
const paging = ({ N, H, KV, D }: Heads & { readonly N: number }): OpCase => {
  const count = 3 + 3 * N;
  const blockTables = Array.from({ length: count }, (_, i) => (i * 7 + 5) % count);
  const prompts = [{ first: 0, length: blockRows + 5 }, { first: 2, length: blockRows }];
  const spans = Array.from({ length: N }, (_, r): Span => {
    const { first, length } = prompts[r % 2];
    return [first, length, 3 + 3 * r, length + 1 + r * 13 % (3 * blockRows)];
  });
  // A prompt in prefill sees only its first tokens.
  spans[N - 1] = [0, blockRows + 3, 0, blockRows + 3];
  return {
    name: `${N} rows in blockTables, ${H}/${KV} heads of ${D}`,
    operands: {
      q: floats("q", N, H * D, { spread: 3 }),
      k: floats("k", count * blockRows, KV * D),
      v: floats("v", count * blockRows, KV * D),
      spans: words(spans.flat(), N),
      blockTables: words(blockTables, count),
    },
    run: (tape, { q, k, v, spans, blockTables }) => ({ out: attention(tape, q, k, v, { spans, blockTables }, D) }),
    reference: ({ q, k, v }, round) => ({ out: forward(q, k, v, spans, { H, KV, D, blockTables }, round) }),
  };
};

export const attentionCases: OpCases = {
  name: "attention",
  cases: [
    packed({ lengths: [1], H: 4, KV: 2, D: 16 }),
    packed({ lengths: [9, 1, 24, 17, 2], H: 4, KV: 2, D: 16 }),
    packed({ lengths: [70], H: 2, KV: 2, D: 8 }),
    packed({ lengths: [5, 11], H: 6, KV: 1, D: 4, width: 40 }),
    decoding({ N: 11, H: 4, KV: 2, D: 16 }),
    packed({ lengths: [9, 1, 24], H: 4, KV: 2, D: 10 }),
    packed({ lengths: [5, 11], H: 3, KV: 1, D: 6, width: 22 }),
    decoding({ N: 7, H: 6, KV: 2, D: 14 }),
    packed({ lengths: [9, 1, 24, 17, 2], H: 4, KV: 2, D: 16, activations: "f16" }),
    packed({ lengths: [5, 11], H: 6, KV: 1, D: 4, width: 40, activations: "bf16" }),
    decoding({ N: 11, H: 4, KV: 2, D: 16, activations: "f16" }),
    paging({ N: 11, H: 4, KV: 2, D: 16 }),
    paging({ N: 7, H: 6, KV: 2, D: 14 }),
  ],
  rows: (N) => decoding({ N, H: 4, KV: 2, D: 16 }),
};
