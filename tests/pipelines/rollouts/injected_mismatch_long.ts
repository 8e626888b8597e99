import assert from "node:assert/strict";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cli, same, shell, train } from "../training/train_commands.ts";
import { bytesOf, place, recordsOf, rowsOf, sameRuns, trained } from "./trained_at.ts";

const { dir } = place();
const more = "--algorithm reinforce --mini-batch 2 --steps 2";
const run = (name: string) => join(dir, name);

/** The differences of a step's tokens between sampler and policy, in order. */
const differences = (name: string, step: number): ReadonlyArray<number> =>
  recordsOf(run(name), "score", step).flatMap(({ logProbs, oldLogProbs }) =>
    logProbs.map((logProb: number, t: number) => logProb - oldLogProbs[t])
  );

const replays = (name: string) => {
  const { code, stderr } = shell(`${cli} replay ${run(name)}`);
  assert.equal(code, 0, stderr);
};

Deno.test("noise on log-probs has the stated deviation, and leaves responses and old log-probs alone", async () => {
  await trained(run("none"), more);
  await trained(run("noise"), `${more} --inject-mismatch noise:0.05`);
  const [plain, noised] = ["none", "noise"].map((name) => recordsOf(run(name), "score"));
  plain.forEach((record, i) => {
    assert.deepEqual(noised[i].responseTokens, record.responseTokens);
    assert.deepEqual(noised[i].oldLogProbs, record.oldLogProbs);
  });
  const added = differences("noise", 1);
  const deviation = Math.sqrt(added.reduce((sum, d) => sum + d * d, 0) / added.length);
  assert.ok(deviation > 0.04 && deviation < 0.06, `${deviation}`);
  const [{ mismatch }] = rowsOf(run("noise"));
  assert.ok(Math.abs(mismatch.kl - deviation * deviation / 2) < 2e-4, `${mismatch.kl}`);
  assert.equal(mismatch.cappedRatio, 0);
  assert.equal(rowsOf(run("none"))[0].mismatch, undefined);
  replays("noise");
});

Deno.test("noise without weights of importance is measured alone: the same gradients as without noise", async () => {
  await trained(run("uncapped"), `${more} --inject-mismatch noise:0.05 --importance-cap 0`);
  for (const stage of ["gradient", "update"]) {
    assert.deepEqual(recordsOf(run("uncapped"), stage, 2), recordsOf(run("none"), stage, 2));
  }
});

Deno.test("rounded weights make a small difference in every step, and the run replays", async () => {
  await trained(run("bf16"), `${more} --inject-mismatch bf16`);
  for (const { mismatch: { meanDifference, maxDifference } } of rowsOf(run("bf16"))) {
    assert.ok(meanDifference > 1e-5 && maxDifference < 0.5, `${meanDifference}, ${maxDifference}`);
  }
  replays("bf16");
});

Deno.test("stale weights make none in the first step and one in the second, and the run replays", async () => {
  await trained(run("stale"), `${more} --inject-mismatch stale:1`);
  const [first, second] = rowsOf(run("stale"));
  assert.equal(first.mismatch.maxDifference, 0);
  assert.ok(second.mismatch.maxDifference > 0.01, JSON.stringify(second));
  replays("stale");
});

Deno.test("a finished run with stale weights and more steps gives the bytes of one longer run", async () => {
  const longer = `${more.replace("--steps 2", "--steps 3")} --save-every 2 --inject-mismatch stale:1`;
  await trained(run("long"), longer);
  await trained(run("short"), `${more} --save-every 2 --inject-mismatch stale:1`);
  cpSync(run("short"), run("early"), { recursive: true });
  await trained(run("short"), longer);
  sameRuns(run("short"), run("long"));
  const sampler = "checkpoints/000002/trainer_state/sampler.safetensors";
  same(join(run("short"), sampler), join(run("long"), sampler));
  replays("short");

  // What a version left that did not keep the sampler's weights.
  const state = join(run("early"), "model/trainer_state");
  rmSync(join(state, "sampler.safetensors"));
  const manifest = JSON.parse(readFileSync(join(state, "manifest.json"), "utf8"));
  delete manifest["trainer_state/sampler.safetensors"];
  writeFileSync(join(state, "manifest.json"), JSON.stringify(manifest));
  const before = bytesOf(run("early"));
  const { code, stderr } = shell(train(run("early"), longer));
  assert.equal(code, 1);
  const line = stderr.trimEnd().split("\n").at(-1) ?? "";
  assert.match(line, /^Cannot continue ".*early": its rollouts need the sampler's weights beside the policy's/);
  assert.match(line, /sampler\.safetensors.*remove it, or begin anew with another --out$/);
  assert.deepEqual(bytesOf(run("early")), before);
});

Deno.test("an injection that cannot be is refused before anything is written", () => {
  for (
    const [also, expected] of [
      ["--inject-mismatch noise:0", /expected noise:X with X above 0, bf16 or stale:1/],
      ["--inject-mismatch stale:2", /expected noise:X/],
      ["--inject-mismatch bf16 --storage bf16", /itself reads rounded weights/],
      ["--inject-mismatch bf16 --rollouts http://127.0.0.1:1", /servers draw/],
    ] as const
  ) {
    const { code, stderr } = shell(train(run("refused"), `${more} ${also}`));
    assert.equal(code, 1);
    assert.match(stderr, expected);
  }
});

Deno.test("the same injection gives the same bytes again", async () => {
  await trained(run("again"), `${more} --inject-mismatch noise:0.05`);
  sameRuns(run("noise"), run("again"));
});

Deno.test("the folder of the runs goes", () => rmSync(dir, { recursive: true }));
