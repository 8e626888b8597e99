import * as Effect from "effect/Effect";
import assert from "node:assert/strict";
import { threefry2x32 } from "../../../data/random.ts";
import type { Encoder } from "../../../kernels/gpu/encoder.ts";
import { lanes } from "../../../kernels/ops/op.ts";
import { noise } from "../../../kernels/ops/op_case.ts";
import { blockRows } from "../../../kernels/ops/kv_cache/blocks.ts";
import { sampleToken, sampleTokenKernels, type Sampling } from "../../../kernels/ops/sample_token/sample_token.ts";
import { testOnDevice, uploadStrided } from "../run_case.ts";

/** Logits of one row of a vocabulary, the first of several rows that are all alike. */
const logitsOf = (V: number, spread = 3): Float32Array<ArrayBuffer> => noise(`logits ${V}`, V).map((x) => spread * x);

const keyOf = (slot: number): [number, number] => threefry2x32([7, 11], [0, slot]);

/** Draws one token for each of R rows with the same logits; row r is sequence r, at position r % 5. */
const draw = (encoder: Encoder, logits: Float32Array, R: number, sampling: Sampling) =>
  Effect.gen(function* () {
    const V = logits.length;
    const all = new Float32Array(R * V);
    for (let r = 0; r < R; r++) all.set(logits, r * V);
    const tensor = uploadStrided(encoder, all, R, V, Math.ceil(V / 4) * 4);
    const order = Uint32Array.from({ length: R }, (_, r) => r);
    const keys = Uint32Array.from(Array.from(order, (r) => keyOf(r)).flat());
    const state = Uint32Array.from(Array.from(order, (r) => [0, r % 5, 0, 9]).flat());
    const inputs = {
      slots: encoder.upload(order, 1, R),
      keys: encoder.upload(keys, R, 2),
      state: encoder.upload(state, R, 4),
      chosen: encoder.tensor(1, R),
    };
    sampleToken(encoder, tensor, inputs, sampling, 0);
    const chosen = yield* encoder.readWords(inputs.chosen);
    for (const one of [tensor, ...Object.values(inputs)]) encoder.release(one);
    return chosen;
  });

/** Tokens that top-k, then top-p keep, and their probabilities, in float64 from a sort. */
const kept = (logits: Float32Array, { temperature, topK, topP }: Sampling): ReadonlyMap<number, number> => {
  const z = Float64Array.from(logits, (x) => x / temperature);
  const order = Array.from(z, (_, v) => v).sort((a, b) => z[b] - z[a]);
  const top = topK > 0 ? order.slice(0, topK) : order;
  const mass = (tokens: ReadonlyArray<number>) => tokens.reduce((sum, v) => sum + Math.exp(z[v]), 0);
  const within = mass(top);
  let before = 0;
  const nucleus = top.filter((v) => {
    const keep = before < topP * within;
    before += Math.exp(z[v]);
    return keep;
  });
  const total = mass(nucleus);
  return new Map(nucleus.map((v) => [v, Math.exp(z[v]) / total]));
};

/** The token with the largest z + Gumbel noise among those kept, and by how much it leads, in float64. */
const expected = (z: Float64Array, tokens: Iterable<number>, key: [number, number], position: number) => {
  let [best, second, token] = [-Infinity, -Infinity, -1];
  for (const v of tokens) {
    const w = (threefry2x32(key, [position, v >>> 1])[v & 1] + 0.5) / 2 ** 32;
    const score = z[v] - Math.log(-Math.log1p(-w));
    if (score > best) [best, second, token] = [score, best, v];
    else if (score > second) second = score;
  }
  return { token, lead: best - second };
};

const samplings: ReadonlyArray<Sampling> = [
  { temperature: 1, topK: 0, topP: 1 },
  { temperature: 0.6, topK: 0, topP: 0.95 },
  { temperature: 0.7, topK: 20, topP: 0.8 },
  { temperature: 1.3, topK: 5, topP: 1 },
  { temperature: 1, topK: 1, topP: 1 },
  { temperature: 1, topK: 0, topP: 0.01 },
];

for (const V of [77, 2000]) {
  testOnDevice(
    `tokens of ${V} are drawn with data/random.ts's words as Gumbel noise, among those that top-k and top-p keep`,
    (encoder) =>
      Effect.gen(function* () {
        const R = V > 1024 ? 64 : 300;
        const logits = logitsOf(V);
        for (const sampling of samplings) {
          const tokens = kept(logits, sampling);
          const z = Float64Array.from(logits, (x) => x / sampling.temperature);
          const chosen = yield* draw(encoder, logits, R, sampling);
          chosen.forEach((token, r) => {
            const { token: wanted, lead } = expected(z, tokens.keys(), keyOf(r), r % 5);
            assert.ok(tokens.has(token), `row ${r} of ${JSON.stringify(sampling)}: ${token} is not kept`);
            assert.ok(
              token === wanted || lead < 1e-4,
              `row ${r} of ${JSON.stringify(sampling)}: ${token}, expected ${wanted}`,
            );
          });
        }
      }),
  );
}

testOnDevice("temperature 0 takes the largest logit, the first of equals", (encoder) =>
  Effect.gen(function* () {
    for (const V of [77, 2000]) {
      const logits = logitsOf(V);
      logits[70] = 50;
      logits[33] = 50;
      const chosen = yield* draw(encoder, logits, 9, { temperature: 0, topK: 0, topP: 1 });
      assert.deepEqual([...chosen], Array(9).fill(33));
    }
  }));

