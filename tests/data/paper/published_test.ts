import assert from "node:assert/strict";
import { tasks } from "../../../data/mod.ts";
import { claims } from "../../../data/paper/claims.ts";
import { runs, training } from "../../../data/paper/hyperparameters.ts";
import { ks, type Method, type PublishedTask, qwen3InWords, table1 } from "../../../data/paper/published.ts";
import { templateNames } from "../../../data/template.ts";

const at = (task: PublishedTask) => (method: Method, k: number) =>
  table1.find((row) => row.task === task && row.method === method)?.passAtK.get(k);

Deno.test("Table 1 has six methods on three tasks at nine k, each rising with k", () => {
  assert.equal(table1.length, 18);
  for (const row of table1) {
    assert.ok(Object.hasOwn(tasks, row.task));
    const values = [...row.passAtK.values()];
    assert.deepEqual([...row.passAtK.keys()], ks);
    assert.ok(values.every((value, i) => value > 0 && value <= 100 && (i === 0 || value > values[i - 1])), row.method);
  }
});

Deno.test("Table 1 agrees with the sentences of the paper about it", () => {
  assert.equal(at("math")("w-reinforce", 1), 76.6);
  assert.equal(at("math")("ppo", 1), 76.6);
  for (const k of ks) {
    const best = (task: PublishedTask) =>
      Math.max(...table1.filter((row) => row.task === task).map((row) => row.passAtK.get(k) ?? 0));
    if (k <= 64) assert.equal(at("math")("w-reinforce", k), best("math"));
    if (k > 1) assert.equal(at("aime-2025")("w-reinforce", k), best("aime-2025"));
  }
  assert.equal(qwen3InWords.find((row) => row.method === "nsr")?.passAtK.get(64), 98.0);
});

Deno.test("the claims hold on Table 1, but for one that its AIME 2025 numbers contradict", () => {
  for (const claim of claims) {
    const held = (["math", "aime-2025", "amc-23"] as const).map((task) => claim.holds(at(task), ks));
    const expected = claim.id === "psr-below-base-beyond-8" ? [true, false, true] : [true, true, true];
    assert.deepEqual(held, expected, claim.id);
  }
});

Deno.test("a claim about a table that lacks a method or k is neither true nor false", () => {
  for (const claim of claims) {
    assert.equal(claim.holds((method) => method === "psr" ? 1 : undefined, ks), null, claim.id);
  }
});

Deno.test("the paper's runs fit their contexts and name templates that exist", () => {
  assert.deepEqual(runs.map((run) => run.maxPromptTokens + run.maxTokens), [4096, 32768]);
  for (const run of runs) assert.ok(templateNames.some((name) => name === run.template));
  assert.equal(Math.floor(7498 / training.prompts), training.stepsPerEpoch);
});
