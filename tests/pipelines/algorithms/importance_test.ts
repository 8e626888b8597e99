import assert from "node:assert/strict";
import { importanceWeighted, importanceWeights, mismatchOf } from "../../../pipelines/algorithms/importance.ts";

/** Two responses: the first drawn by the policy itself, the second by one that thinks its tokens less, or more, probable. */
const [same, other] = [
  { logProbs: Float32Array.of(-1, -2), oldLogProbs: Float32Array.of(-1, -2), advantages: Float32Array.of(1, -0.5) },
  {
    logProbs: Float32Array.of(-3, -1, -2),
    oldLogProbs: Float32Array.of(-1, -2, -1.5),
    advantages: Float32Array.of(1, 2, -3),
  },
];

Deno.test("importance weights are exp(policy - sampler), at most the cap, and exactly 1 where both agree", () => {
  assert.deepEqual([...importanceWeights(same, 2)], [1, 1]);
  const weights = importanceWeights(other, 2);
  assert.equal(weights[0], 2);
  assert.ok(Math.abs(weights[1] - Math.exp(-1)) < 1e-15);
  assert.ok(Math.abs(weights[2] - Math.exp(0.5)) < 1e-15);
});

Deno.test("weighted records have the advantages times the weights, and nothing else changed", () => {
  const [first, second] = importanceWeighted([same, other], 2);
  assert.deepEqual(first, same);
  assert.deepEqual(second, {
    ...other,
    advantages: Float32Array.of(2, 2 * Math.exp(-1), -3 * Math.exp(0.5)),
  });
});

Deno.test("the mismatch of a batch is over all its tokens", () => {
  const close = (found: number, expected: number) => assert.ok(Math.abs(found - expected) < 1e-12, `${found}`);
  const { meanDifference, maxDifference, kl, beyondTwo, cappedRatio } = mismatchOf([same, other], 2);
  close(meanDifference, 3.5 / 5);
  assert.equal(maxDifference, 2);
  close(kl, (Math.exp(2) - 3 + Math.exp(-1) + 1 - 1 + Math.exp(0.5) - 1.5) / 5);
  assert.equal(beyondTwo, 2 / 5);
  assert.equal(cappedRatio, 1 / 5);
  assert.deepEqual(mismatchOf([same], 0), { meanDifference: 0, maxDifference: 0, kl: 0, beyondTwo: 0 });
  assert.deepEqual(mismatchOf([], 0), { meanDifference: 0, maxDifference: 0, kl: 0, beyondTwo: 0 });
});
