import assert from "node:assert/strict";
import { signsKept, stopped } from "../../../pipelines/insights/solved.ts";

const rollout = (problemId: string, reward: number) => ({
  problemId,
  reward,
  responseTokens: Int32Array.of(1, 2),
  oldLogProbs: Float32Array.of(-0.5, -0.25),
});

const batch = [
  ...[1, 1, 1].map((reward) => rollout("solved", reward)),
  ...[1, -1, 1].map((reward) => rollout("half", reward)),
  ...[-1, -1, -1].map((reward) => rollout("failed", reward)),
];
const settings = { lambda: 0.1, klCoef: 1e-3 };

Deno.test("a solved problem stops NSR and GRPO, and not PSR, W-REINFORCE and REINFORCE", () => {
  const all = stopped(batch, settings);
  const rows = all.filter(({ section }) => section === "4.2");
  const at = (quantity: string) =>
    Object.fromEntries(rows.filter((row) => row.quantity.includes(quantity)).map((row) => [row.algorithm, row.value]));
  assert.deepEqual(at("solved"), { ppo: 0, grpo: 1, psr: 0, nsr: 1, "w-reinforce": 0, reinforce: 0 });
  const third = 1 / 3;
  assert.deepEqual(at("all"), { ppo: 0, grpo: 2 * third, psr: third, nsr: third, "w-reinforce": 0, reinforce: 0 });
  assert.ok(rows.every(({ count, quantity }) => count === (quantity.includes("solved") ? 1 : 3)));
  // With one sign left, subtracting the mean leaves nothing (Appendix D.3).
  const normalised = all.filter(({ section }) => section === "App. D.3");
  assert.deepEqual(normalised.map(({ algorithm, value }) => [algorithm, value]), [["psr", 1], ["nsr", 1]]);
  // W-REINFORCE with lambda 0 is NSR.
  const none = stopped(batch, { ...settings, lambda: 0 }).filter(({ algorithm }) => algorithm === "w-reinforce");
  assert.deepEqual(none.map(({ value }) => value), [1, third]);
});

Deno.test("without a solved problem there is no row about solved ones", () => {
  assert.ok(stopped(batch.slice(3), settings).every(({ quantity }) => !quantity.includes("solved")));
});

Deno.test("GRPO's normalised advantage keeps the reward's sign, or is 0 where a group has one reward", () => {
  const at = (rollouts: typeof batch) =>
    Object.fromEntries(signsKept(rollouts, settings).map(({ algorithm, value, count }) => [algorithm, [value, count]]));
  assert.deepEqual(at(batch), {
    ppo: [1, 9],
    grpo: [1, 9],
    psr: [1, 5],
    nsr: [1, 4],
    "w-reinforce": [1, 9],
    reinforce: [1, 9],
  });
  // One sign only: whitening subtracts the mean, and so does GRPO's group, which leaves 0.
  const failed = at(batch.slice(6));
  assert.deepEqual(failed.grpo, [1, 3]);
  assert.equal(failed.psr, undefined);
});
