import assert from "node:assert/strict";
import { advantage } from "../../../pipelines/stages/advantage.ts";
import { reward, rewardStage } from "../../../pipelines/stages/reward.ts";
import { split } from "../../../pipelines/stages/split.ts";
import { filter } from "./filter.ts";

Deno.test("reward() is +1 for a correct response and -1 for any other", () => {
  assert.deepEqual(reward({ correct: true }), { correct: true, reward: 1 });
  assert.deepEqual(reward({ correct: false }), { correct: false, reward: -1 });
});

Deno.test("as published a wrong response scores 0, and PSR, NSR and W-REINFORCE take it for -1 all the same", () => {
  assert.deepEqual([true, false].map((correct) => reward({ correct }, { asPublished: true }).reward), [1, 0]);
  const advantages = [-1, 0].map((wrong) => {
    const batch = [1, wrong].map((reward) => ({ problemId: "p", reward, responseTokens: [5, 6] }));
    return (["psr", "nsr", "w-reinforce"] as const).map((algorithm) =>
      advantage(split(batch, { algorithm, lambda: 0.1 }), { algorithm, klCoef: 0 }).map(({ advantages }) => advantages)
    );
  });
  assert.deepEqual(advantages[0], advantages[1]);
});

Deno.test("the reward stage passes every other field through, byte for byte", async () => {
  const line = '{"problemId":"p","logProbs":[-0.1,-1e-7,-0],"correct":true,"mine":{"x":[1.5,"é"]}}';
  assert.equal(
    (await filter(rewardStage, [line])).stdout,
    '{"problemId":"p","logProbs":[-0.1,-1e-7,-0],"correct":true,"reward":1,"mine":{"x":[1.5,"é"]}}\n',
  );
});

Deno.test("a verdict without correct is an error that names line and field, and writes nothing", async () => {
  const { failure, stdout } = await filter(rewardStage, [{ correct: true }, { problemId: "p" }]);
  assert.match(failure ?? "", /line 2: field "correct" must be true or false, found nothing/);
  assert.equal(stdout, "");
});
