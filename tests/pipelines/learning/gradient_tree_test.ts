/** A gradient over a tree of leaves is the sum by halves of what each leaf gives alone, to the bit; one leaf is the sum in order. */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import type { Encoder } from "../../../kernels/gpu/encoder.ts";
import { criticGradient, policyGradient } from "../../../pipelines/learning/gradient.ts";
import type * as Parameters from "../../../pipelines/models/parameters.ts";
import { releaseParameters } from "../../../pipelines/models/parameters.ts";
import { testInFloat32 } from "../../kernels/run_case.ts";
import { readGolden } from "../../golden/models/golden.ts";
import { batchOf, loadCritic, loadModel, readAll, sameBits, settingsOf } from "../models/golden_on_device.ts";

const name = "qwen3_tied";
const golden = readGolden(name);
const [one] = golden.cases;

/** Eight sequences; the means of a part and of the whole then differ by a power of two, which rounds nothing. */
const eight = (sign: "positive" | "negative") => {
  const batch = batchOf(golden, one);
  return Array.from({ length: 8 }, (_, i) => ({
    ...batch[i % batch.length],
    sampleIndex: i,
    sign,
    advantages: batch[i % batch.length].advantages.map((x) => sign === "positive" ? Math.abs(x) + i : -Math.abs(x) - i),
  }));
};

/** Sums in float32, parameter by parameter. */
const sum = (a: ReadonlyMap<string, Float32Array>, b: ReadonlyMap<string, Float32Array>) =>
  new Map([...a].map(([key, list]) => [key, list.map((x, i) => Math.fround(x + (b.get(key)?.[i] ?? NaN)))]));

const taken = Effect.fnUntraced(function* (encoder: Encoder, { gradient }: { gradient: Parameters.ParameterSet }) {
  const all = yield* readAll(encoder, gradient);
  releaseParameters(encoder, gradient);
  return all;
});

const same = (found: ReadonlyMap<string, Float32Array>, expected: ReadonlyMap<string, Float32Array>) => {
  for (const [key, list] of expected) sameBits(found.get(key) ?? new Float32Array(), list, key);
};

const differ = (found: ReadonlyMap<string, Float32Array>, other: ReadonlyMap<string, Float32Array>) =>
  assert([...found].some(([key, list]) => list.some((x, i) => x !== other.get(key)?.[i])));

testInFloat32(
  "four leaves are joined by halves, each sign for itself, and one leaf is the sum in order",
  (encoder) =>
    Effect.gen(function* () {
      const model = yield* loadModel(encoder, name);
      model.table(64);
      const before = encoder.pool.statistics.live;
      const batch = [...eight("positive"), ...eight("negative")];
      const settings = { ...settingsOf(one, 1), aggregation: "sequence-mean", share: 1 } as const;
      const leaf = Effect.fnUntraced(function* (sign: number, index: number) {
        const part = batch.slice(8 * sign + 2 * index, 8 * sign + 2 * index + 2);
        return yield* taken(encoder, yield* policyGradient(model, part, { ...settings, share: 2 / 16 }));
      });
      const half = Effect.fnUntraced(function* (sign: number, index: number) {
        return sum(yield* leaf(sign, index), yield* leaf(sign, index + 1));
      });
      const byHand = sum(
        sum(yield* half(0, 0), yield* half(0, 2)),
        sum(yield* half(1, 0), yield* half(1, 2)),
      );
      const tree = yield* policyGradient(model, batch, { ...settings, gradientLeaves: 4 });
      const found = yield* taken(encoder, tree);
      same(found, byHand);
      const inOrder = yield* policyGradient(model, batch, settings);
      const ordered = yield* taken(encoder, inOrder);
      differ(found, ordered);
      assert.equal(tree.sums.tokens, inOrder.sums.tokens);
      same(yield* taken(encoder, yield* policyGradient(model, batch, { ...settings, gradientLeaves: 1 })), ordered);
      const away = yield* policyGradient(model, batch, { ...settings, gradientLeaves: 4, offload: "gradient" });
      same(yield* taken(encoder, away), byHand);
      assert.deepEqual([away.gradNorm, away.cosine, away.sums], [tree.gradNorm, tree.cosine, tree.sums]);
      assert.equal(encoder.pool.statistics.live, before, "every buffer is given back");
    }),
);

testInFloat32("the critic's gradient is summed by the same tree", (encoder) =>
  Effect.gen(function* () {
    const { critic: expected } = golden;
    assert.ok(expected !== undefined);
    const critic = yield* loadCritic(encoder, name, expected);
    const batch = eight("positive").map((sequence, i) => ({
      ...sequence,
      values: sequence.advantages.map((x) => x / 7),
      returns: sequence.advantages.map((x) => i - x),
    }));
    const settings = { aggregation: "sequence-mean", share: 1, gradientChunk: 1, valueClip: 0.5 } as const;
    const leaf = Effect.fnUntraced(function* (index: number) {
      const part = batch.slice(2 * index, 2 * index + 2);
      return yield* taken(encoder, yield* criticGradient(critic, part, { ...settings, share: 0.25 }));
    });
    const byHand = sum(sum(yield* leaf(0), yield* leaf(1)), sum(yield* leaf(2), yield* leaf(3)));
    const found = yield* taken(encoder, yield* criticGradient(critic, batch, { ...settings, gradientLeaves: 4 }));
    same(found, byHand);
    differ(found, yield* taken(encoder, yield* criticGradient(critic, batch, settings)));
  }));
