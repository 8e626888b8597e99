import assert from "node:assert/strict";
import { reward, rewardStage } from "../../../pipelines/stages/reward.ts";
import { filter } from "./filter.ts";

Deno.test("reward() is +1 for a correct response and -1 for any other", () => {
  assert.deepEqual(reward({ correct: true }), { correct: true, reward: 1 });
  assert.deepEqual(reward({ correct: false }), { correct: false, reward: -1 });
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
