import assert from "node:assert/strict";
import { denominatorsOf } from "../../../pipelines/algorithms/aggregation.ts";
import { clippedWeight, dualClipped, sequenceClip, taperedWeight } from "../../../pipelines/algorithms/loss_forms.ts";
import {
  addSums,
  clippedRatio,
  type LossForm,
  noSums,
  policyLoss,
  type PolicyLossSettings,
  type PolicyTokens,
} from "../../../pipelines/algorithms/objective.ts";
import { distance, packed } from "./golden_objectives.ts";
import { aggregations, goldenForms, peers, peerTokens } from "./peer_objectives.ts";

const tokens = peerTokens(peers.algorithms.rloo);
const N = tokens.logProbs.length;

const settingsOf = (given: Partial<PolicyLossSettings> = {}): PolicyLossSettings => ({
  clipRatio: 0.2,
  clipRatioHigh: 0.28,
  entropyCoef: 1e-2,
  klCoef: 1e-1,
  aggregation: "token-mean",
  share: 0.75,
  denominators: denominatorsOf(tokens.sequences),
  constantLength: 7,
  ...given,
});

const reference = packed(peers.sequences.map(({ referenceLogProbs }) => referenceLogProbs));

const forms: ReadonlyArray<readonly [string, LossForm]> = [
  ...Object.entries(goldenForms),
  ["clip with dual clip", dualClipped(clippedRatio, 1.5)],
  ["sequence-clip with dual clip", dualClipped(sequenceClip, 1.5)],
];

for (const [name, form] of forms) {
  Deno.test(`the derivatives of ${name} are those of finite differences in float64`, () => {
    const given = { ...tokens, referenceLogProbs: reference };
    for (const aggregation of aggregations) {
      const settings = settingsOf({ form, aggregation });
      const { dLogProbs, dEntropy } = policyLoss(given, settings);
      const step = 1e-6;
      const slope = (field: "logProbs" | "entropy", at: number) => {
        const lossAt = (by: number) => {
          const moved = Float64Array.from(given[field], (x, i) => i === at ? x + by : x);
          return policyLoss({ ...given, [field]: moved, heldLogProbs: given.logProbs }, settings).loss;
        };
        return (lossAt(step) - lossAt(-step)) / (2 * step);
      };
      for (let t = 0; t < N; t++) {
        const [byLogProb, byEntropy] = [slope("logProbs", t), slope("entropy", t)];
        assert.ok(Math.abs(byLogProb - dLogProbs[t]) < 1e-8, `${aggregation} ${t}: ${byLogProb} ${dLogProbs[t]}`);
        assert.ok(Math.abs(byEntropy - dEntropy[t]) < 1e-8, `${aggregation} entropy ${t}`);
      }
    }
  });

  Deno.test(`the parts and the signs of a mini-batch of ${name} add up to the whole`, () => {
    for (const aggregation of aggregations) {
      const settings = settingsOf({ form, aggregation });
      const whole = policyLoss(tokens, settings);
      for (let cut = 0; cut <= tokens.sequences.length; cut++) {
        const parts = [part(0, cut), part(cut, tokens.sequences.length)].map((some) => policyLoss(some, settings));
        const sums = parts.reduce(addSums, noSums);
        assert.ok(distance([sums.loss], [whole.loss]) < 1e-14);
        assert.equal(sums.clipped, whole.clipped);
        assert.deepEqual(packed(parts.map(({ dLogProbs }) => dLogProbs)), whole.dLogProbs);
      }
      const signs = addSums(whole.positive, whole.negative);
      assert.ok(distance([signs.loss], [whole.loss]) < 1e-14);
      assert.equal(signs.tokens, N);
    }
  });

  Deno.test(`an on-policy token of ${name} has the derivative -A / tokens exactly, and never counts as clipped`, () => {
    const logProbs = Float32Array.of(-0.1, -3, -20, 0);
    const onPolicy: PolicyTokens = {
      logProbs,
      oldLogProbs: logProbs,
      entropy: new Float32Array(4),
      advantages: Float32Array.of(-1, -1, 1, 1),
      sequences: [2, 2],
    };
    const settings = settingsOf({ form, share: 1, denominators: denominatorsOf([2, 2]) });
    const { dLogProbs, clipped } = policyLoss(onPolicy, settings);
    assert.deepEqual(Array.from(dLogProbs), [0.25, 0.25, -0.25, -0.25]);
    assert.equal(clipped, 0);
  });

  Deno.test(`a loss of ${name} that is not a number stays one, so that the run can stop`, () => {
    for (const advantage of [1, -1]) {
      const broken: PolicyTokens = {
        logProbs: [NaN],
        oldLogProbs: [-1],
        entropy: [1],
        advantages: [advantage],
        sequences: [1],
      };
      assert.ok(Number.isNaN(policyLoss(broken, settingsOf({ form })).loss));
    }
  });
}

