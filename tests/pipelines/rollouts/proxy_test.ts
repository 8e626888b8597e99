/** A server whose log-probs are not what it drew with: a proxy in front of ours adds half a nat to some tokens, and two nats to others. */
import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { succeedsHere } from "../../command_line.ts";
import { testServer } from "../serving/served_model.ts";
import { base } from "../training/train_commands.ts";
import { place, recordsOf, rowsOf, trained } from "./trained_at.ts";

const { dir, keys } = place();
const run = join(dir, "run");
const updateFolder = join(run, "sampler");
const more = "--algorithm reinforce --mini-batch 4 --steps 1";

/** What the proxy adds to the log-prob of token t. */
const added = (t: number): number => t % 5 === 0 ? -2 : t % 2 === 0 ? 0.5 : 0;

/** Passes requests on to `url`, and perturbs the log-probs of rollouts. */
const proxyTo = (url: string) =>
  Deno.serve({ port: 0, hostname: "127.0.0.1", onListen: () => {} }, async (request) => {
    const { pathname } = new URL(request.url);
    const headers = Object.fromEntries(
      ["content-type", "authorization"].map((name) => [name, request.headers.get(name) ?? ""]),
    );
    const answer = await fetch(`${url}${pathname}`, { method: "POST", headers, body: await request.text() });
    const reply = await answer.json();
    for (const { rollout } of reply.choices ?? []) {
      rollout.log_probs = rollout.log_probs.map((x: number, t: number) => x + added(t));
    }
    return Response.json(reply, { status: answer.status });
  });

testServer("the metrics show what a proxy adds to log-probs, and the cap bounds the weight of each token", {
  ...keys,
  updateFolder,
}, async ({ url }) => {
  const proxy = proxyTo(url);
  try {
    await trained(run, `${more} --rollouts http://127.0.0.1:${proxy.addr.port} --importance-cap 1.5`);
  } finally {
    await proxy.shutdown();
  }
  const scored = recordsOf(run, "score");
  const differences: number[] = scored.flatMap(({ oldLogProbs, logProbs }) =>
    oldLogProbs.map((old: number, t: number) => old - logProbs[t])
  );
  const expected: number[] = scored.flatMap(({ logProbs }) => logProbs.map((_: number, t: number) => -added(t)));
  differences.forEach((d, i) => assert.ok(Math.abs(d - expected[i]) < 1e-5, `${d}, not ${expected[i]}`));
  const [{ mismatch, updates }] = rowsOf(run);
  assert.equal(updates, 1);
  const mean = (values: ReadonlyArray<number>) => values.reduce((sum, x) => sum + x, 0) / values.length;
  const close = (found: number, wanted: number) =>
    assert.ok(Math.abs(found - wanted) < 1e-5, `${found}, not ${wanted}`);
  close(mismatch.meanDifference, mean(expected.map(Math.abs)));
  close(mismatch.maxDifference, 2);
  close(mismatch.kl, mean(expected.map((d) => Math.exp(d) - d - 1)));
  close(mismatch.beyondTwo, mean(expected.map((d) => Math.abs(d) > Math.LN2 ? 1 : 0)));
  close(mismatch.cappedRatio, mean(expected.map((d) => Math.exp(d) > 1.5 ? 1 : 0)));
  for (const { advantages, reward, oldLogProbs, logProbs } of recordsOf(run, "advantage")) {
    advantages.forEach((advantage: number, t: number) => {
      const weight = Math.min(Math.exp(oldLogProbs[t] - logProbs[t]), 1.5);
      close(advantage, reward * weight);
      assert.ok(Math.abs(advantage) <= 1.5);
    });
  }
});

Deno.test({
  name: "stages typed by hand on the rollouts of that step give its records and weights",
  // The device lives as long as the process.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async () => {
    const recorded = (stage: string) => readFileSync(join(run, `steps/000001/${stage}.ndjson`), "utf8");
    const out = join(dir, "by-hand");
    const artifacts = `--artifacts ${join(dir, "artifacts")}`;
    let records = recorded("sample");
    for (
      const [stage, flags] of [
        ["verify", ""],
        ["reward", ""],
        ["split", "--algorithm reinforce"],
        ["score", `--model ${base}`],
        ["advantage", "--algorithm reinforce --importance-cap 1.5"],
        ["gradient", `--model ${base} --algorithm reinforce ${artifacts}`],
        ["update", `--model ${base} ${artifacts} --out ${out} --learning-rate 1e-3 --step 1`],
      ]
    ) {
      records = (await succeedsHere(`${stage} ${flags}`, records)).stdout;
      assert.ok(records === recorded(stage), `the records of ${stage} differ`);
    }
    const [byHand, trainedModel] = [out, join(run, "model")].map((model) =>
      readFileSync(join(model, "model.safetensors"))
    );
    assert.ok(byHand.equals(trainedModel));
  },
});

Deno.test("the folder of the run goes", () => rmSync(dir, { recursive: true }));
