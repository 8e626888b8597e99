import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { startedWith, testServer } from "../serving/served_model.ts";
import { beside, place, rowsOf, sameRuns, trained } from "./trained_at.ts";

const { dir, keys } = place();
const steps = "--algorithm w-reinforce --mini-batch 2 --steps 2";
const [own, run] = [join(dir, "own"), join(dir, "served")];
const updateFolder = join(run, "sampler");

testServer("training with the rollouts of two of our servers has the bytes of training alone, and no mismatch", {
  ...keys,
  updateFolder,
}, (one) =>
  startedWith(one.dir, async (other) => {
    await trained(own, steps);
    await trained(run, `${steps} --rollouts ${one.url},${other.url}/v1`);
    sameRuns(own, run);
    for (const { mismatch } of rowsOf(run)) {
      assert.deepEqual(mismatch, { meanDifference: 0, maxDifference: 0, kl: 0, beyondTwo: 0 });
    }
    for (const row of rowsOf(own)) assert.ok(!("mismatch" in row));
    // Both servers drew, and both have the weights of the second step.
    const [first, second] = [one, other].map(({ served }) => served);
    assert.equal(first.answers + second.answers, 8);
    assert.equal(first.answers, second.answers);
    assert.equal(first.weights, second.weights);
  }, { ...keys, updateFolder }));

Deno.test("such a run replays without a server", async () => {
  const { code, stderr } = await beside(`${Deno.execPath()} run -q -A pipelines/cli.ts replay ${run}`);
  assert.equal(code, 0, stderr);
  assert.match(stderr, /2 steps made again, every byte the same/);
});

Deno.test("the folder of the runs goes", () => rmSync(dir, { recursive: true }));
