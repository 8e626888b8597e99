import assert from "node:assert/strict";
import { groupStatistics } from "../../../pipelines/algorithms/group_baseline.ts";
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
