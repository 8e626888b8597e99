import assert from "node:assert/strict";
import type { Advantage, Algorithm, Response } from "../../../pipelines/algorithms/algorithm.ts";
import { calibratedRewards, confidencePenalty } from "../../../pipelines/algorithms/confidence_penalty.ts";
import { groupMean, scaledGroupMean } from "../../../pipelines/algorithms/group_mean.ts";
import { leaveOneOut } from "../../../pipelines/algorithms/leave_one_out.ts";
import { overlongPenalty } from "../../../pipelines/algorithms/overlong_penalty.ts";
import { type AlgorithmName, algorithms, lossFormOf } from "../../../pipelines/algorithms/mod.ts";
import { clippedRatio } from "../../../pipelines/algorithms/objective.ts";
import { virtualMaximum } from "../../../pipelines/algorithms/virtual_maximum.ts";
import { advantage } from "../../../pipelines/stages/advantage.ts";
import { split } from "../../../pipelines/stages/split.ts";
import { distance, packed } from "./golden_objectives.ts";
import { goldenForms, keptBy, papers, peerAlgorithms, peers } from "./peer_objectives.ts";

const { klCoef } = peers.algorithms["reinforce++"].settings;
const { alpha } = papers.algorithms.lens.settings;
const { maxTokens, overlongBuffer, overlongPenalty: penalty, shapedRewards } = peers.algorithms.dapo.settings;
const overlong = { maxTokens, buffer: overlongBuffer, penalty };

/** The golden batch; a weight of 0 is one that the algorithm leaves out, which has a weight here all the same. */
const batch = (weights: ReadonlyArray<number> = []): ReadonlyArray<Response> =>
  peers.sequences.map(({ problemId, reward, oldLogProbs, referenceLogProbs }, i) => ({
    problemId,
    reward,
    weight: weights[i] || 1,
    responseTokens: oldLogProbs,
    oldLogProbs: Float32Array.from(oldLogProbs),
    referenceLogProbs: Float32Array.from(referenceLogProbs),
  }));

/** The settings that the golden numbers were made with. */
const settings = {
  klCoef,
  maxTokens,
  overlongBuffer: overlongBuffer / maxTokens,
  overlongPenalty: penalty,
  alpha,
  lambda: 1,
  positiveWeight: papers.algorithms["sign-weights"].settings.positive,
  negativeWeight: papers.algorithms["sign-weights"].settings.negative,
};

const isRegistered = (name: string): name is AlgorithmName => Object.hasOwn(algorithms, name);

/** The algorithm of golden numbers; those of options were made with GRPO's advantages. */
const algorithmOf = (name: string): AlgorithmName => isRegistered(name) ? name : "grpo";

