import assert from "node:assert/strict";
import { metricsOf, policyLoss } from "../../../pipelines/algorithms/objective.ts";
import { distance, packed } from "./golden_objectives.ts";
import {
  aggregations,
  goldenForms,
  keptBy,
  papers,
  peerAlgorithms,
  peers,
  peerSettings,
  peerTokens,
} from "./peer_objectives.ts";

// The peers add 1e-8 to the counts they divide by.
const BOUND = 1e-7;

Deno.test("both files of golden objectives hold the same batch", () => {
  assert.deepEqual(papers.sequences, peers.sequences);
});

Deno.test("every loss form and every aggregation has a case, and ratios lie beyond every clip", () => {
  const cases = peerAlgorithms.flatMap(([, { cases }]) => cases);
  assert.deepEqual(new Set(cases.map(({ settings }) => settings.lossForm)), new Set(Object.keys(goldenForms)));
  assert.deepEqual(new Set(cases.map(({ aggregation }) => aggregation)), new Set(aggregations));
  const ratios = peers.sequences.flatMap(({ logProbs, oldLogProbs }) =>
    logProbs.map((logProb, t) => Math.exp(logProb - oldLogProbs[t]))
  );
  assert.ok(Math.min(...ratios) < 0.8 && Math.max(...ratios) > 3);
});

for (const [name, algorithm] of peerAlgorithms) {
  const tokens = peerTokens(algorithm);
  const kept = keptBy(algorithm);

  algorithm.cases.forEach((one, i) => {
    Deno.test(`policyLoss() gives ${name} the loss and derivatives of ${one.source}, case ${i + 1}`, () => {
      const loss = policyLoss(tokens, peerSettings(tokens, one));
      assert.ok(distance([loss.loss], [one.loss]) < BOUND, `${loss.loss} ${one.loss}`);
      assert.ok(distance(loss.dLogProbs, packed(kept(one.dLogProbs))) < BOUND);
      assert.ok(distance(loss.dEntropy, packed(kept(one.dEntropy))) < BOUND);
      assert.ok(loss.dLogProbs.some((x) => x !== 0));
      const { clipFraction, approxKl } = metricsOf(loss);
      assert.ok(distance([approxKl], [one.approxKl]) < BOUND, `${approxKl} ${one.approxKl}`);
      if (one.clipFraction !== undefined) {
        assert.ok(distance([clipFraction], [one.clipFraction]) < BOUND, `${clipFraction} ${one.clipFraction}`);
      }
    });
  });

  Deno.test(`a response that ${name} leaves out has no derivative in the peers' numbers either`, () => {
    const left = algorithm.weights.flatMap((weight, i) => weight === 0 ? [i] : []);
    for (const { dLogProbs, dEntropy } of algorithm.cases) {
      for (const i of left) assert.ok([...dLogProbs[i], ...dEntropy[i]].every((x) => x === 0), `response ${i}`);
    }
  });
}
