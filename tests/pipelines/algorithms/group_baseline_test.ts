import assert from "node:assert/strict";
import { groupStatistics } from "../../../pipelines/algorithms/group_baseline.ts";
import { denominatorsOf } from "../../../pipelines/algorithms/aggregation.ts";
import { policyLoss } from "../../../pipelines/algorithms/objective.ts";
import { algorithms } from "../../../pipelines/algorithms/mod.ts";
import { distance, golden, packed, responses } from "./golden_objectives.ts";

const credit = (rewards: ReadonlyArray<number>) =>
  algorithms.grpo.advantage.credit(
    rewards.map((reward) => ({ problemId: "p", reward, weight: 1, responseTokens: [0] })),
    { klCoef: 0 },
  ).map(({ advantages }) => advantages[0]);

Deno.test("GRPO's advantages are PyTorch's within 1e-6", () => {
  const { advantages, weights } = golden.algorithms.grpo;
  const credits = algorithms.grpo.advantage.credit(responses(weights), { klCoef: 0 });
  assert.ok(distance(packed(credits.map((one) => one.advantages)), packed(advantages)) < 1e-6);
});

Deno.test("a group of one has mean 0 and std 1", () => {
  assert.deepEqual(groupStatistics([-1]), { mean: 0, std: 1 });
  assert.deepEqual(credit([-1]), [Math.fround(-1 / (1 + 1e-6))]);
});

Deno.test("a group of equal rewards teaches nothing", () => {
  assert.deepEqual(credit([1, 1, 1]), [0, 0, 0]);
  // The sum of these rounds, so their mean is none of them.
  for (const reward of [0.1, -0.7, 1 / 3]) {
    for (let n = 2; n <= 12; n++) {
      assert.deepEqual(credit(Array(n).fill(reward)), Array(n).fill(0), `${n} of ${reward}`);
    }
  }
});

Deno.test("a group of equal rewards moves through the KL term alone", () => {
  const tokens = {
    logProbs: [-1, -2],
    oldLogProbs: [-1.5, -0.5],
    entropy: [1, 1],
    advantages: credit([0.1, 0.1, 0.1]).slice(0, 2),
    sequences: [2],
  };
  const settings = {
    clipRatio: 0.2,
    entropyCoef: 0,
    klCoef: 1e-3,
    aggregation: "token-mean",
    share: 1,
    denominators: denominatorsOf([2]),
  } as const;
  const alone = policyLoss(tokens, settings);
  assert.ok(alone.dLogProbs.every((x) => x === 0) && alone.dEntropy.every((x) => x === 0) && alone.loss === 0);
  assert.equal(alone.clipped, 0);
  const held = policyLoss({ ...tokens, referenceLogProbs: [-1, -1] }, settings);
  // At the reference nothing moves; away from it the derivative is that of the KL term.
  assert.equal(Math.abs(held.dLogProbs[0]), 0);
  assert.ok(Math.abs(held.dLogProbs[1] - 1e-3 * (1 - Math.exp(1)) / 2) < 1e-9, `${held.dLogProbs[1]}`);
});

Deno.test("a group's standard deviation is that of a sample", () => {
  assert.deepEqual(groupStatistics([1, -1]), { mean: 0, std: Math.SQRT2 });
});

Deno.test("members of a group need not stand side by side", () => {
  const batch = ["a", "b", "a", "b"].map((problemId, i) => ({
    problemId,
    reward: i < 2 ? 1 : -1,
    weight: 1,
    responseTokens: [0, 0],
  }));
  const found = algorithms.grpo.advantage.credit(batch, { klCoef: 0 }).map(({ advantages }) =>
    Math.sign(advantages[1])
  );
  assert.deepEqual(found, [1, 1, -1, -1]);
});