for (const [name, golden] of peerAlgorithms) {
  const algorithm = algorithmOf(name);
  const { credit, scope } = algorithms[algorithm].advantage;

  Deno.test(`the advantages of ${name} are those of ${golden.source} within 1e-6`, () => {
    const kept = keptBy(golden);
    const credits = credit(batch(golden.weights), settings).map((one) => one.advantages);
    assert.ok(distance(packed(kept(credits)), packed(kept(golden.advantages))) < 1e-6);
  });

  Deno.test(`${name} gives a response the same advantages wherever it stands in the batch`, () => {
    const straight = credit(batch(), settings);
    const turned = credit(batch().toReversed(), settings).toReversed();
    assert.deepEqual(turned, straight);
    if (scope === "response") assert.deepEqual(credit(batch().slice(0, 1), settings), straight.slice(0, 1));
  });

  Deno.test(`split() and advantage() keep for ${name} what ${golden.source} learns from, and no other response`, () => {
    const isMasked = name === "truncated-mask";
    const finished = batch().map((response, i) => ({
      ...response,
      index: i,
      finish: isMasked && golden.weights[i] === 0 ? "length" : "stop",
    }));
    const signed = split(finished, { ...settings, algorithm });
    const credited = advantage(signed, { ...settings, algorithm, truncated: isMasked ? "mask" : "grade" });
    assert.deepEqual(credited.map(({ index }) => index), keptBy(golden)(finished.map(({ index }) => index)));
    const given = credited.map(({ advantages }) => advantages);
    assert.ok(distance(packed(given), packed(keptBy(golden)(golden.advantages))) < 1e-6);
    if (isMasked) assert.equal(advantage(signed, { ...settings, algorithm }).length, finished.length);
  });

  if (isRegistered(name)) {
    Deno.test(`${name} is registered with a loss form, an aggregation and clip ratios that it has golden numbers for`, () => {
      const { defaults = {} }: Algorithm = algorithms[name];
      const form = lossFormOf(name) ?? clippedRatio;
      for (const one of golden.cases) assert.equal(goldenForms[one.settings.lossForm], form);
      assert.ok(golden.cases.some(({ aggregation }) => aggregation === (defaults.aggregation ?? "token-mean")));
      // CISPO's upper bound is our choice; its peers were called with others.
      const { clipRatio, clipRatioHigh = clipRatio } = defaults;
      const isSame = (one: typeof golden.cases[number]["settings"]) =>
        (clipRatio === undefined || one.clipRatio === clipRatio) &&
        (name === "cispo" || clipRatioHigh === undefined || one.clipRatioHigh === clipRatioHigh);
      assert.ok(golden.cases.some((one) => isSame(one.settings)));
    });
  }
}

Deno.test("every algorithm that came after the paper has golden numbers from elsewhere", () => {
  const made = new Set(peerAlgorithms.map(([name]) => name));
  assert.deepEqual([...made].filter((name) => !isRegistered(name)).sort(), ["dual-clip", "truncated-mask"]);
});

Deno.test("the calibrated rewards of LENS are those of its equations", () => {
  const made = papers.algorithms.lens.settings.calibratedRewards;
  for (const problemId of new Set(peers.sequences.map((one) => one.problemId))) {
    const of = (_: unknown, i: number) => peers.sequences[i].problemId === problemId;
    assert.ok(distance(calibratedRewards(batch().filter(of)), made.filter(of)) < 1e-9, problemId);
  }
});

Deno.test("DAPO's overlong penalty is verl's", () => {
  const shaped = peers.sequences.map(({ reward, logProbs }) => reward - overlongPenalty(logProbs.length, overlong));
  assert.ok(distance(shaped, shapedRewards) < 1e-6);
  // DAPO's Eq. (13): the whole penalty from the limit on.
  assert.deepEqual([0, 1, 9].map((more) => overlongPenalty(maxTokens + more, overlong)), [penalty, penalty, penalty]);
});

Deno.test("groups whose rewards are all equal teach nothing but where an algorithm wants them to", () => {
  const equal = (reward: number): ReadonlyArray<Response> =>
    [[-0.5, -0.1], [-2], [-1, -0.2, -0.3]].map((oldLogProbs) => ({
      problemId: "p",
      reward,
      weight: 1,
      responseTokens: oldLogProbs,
      oldLogProbs: Float32Array.from(oldLogProbs),
    }));
  const signs = ({ credit }: Advantage, reward: number) =>
    credit(equal(reward), { klCoef }).map((one) => Math.sign(one.advantages[0]));
  for (const advantage of [groupMean, scaledGroupMean, leaveOneOut]) {
    assert.deepEqual([...signs(advantage, 1), ...signs(advantage, -1)], [0, 0, 0, 0, 0, 0]);
  }
  assert.deepEqual(signs(virtualMaximum, 1), [0, 0, 0]);
  assert.deepEqual(signs(virtualMaximum, -1), [-1, -1, -1]);
  assert.deepEqual(signs(confidencePenalty(alpha), 1), [0, 0, 0]);
  // The confident mistakes are pushed down, the least confident one up.
  assert.deepEqual(signs(confidencePenalty(alpha), -1), [-1, 1, -1]);
});
