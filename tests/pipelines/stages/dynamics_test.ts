import assert from "node:assert/strict";
import { dynamics, dynamicsStage, factsOf } from "../../../pipelines/stages/dynamics.ts";
import { Dynamics } from "../../../pipelines/records/schema.ts";
import { filter, records } from "./filter.ts";

const rewarded = (problemId: string, correct: boolean, entropy: ReadonlyArray<number>, finish: "stop" | "length") => ({
  problemId,
  correct,
  reward: correct ? 1 : -1,
  responseTokens: Int32Array.from(entropy, () => 0),
  entropy: Float32Array.from(entropy),
  finish,
});

const batch = [
  rewarded("a", true, [1, 1, 1, 1], "stop"),
  rewarded("b", true, [0.5], "stop"),
  rewarded("a", true, [0, 0.5], "stop"),
  rewarded("b", false, [3, 1], "length"),
];

Deno.test("dynamics() counts rollouts and prompts, and a prompt is solved when all of its rollouts are correct", () => {
  assert.deepEqual(dynamics(batch.map(factsOf)), {
    rollouts: 4,
    prompts: 2,
    correct: 3,
    correctRatio: 0.75,
    fullySolved: 1,
    fullySolvedRatio: 0.5,
    meanReward: 0.5,
    meanResponseLength: 2.25,
    meanEntropy: (1 + 0.5 + 0.25 + 2) / 4,
    truncatedRatio: 0.25,
  });
});

Deno.test("the dynamics stage writes one record with the fields of its noun in order", async () => {
  const lines = batch.map((record) => ({
    ...record,
    responseTokens: Array.from(record.responseTokens),
    entropy: Array.from(record.entropy),
  }));
  const found = records(await filter(dynamicsStage, lines));
  assert.equal(found.length, 1);
  assert.deepEqual(Object.keys(found[0]), Dynamics.fields.map((field) => field.name));
});

Deno.test("a batch of nothing has no dynamics: an error", async () => {
  assert.match((await filter(dynamicsStage, [])).failure ?? "", /there are no rollouts/);
});

Deno.test("one response twice is an error, and equal ones may be dropped", async () => {
  const lines = batch.slice(0, 2).map((record, sampleIndex) => ({
    ...record,
    sampleIndex,
    responseTokens: Array.from(record.responseTokens),
    entropy: Array.from(record.entropy),
  }));
  const doubled = [...lines, ...lines];
  assert.match(
    (await filter(dynamicsStage, doubled)).failure ?? "",
    /problem "a" has sampleIndex 0 twice: .*line 3.*line 1/,
  );
  const dropped = await filter(dynamicsStage, doubled, { allowDuplicates: true });
  assert.deepEqual(dropped, await filter(dynamicsStage, lines));
  assert.equal(records(dropped)[0].rollouts, 2);
});
