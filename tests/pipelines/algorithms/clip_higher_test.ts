import assert from "node:assert/strict";
import { denominatorsOf } from "../../../pipelines/algorithms/aggregation.ts";
import { algorithms } from "../../../pipelines/algorithms/mod.ts";
import { metricsOf, policyLoss, type PolicyTokens } from "../../../pipelines/algorithms/objective.ts";
import { aggregationOf, distance, golden, packed } from "./golden_objectives.ts";

const { clipRatio, entropyCoef, klCoef } = golden.settings;
const { clipRatioHigh } = golden.clipHigher;

for (const [name, cases] of Object.entries(golden.clipHigher.algorithms)) {
  const { weights, advantages } = Object.entries(golden.algorithms).find(([key]) => key === name)?.[1] ??
    assert.fail(name);
  const kept = <A>(list: ReadonlyArray<A>) => list.filter((_, i) => weights[i] !== 0);
  const sequences = kept(golden.sequences);
  const field = (key: "logProbs" | "oldLogProbs" | "entropy" | "referenceLogProbs") =>
    packed(sequences.map((sequence) => sequence[key]));
  const tokens: PolicyTokens = {
    logProbs: field("logProbs"),
    oldLogProbs: field("oldLogProbs"),
    entropy: field("entropy"),
    advantages: packed(kept(advantages)),
    sequences: sequences.map(({ logProbs }) => logProbs.length),
    ...(Object.values(algorithms).find((one) => one.name === name)?.klInLoss === true
      ? { referenceLogProbs: field("referenceLogProbs") }
      : {}),
  };

  Deno.test(`policyLoss() clips the ratio above 1 as PyTorch does for ${name}, and at one range as without it`, () => {
    for (const expected of cases) {
      const settings = {
        clipRatio,
        entropyCoef,
        klCoef,
        aggregation: aggregationOf(expected.aggregation),
        share: expected.share,
        denominators: denominatorsOf(tokens.sequences),
      };
      const loss = policyLoss(tokens, { ...settings, clipRatioHigh });
      assert.ok(distance([loss.loss], [expected.loss]) < 1e-12, `${loss.loss} ${expected.loss}`);
      assert.ok(distance(loss.dLogProbs, packed(kept(expected.dLogProbs))) < 1e-9);
      assert.ok(distance(loss.dEntropy, packed(kept(expected.dEntropy))) < 1e-12);
      const { clipFraction, approxKl } = metricsOf(loss);
      assert.ok(distance([clipFraction, approxKl], [expected.clipFraction, expected.approxKl]) < 1e-12);

      const alike = policyLoss(tokens, settings);
      assert.deepEqual(policyLoss(tokens, { ...settings, clipRatioHigh: clipRatio }), alike);
      assert.deepEqual(policyLoss(tokens, { ...settings, clipRatioHigh: undefined }), alike);
      // Only tokens that are pushed up meet the upper end, so NSR has none.
      assert.equal(loss.clipped < alike.clipped, name !== "nsr", `${loss.clipped} ${alike.clipped}`);
    }
  });
}
