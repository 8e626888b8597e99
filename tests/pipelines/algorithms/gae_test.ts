import assert from "node:assert/strict";
import { estimate, tokenRewards, whiten } from "../../../pipelines/algorithms/gae.ts";
import { algorithms } from "../../../pipelines/algorithms/mod.ts";
import { distance, golden, packed, responses } from "./golden_objectives.ts";

Deno.test("PPO's advantages and returns are PyTorch's within 1e-6", () => {
  const { advantages, returns, weights } = golden.algorithms.ppo;
  const credits = algorithms.ppo.advantage.credit(responses(weights), { klCoef: golden.settings.klCoef });
  assert.ok(distance(packed(credits.map((credit) => credit.advantages)), packed(advantages)) < 1e-6);
  assert.ok(distance(packed(credits.map((credit) => credit.returns ?? [])), packed(returns)) < 1e-6);
});

Deno.test("estimate() follows the definition for any gamma and lambda, and whiten() for any batch", () => {
  const { rewards, gamma, lambda } = golden.gae;
  const made = rewards.map((list, i) =>
    estimate(Float64Array.from(list), Float32Array.from(golden.sequences[i].values), { gamma, lambda })
  );
  made.forEach(({ advantages, returns }, i) => {
    assert.ok(distance(advantages, golden.gae.advantages[i]) < 1e-12);
    assert.ok(distance(returns, golden.gae.returns[i]) < 1e-12);
  });
  whiten(made.map(({ advantages }) => advantages)).forEach((list, i) =>
    assert.ok(distance(list, golden.gae.whitened[i]) < 1e-12)
  );
});

Deno.test("the last token alone earns the reward, every token pays for its distance to the reference", () => {
  const rewards = tokenRewards(1, Float32Array.of(-1, -2, -3), Float32Array.of(-1.5, -2, -1), 0.5);
  assert.deepEqual(Array.from(rewards), [-0.25, 0, 2]);
});

Deno.test("with gamma = lambda = 1 the return of a token is the sum of the rewards from it on", () => {
  const { returns } = estimate(Float64Array.of(1, 2, 4), Float32Array.of(9, -7, 0.5), { gamma: 1, lambda: 1 });
  assert.deepEqual(Array.from(returns), [7, 6, 4]);
});

Deno.test("whitening a single token gives 0, not a division by nothing", () => {
  assert.deepEqual(whiten([Float64Array.of(3)]).map((list) => Array.from(list)), [[0]]);
});

Deno.test("whitening gives mean 0 and unbiased variance 1 over all tokens, not over each response", () => {
  const flat = whiten([Float64Array.of(1, 2, 3), Float64Array.of(40)]).flatMap((list) => Array.from(list));
  const mean = flat.reduce((a, b) => a + b, 0) / 4;
  const variance = flat.reduce((a, b) => a + (b - mean) ** 2, 0) / 3;
  assert.ok(Math.abs(mean) < 1e-12 && Math.abs(variance - 1) < 1e-9);
});
