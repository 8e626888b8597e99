import assert from "node:assert/strict";
import { names, signsKept, stopped } from "../../../pipelines/insights/solved.ts";

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

/** Rows by algorithm: each of the paper's has one, with these values; the others have shares. */
const areOf = (rows: Readonly<Record<string, number>>, known: Readonly<Record<string, number>>): void => {
  assert.deepEqual(Object.keys(rows), names);
  assert.deepEqual(Object.fromEntries(Object.keys(known).map((name) => [name, rows[name]])), known);
  for (const [name, share] of Object.entries(rows)) assert.ok(share >= 0 && share <= 1, name);
};

Deno.test("a solved problem stops NSR and GRPO, and not PSR, W-REINFORCE and REINFORCE", () => {
  const all = stopped(batch, settings);
  const rows = all.filter(({ section }) => section === "4.2");
  const at = (quantity: string) =>
    Object.fromEntries(rows.filter((row) => row.quantity.includes(quantity)).map((row) => [row.algorithm, row.value]));
  areOf(at("solved"), { ppo: 0, grpo: 1, psr: 0, nsr: 1, "w-reinforce": 0, reinforce: 0 });
  const third = 1 / 3;
  areOf(at("all"), { ppo: 0, grpo: 2 * third, psr: third, nsr: third, "w-reinforce": 0, reinforce: 0 });
  assert.ok(rows.every(({ count, quantity }) => count === (quantity.includes("solved") ? 1 : 3)));
  // With one sign left, subtracting the mean leaves nothing (Appendix D.3).
  const normalised = all.filter(({ section }) => section === "App. D.3");
  const values = normalised.map(({ algorithm, value }) => [algorithm, value]);
  assert.deepEqual(values.filter(([name]) => name === "psr" || name === "nsr"), [["psr", 1], ["nsr", 1]]);
  assert.ok(!values.some(([name]) => name === "reinforce" || name === "w-reinforce"));
  // W-REINFORCE with lambda 0 is NSR.
  const none = stopped(batch, { ...settings, lambda: 0 }).filter(({ algorithm }) => algorithm === "w-reinforce");
  assert.deepEqual(none.map(({ value }) => value), [1, third]);
});

Deno.test("without a solved problem there is no row about solved ones", () => {
  assert.ok(stopped(batch.slice(3), settings).every(({ quantity }) => !quantity.includes("solved")));
});

Deno.test("GRPO's normalised advantage keeps the reward's sign, or is 0 where a group has one reward", () => {
  const at = (rollouts: typeof batch) =>
    new Map(signsKept(rollouts, settings).map(({ algorithm, value, count }) => [algorithm, [value, count]]));
  const all = at(batch);
  assert.deepEqual([...all.keys()], names);
  const known = { ppo: 9, grpo: 9, psr: 5, nsr: 4, "w-reinforce": 9, reinforce: 9 };
  for (const [name, count] of Object.entries(known)) assert.deepEqual(all.get(name), [1, count], name);
  // One sign only: whitening subtracts the mean, and so does GRPO's group, which leaves 0.
  const failed = at(batch.slice(6));
  assert.deepEqual(failed.get("grpo"), [1, 3]);
  assert.equal(failed.get("psr"), undefined);
});