/** Pearson's statistic over the tokens expected at least five times; the others are one class. */
const chiSquare = (counts: ReadonlyMap<number, number>, probabilities: ReadonlyMap<number, number>, draws: number) => {
  let [statistic, freedom, restExpected, restCount] = [0, -1, 0, 0];
  const term = (count: number, expected: number) => {
    statistic += (count - expected) ** 2 / expected;
    freedom++;
  };
  for (const [token, probability] of probabilities) {
    const [count, expected] = [counts.get(token) ?? 0, probability * draws];
    if (expected >= 5) term(count, expected);
    else [restExpected, restCount] = [restExpected + expected, restCount + count];
  }
  if (restExpected > 0) term(restCount, restExpected);
  return { statistic, freedom };
};

testOnDevice(
  "draws follow the softmax over the kept tokens (chi-square, five standard deviations)",
  (encoder) =>
    Effect.gen(function* () {
      const draws = 6000;
      const logits = logitsOf(77);
      for (const sampling of samplings.slice(0, 3)) {
        const chosen = yield* draw(encoder, logits, draws, sampling);
        const counts = new Map<number, number>();
        for (const token of chosen) counts.set(token, (counts.get(token) ?? 0) + 1);
        const { statistic, freedom } = chiSquare(counts, kept(logits, sampling), draws);
        assert.ok(freedom >= 3);
        const limit = freedom + 5 * Math.sqrt(2 * freedom);
        assert.ok(
          statistic < limit,
          `${JSON.stringify(sampling)}: ${statistic} over ${freedom} degrees, limit ${limit}`,
        );
      }
    }),
);

testOnDevice("a row draws the same token whatever the number of rows", (encoder) =>
  Effect.gen(function* () {
    for (const V of [77, 2000]) {
      const all = yield* draw(encoder, logitsOf(V), 64, samplings[1]);
      for (const R of [1, 7]) {
        const some = yield* draw(encoder, logitsOf(V), R, samplings[1]);
        assert.deepEqual([...some], [...all.slice(0, R)]);
      }
    }
  }));

testOnDevice(
  "a drawn token goes into its sequence, which moves on, stops or ends; finished ones stay",
  (encoder) =>
    Effect.gen(function* () {
      const T = 4;
      // Last token, tokens so far, finished, most tokens of four sequences; rows hold sequences 2, 0, 3 and 1.
      const state = encoder.upload(
        Uint32Array.from([[5, 1, 0, 4], [6, 2, 1, 4], [7, 3, 0, 4], [8, 0, 0, 4]].flat()),
        4,
        4,
      );
      const slots = encoder.upload(Uint32Array.of(2, 0, 3, 1), 1, 4);
      const chosen = encoder.upload(Uint32Array.of(21, 9, 23, 24), 1, 4);
      const stops = encoder.upload(Uint32Array.of(9), 1, 1);
      const [logProbs, entropy] = [[-1, -2, -3, -4], [1, 2, 3, 4]].map((row) =>
        encoder.upload(Float32Array.from(row), 4, 1)
      );
      const out = encoder.upload(new Uint32Array(4 * T * 3), 4, T * 3);
      encoder.dispatch(sampleTokenKernels.append, {
        tensors: [chosen, slots, stops, logProbs, entropy, state, out],
        params: { R: 4, T, slotOffset: 0, stopCount: 1 },
        groups: lanes(4),
      });
      assert.deepEqual(
        [...yield* encoder.readWords(state)],
        [[9, 2, 1, 4], [6, 2, 1, 4], [21, 4, 2, 4], [23, 1, 0, 4]].flat(),
      );
      const written = yield* encoder.readWords(out);
      const numbers = new Float32Array(written.buffer);
      const at = (sequence: number, part: number, t: number) => (sequence * T + t) * 3 + part;
      assert.deepEqual([written[at(0, 0, 1)], numbers[at(0, 1, 1)], numbers[at(0, 2, 1)]], [9, -2, 2]);
      assert.deepEqual([written[at(2, 0, 3)], numbers[at(2, 1, 3)], numbers[at(2, 2, 3)]], [21, -1, 1]);
      assert.deepEqual([written[at(3, 0, 0)], numbers[at(3, 1, 0)], numbers[at(3, 2, 0)]], [23, -3, 3]);
      assert.equal(written.filter((word) => word !== 0).length, 9);

      // The prompt's first block and length, the first own block of each sequence.
      const sequences = encoder.upload(
        Uint32Array.from([[0, 8, 2, 0], [0, 8, 3, 0], [1, 5, 4, 0], [1, 5, 5, 0]].flat()),
        4,
        4,
      );
      const [tokens, positions, rows, spans] = [[1, 2], [1, 2], [1, 2], [2, 4]].map(([r, c]) => encoder.tensor(r, c));
      const live = encoder.upload(Uint32Array.of(3, 0), 1, 2);
      const blockTables = encoder.upload(Uint32Array.of(9, 8, 4, 3, 1, 7), 6, 1);
      encoder.dispatch(sampleTokenKernels.rows, {
        constants: { BLOCK: blockRows },
        tensors: [live, state, sequences, blockTables, tokens, positions, rows, spans],
        params: { R: 2, slotOffset: 0 },
        groups: lanes(2),
      });
      assert.deepEqual([...yield* encoder.readWords(tokens)], [23, 9]);
      assert.deepEqual([...yield* encoder.readWords(positions)], [5, 9]);
      assert.deepEqual([...yield* encoder.readWords(rows)], [7 * blockRows, 4 * blockRows + 1]);
      assert.deepEqual([...yield* encoder.readWords(spans)], [1, 5, 5, 6, 0, 8, 2, 10]);
      const all = [
        state,
        slots,
        chosen,
        stops,
        logProbs,
        entropy,
        out,
        sequences,
        tokens,
        positions,
        rows,
        spans,
        live,
        blockTables,
      ];
      for (const tensor of all) encoder.release(tensor);
    }),
);
