import assert from "node:assert/strict";
import { signOf } from "../../../pipelines/algorithms/algorithm.ts";
import { split, splitStage } from "../../../pipelines/stages/split.ts";
import { filter, records } from "./filter.ts";

const batch = [1, -1, -1, 1].map((reward, sampleIndex) => ({ sampleIndex, reward }));
const kept = (algorithm: Parameters<typeof split>[1]["algorithm"], lambda = 0.1) =>
  split(batch, { algorithm, lambda }).map(({ sampleIndex, sign, weight }) => [sampleIndex, sign, weight]);

Deno.test("split() gives NSR no positive rollouts", () => {
  assert.deepEqual(kept("nsr"), [[1, "negative", 1], [2, "negative", 1]]);
});

Deno.test("split() gives PSR no negative rollouts", () => {
  assert.deepEqual(kept("psr"), [[0, "positive", 1], [3, "positive", 1]]);
});

Deno.test("split() weighs the correct responses of W-REINFORCE by lambda, and drops them at 0", () => {
  assert.deepEqual(kept("w-reinforce", 0.3), [
    [0, "positive", 0.3],
    [1, "negative", 1],
    [2, "negative", 1],
    [3, "positive", 0.3],
  ]);
  assert.deepEqual(kept("w-reinforce", 0), kept("nsr"));
});

Deno.test("split() keeps all for PPO, GRPO and REINFORCE, with weight 1", () => {
  for (const algorithm of ["ppo", "grpo", "reinforce"] as const) {
    assert.deepEqual(kept(algorithm).map(([, , weight]) => weight), [1, 1, 1, 1]);
  }
});

Deno.test("a reward of 0 is negative", () => {
  assert.deepEqual([signOf(0.5), signOf(0), signOf(-1)], ["positive", "negative", "negative"]);
});

Deno.test("the split stage keeps order; an empty sign is empty output and no failure", async () => {
  const all = await filter(splitStage, batch, { algorithm: "psr" });
  assert.deepEqual(records(all).map(({ sampleIndex }) => sampleIndex), [0, 3]);
  const none = await filter(splitStage, [batch[1], batch[2]], { algorithm: "psr" });
  assert.deepEqual(none, { stdout: "" });
  assert.deepEqual(await filter(splitStage, []), { stdout: "" });
});

Deno.test("wrong responses may be those that nobody solved, or as many at random, the same each time", () => {
  const responses = Array.from({ length: 64 }, (_, i) => (
    { seed: 1, problemId: `p/${i >> 3}`, sampleIndex: i % 8, reward: i >= 32 && i % 8 === 0 ? 1 : -1 }
  ));
  const of = (wrongResponses: "unsolved" | "random", step = 1) =>
    split(responses, { algorithm: "nsr", lambda: 1, wrongResponses, step });
  assert.deepEqual(
    of("unsolved").map(({ problemId }) => problemId),
    responses.slice(0, 32).map((one) => one.problemId),
  );
  assert.equal(of("random").length, 32);
  assert.ok(new Set(of("random").map(({ problemId }) => problemId)).size > 4);
  assert.deepEqual(of("random"), of("random"));
  assert.notDeepEqual(of("random"), of("random", 2));
  assert.equal(split(responses, { algorithm: "psr", lambda: 1, wrongResponses: "unsolved" }).length, 4);
});
