/** A server whose log-probs are not what it drew with: a proxy in front of ours adds half a nat to some tokens, and two nats to others. */
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { testServer } from "../serving/served_model.ts";
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

Deno.test("the folder of the run goes", () => rmSync(dir, { recursive: true }));
