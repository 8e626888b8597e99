import assert from "node:assert/strict";
import type { Advantage, Response } from "../../../pipelines/algorithms/algorithm.ts";
import { calibratedRewards, confidencePenalty } from "../../../pipelines/algorithms/confidence_penalty.ts";
import { groupBaseline } from "../../../pipelines/algorithms/group_baseline.ts";
import { groupMean, scaledGroupMean } from "../../../pipelines/algorithms/group_mean.ts";
import { leaveOneOut } from "../../../pipelines/algorithms/leave_one_out.ts";
import { overlongPenalty, shapedBaseline } from "../../../pipelines/algorithms/overlong_penalty.ts";
import { rewardAdvantage } from "../../../pipelines/algorithms/reward_advantage.ts";
import { tokenReturns } from "../../../pipelines/algorithms/token_returns.ts";
import { virtualMaximum } from "../../../pipelines/algorithms/virtual_maximum.ts";
import { distance, packed } from "./golden_objectives.ts";
import { keptBy, papers, peerAlgorithms, peers } from "./peer_objectives.ts";

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

const advantages: Readonly<Record<string, Advantage>> = {
  "dr-grpo": groupMean,
  dapo: shapedBaseline(overlong),
  rloo: leaveOneOut,
  "reinforce++": tokenReturns,
  gspo: groupBaseline,
  cispo: groupBaseline,
  gpg: scaledGroupMean,
  topr: rewardAdvantage,
  ngrpo: virtualMaximum,
  "dual-clip": groupBaseline,
  "truncated-mask": groupBaseline,
  lens: confidencePenalty(alpha),
  "sign-weights": rewardAdvantage,
};

for (const [name, golden] of peerAlgorithms) {
  const { credit, scope } = advantages[name];

  Deno.test(`the advantages of ${name} are those of ${golden.source} within 1e-6`, () => {
    const kept = keptBy(golden);
    const credits = credit(batch(golden.weights), { klCoef }).map((one) => one.advantages);
    assert.ok(distance(packed(kept(credits)), packed(kept(golden.advantages))) < 1e-6);
  });

  Deno.test(`${name} gives a response the same advantages wherever it stands in the batch`, () => {
    const straight = credit(batch(), { klCoef });
    const turned = credit(batch().toReversed(), { klCoef }).toReversed();
    assert.deepEqual(turned, straight);
    if (scope === "response") assert.deepEqual(credit(batch().slice(0, 1), { klCoef }), straight.slice(0, 1));
  });
}

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
