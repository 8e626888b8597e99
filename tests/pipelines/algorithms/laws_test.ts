import assert from "node:assert/strict";
import { Result } from "effect";
import { type AlgorithmName, algorithms, type Response } from "../../../pipelines/algorithms/mod.ts";
import type { Algorithm } from "../../../pipelines/algorithms/algorithm.ts";
import * as Groups from "../../../pipelines/settings/groups.ts";
import { configOf } from "../../../pipelines/settings/resolve.ts";
import { settings } from "../../../pipelines/settings/settings.ts";
import { bits, Key } from "../../../data/random.ts";
import { advantage } from "../../../pipelines/stages/advantage.ts";
import { split } from "../../../pipelines/stages/split.ts";

/** Rollouts of some problems with rewards of either sign, some of them truncated. */
const rollouts = Array.from({ length: 24 }, (_, i) => {
  const key = Key.fold(Key.make(7), i);
  const length = 1 + bits(key, 0) % 9;
  const list = (at: number) => Float32Array.from({ length }, (_, t) => (bits(key, at + t) % 1000) / 500 - 1);
  return {
    problemId: `p${i % 7}`,
    sampleIndex: i,
    finish: i % 5 === 0 ? "length" : "stop",
    reward: bits(key, 1) % 2 === 0 ? 1 : -1,
    responseTokens: new Int32Array(length),
    oldLogProbs: list(100),
    referenceLogProbs: list(200),
    values: list(300),
  };
});

const credited = (algorithm: AlgorithmName, lambda = 0.1, batch = rollouts) =>
  advantage(split(batch, { algorithm, lambda }), { algorithm, klCoef: 1e-3 });

const names = Object.keys(algorithms).filter((name): name is AlgorithmName => name in algorithms);

for (const name of names) {
  Deno.test(`${name} is registered under its own name`, () => {
    assert.equal(algorithms[name].name, name);
  });

  Deno.test(`${name} gives each kept token one finite advantage, float32`, () => {
    for (const record of credited(name)) {
      assert.ok(record.advantages instanceof Float32Array);
      assert.equal(record.advantages.length, record.responseTokens.length);
      assert.ok(record.advantages.every((x) => Number.isFinite(x)));
      assert.equal(record.returns !== undefined, algorithms[name].needsCritic === true);
    }
  });

  Deno.test(`${name} gives a response the same advantages wherever it stands in the batch`, () => {
    const straight = new Map(credited(name).map((record) => [record.sampleIndex, record]));
    for (const record of credited(name, 0.1, rollouts.toReversed())) {
      assert.deepEqual(record.advantages, straight.get(record.sampleIndex)?.advantages);
      assert.deepEqual(record.returns, straight.get(record.sampleIndex)?.returns);
    }
  });

  Deno.test(`${name} never masks a truncated response`, () => {
    const swapped = rollouts.map((record) => ({ ...record, finish: record.finish === "stop" ? "length" : "stop" }));
    assert.deepEqual(
      credited(name).map(({ advantages }) => advantages),
      credited(name, 0.1, swapped).map(({ advantages }) => advantages),
    );
  });

  Deno.test(`${name} drops truncated responses after the advantages with --truncated mask`, () => {
    const masked = advantage(split(rollouts, { algorithm: name, lambda: 0.1 }), {
      algorithm: name,
      klCoef: 1e-3,
      truncated: "mask",
    });
    assert.deepEqual(masked, credited(name).filter(({ finish }) => finish === "stop"));
    assert.ok(masked.length > 0 && masked.length < credited(name).length);
  });

  Deno.test(`${name} leaves the reward as it was`, () => {
    for (const record of credited(name)) assert.equal(record.reward, rollouts[record.sampleIndex].reward);
  });

  Deno.test(`${name} asks for what its advantage and its loss need`, () => {
    const { advantage: { needs }, klInLoss = false, needsCritic = false, needsReference = false } = algorithms[name];
    assert.equal(needs.includes("values"), needsCritic);
    assert.equal(needs.includes("referenceLogProbs") || klInLoss, needsReference);
  });
}

Deno.test("PSR keeps correct responses only, and all of its advantages are 1", () => {
  const kept = credited("psr");
  assert.equal(kept.length, rollouts.filter(({ reward }) => reward > 0).length);
  assert.ok(kept.every(({ sign, advantages }) => sign === "positive" && advantages.every((x) => x === 1)));
});

Deno.test("NSR keeps incorrect responses only, and all of its advantages are -1", () => {
  const kept = credited("nsr");
  assert.equal(kept.length, rollouts.filter(({ reward }) => reward < 0).length);
  assert.ok(kept.every(({ sign, advantages }) => sign === "negative" && advantages.every((x) => x === -1)));
});

Deno.test("W-REINFORCE with lambda 1 is REINFORCE, with lambda 0 it is NSR", () => {
  assert.deepEqual(credited("w-reinforce", 1), credited("reinforce"));
  assert.deepEqual(credited("w-reinforce", 0), credited("nsr"));
});

Deno.test("lambda acts once, and on correct responses only", () => {
  const kept = credited("w-reinforce", 0.25);
  assert.equal(kept.length, rollouts.length);
  for (const { reward, weight, advantages } of kept) {
    assert.equal(weight, reward > 0 ? 0.25 : 1);
    assert.ok(advantages.every((x) => x === (reward > 0 ? 0.25 : -1)));
  }
});

Deno.test("lambda is nothing to an algorithm whose weights do not depend on it", () => {
  const weights = (name: AlgorithmName, lambda: number) =>
    (["positive", "negative"] as const).map((sign) => algorithms[name].weight(sign, { lambda })).join();
  const indifferent = names.filter((name) => weights(name, 0.1) === weights(name, 0.9));
  assert.ok(indifferent.length > 0 && !indifferent.includes("w-reinforce"));
  for (const name of indifferent) assert.deepEqual(credited(name, 0.1), credited(name, 0.9));
});

Deno.test("an algorithm that needs nothing but rewards works without any other field", () => {
  const bare: ReadonlyArray<Response> = [{ problemId: "p", reward: -1, weight: 1, responseTokens: [1, 2] }];
  for (const name of names.filter((name) => algorithms[name].advantage.needs.length === 0)) {
    assert.equal(advantage(bare, { algorithm: name, klCoef: 0 })[0].advantages.length, 2);
  }
});

Deno.test("settings of single algorithms have names of their own, and are declared alike where algorithms share them", () => {
  const { algorithmSettings, ...others } = Groups;
  const taken = new Set(Object.values(others).flatMap((group) => Object.keys(group)));
  const declared = Object.values<Algorithm>(algorithms).flatMap(({ settings = {} }) => Object.entries(settings));
  assert.deepEqual(new Set(Object.keys(algorithmSettings)), new Set(declared.map(([key]) => key)));
  for (const [key, { expected, description }] of declared) {
    assert.ok(!taken.has(key), key);
    for (const [, other] of declared.filter(([name]) => name === key)) {
      assert.deepEqual([other.expected, other.description], [expected, description], key);
    }
  }
});

Deno.test("the defaults of each algorithm are values that the settings take", () => {
  for (const algorithm of names) assert.ok(Result.isSuccess(configOf(settings, { algorithm })), algorithm);
});
