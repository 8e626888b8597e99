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

Deno.test("a verifier that errs by sign turns that share of rewards, the same each time, and leaves the other sign and correct alone", () => {
  const verdicts = Array.from({ length: 4000 }, (_, i) => (
    { correct: i % 2 === 0, seed: 3, problemId: `p/${i >> 3}`, sampleIndex: i % 8 }
  ));
  const turned = (settings: Parameters<typeof reward>[1]) =>
    verdicts.map((one) => reward(one, settings)).filter(({ correct, reward }) => correct !== reward > 0);
  const accepts = turned({ falseAccepts: 0.1, step: 2 });
  assert.ok(
    Math.abs(accepts.length / 2000 - 0.1) < 0.03 && accepts.every(({ correct }) => !correct),
    `${accepts.length}`,
  );
  const rejects = turned({ falseRejects: 0.05, step: 2 });
  assert.ok(
    Math.abs(rejects.length / 2000 - 0.05) < 0.02 && rejects.every(({ correct }) => correct),
    `${rejects.length}`,
  );
  assert.deepEqual(turned({ falseAccepts: 0.1, step: 2 }), accepts);
  assert.notDeepEqual(turned({ falseAccepts: 0.1, step: 3 }), accepts);
  assert.deepEqual(turned({ falseAccepts: 0 }), []);
  assert.equal(turned({ falseRejects: 1 }).length, 2000);
});

Deno.test("the reward stage asks a noisy verifier's records for what its draws depend on", async () => {
  const { failure } = await filter(rewardStage, [{ correct: true, problemId: "p" }], { falseRejects: 0.1 });
  assert.match(failure ?? "", /field "sampleIndex"/);
});