/** The sequences from `from` (inclusive) to `to` (exclusive). */
function part(from: number, to: number): PolicyTokens {
  const start = tokens.sequences.slice(0, from).reduce((a, b) => a + b, 0);
  const end = tokens.sequences.slice(0, to).reduce((a, b) => a + b, 0);
  const cut = (list: ArrayLike<number>) => Array.from(list).slice(start, end);
  return {
    logProbs: cut(tokens.logProbs),
    oldLogProbs: cut(tokens.oldLogProbs),
    entropy: cut(tokens.entropy),
    advantages: cut(tokens.advantages),
    sequences: tokens.sequences.slice(from, to),
    signs: tokens.signs?.slice(from, to) ?? [],
  };
}

/** The terms of single tokens of `form`, each a response alone, given [log-prob, old log-prob, advantage]. */
const alone = (form: LossForm, given: ReadonlyArray<readonly [number, number, number]>, clipRatio = 0.2) =>
  given.map(([logProb, oldLogProb, advantage]) => {
    const [logProbs, logRatios, advantages] = [logProb, logProb - oldLogProb, advantage].map((x) => Float64Array.of(x));
    const settings = { ...settingsOf(), clipRatio, clipRatioHigh: undefined };
    const { losses, derivatives, clipped } = form(
      { logProbs, logRatios, heldLogRatios: logRatios, advantages },
      settings,
    );
    return { loss: losses[0], derivative: derivatives[0], clipped };
  });

Deno.test("dual clip bounds a negative advantage at a large ratio, and changes nothing else", () => {
  const others = [[-0.1, -1, -1], [-3, -1, -1], [-0.1, -3, 1], [-3, -1, 1]] as const;
  for (const form of [clippedRatio, sequenceClip]) {
    const bounded = dualClipped(form, 3);
    assert.deepEqual(alone(bounded, others), alone(form, others));
    assert.deepEqual(alone(bounded, [[-0.1, -3, -2]]), [{ loss: 6, derivative: 0, clipped: 1 }]);
  }
});

Deno.test("a clipped or tapered weight goes on teaching where the clipped ratio has stopped", () => {
  const given = [[-0.1, -1, 1], [-3, -1, -1]] as const; // risen and fallen as their advantage wants it
  const derivatives = (form: LossForm) => alone(form, given).map(({ derivative }) => derivative);
  assert.deepEqual(derivatives(clippedRatio), [0, 0]);
  assert.deepEqual(derivatives(clippedWeight), [-1.2, 0.8]);
  const [risen, fallen] = derivatives(taperedWeight);
  assert.equal(risen, -1);
  assert.ok(Math.abs(fallen - Math.exp(-2)) < 1e-15);
});

Deno.test("the ratio of a response is one number, which its tokens share", () => {
  const logRatios = Float64Array.of(0.3, -0.1, 0.1);
  const form = { logProbs: Float64Array.of(-1, -1, -1), logRatios, heldLogRatios: logRatios };
  const { losses } = sequenceClip({ ...form, advantages: Float64Array.of(-1, -1, -1) }, settingsOf());
  for (const loss of losses) assert.ok(Math.abs(loss - Math.exp(0.1)) < 1e-12, `${loss}`);
});

Deno.test("a constant length gives each token one weight, whatever the length of its response", () => {
  const even: PolicyTokens = {
    logProbs: [-1, -1, -1, -1],
    oldLogProbs: [-1, -1, -1, -1],
    entropy: [0, 0, 0, 0],
    advantages: [1, 1, 1, 1],
    sequences: [1, 3],
  };
  const settings = { denominators: denominatorsOf([1, 3]), share: 1, entropyCoef: 0, constantLength: 8 };
  const constant = policyLoss(even, settingsOf({ ...settings, aggregation: "constant-length" }));
  assert.deepEqual(Array.from(constant.dLogProbs), [-1 / 16, -1 / 16, -1 / 16, -1 / 16]);
  const missing = { ...settings, aggregation: "constant-length", constantLength: undefined } as const;
  assert.ok(Number.isNaN(policyLoss(even, settingsOf(missing)).loss));
});
