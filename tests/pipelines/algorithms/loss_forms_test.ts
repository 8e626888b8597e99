import assert from "node:assert/strict";
import { denominatorsOf } from "../../../pipelines/algorithms/aggregation.ts";
import { lossForms } from "../../../pipelines/algorithms/loss_forms.ts";
import {
  addSums,
  noSums,
  policyLoss,
  type PolicyLossSettings,
  type PolicyTokens,
} from "../../../pipelines/algorithms/objective.ts";
import { distance, packed } from "./golden_objectives.ts";
import { aggregations, lossFormNames, peers, peerTokens } from "./peer_objectives.ts";

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

/** The weights of these forms have no gradient: the ratio must stay as it is while a log-prob moves. */
const holdsRatio: ReadonlyArray<string> = ["clipped-weight", "tapered-weight", "log-likelihood"];

for (const lossForm of lossFormNames) {
  for (const dualClip of [undefined, 1.5]) {
    const title = `${lossForm}${dualClip === undefined ? "" : " with dual clip"}`;
    const withReference = {
      ...tokens,
      referenceLogProbs: packed(peers.sequences.map(({ referenceLogProbs }) => referenceLogProbs)),
    };

    Deno.test(`the derivatives of ${title} are those of finite differences in float64`, () => {
      for (const aggregation of aggregations) {
        const settings = settingsOf({ lossForm, aggregation, dualClip });
        const { dLogProbs, dEntropy } = policyLoss(withReference, settings);
        const step = 1e-6;
        const lossAt = (fields: ReadonlyArray<"logProbs" | "oldLogProbs" | "entropy">, at: number, by: number) => {
          const moved = (field: (typeof fields)[number]) =>
            Float64Array.from(withReference[field], (x, i) => i === at ? x + by : x);
          return policyLoss(
            { ...withReference, ...Object.fromEntries(fields.map((field) => [field, moved(field)])) },
            settings,
          ).loss;
        };
        const slope = (fields: Parameters<typeof lossAt>[0], at: number) =>
          (lossAt(fields, at, step) - lossAt(fields, at, -step)) / (2 * step);
        for (let t = 0; t < N; t++) {
          const slopes = slope(holdsRatio.includes(lossForm) ? ["logProbs", "oldLogProbs"] : ["logProbs"], t);
          assert.ok(Math.abs(slopes - dLogProbs[t]) < 1e-8, `${aggregation} ${t}: ${slopes} ${dLogProbs[t]}`);
          assert.ok(Math.abs(slope(["entropy"], t) - dEntropy[t]) < 1e-8, `${aggregation} entropy ${t}`);
        }
      }
    });

    Deno.test(`the parts and the signs of a mini-batch of ${title} add up to the whole`, () => {
      for (const aggregation of aggregations) {
        const settings = settingsOf({ lossForm, aggregation, dualClip });
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
  }

  Deno.test(`an on-policy token of ${lossForm} has the derivative -A / tokens exactly, and never counts as clipped`, () => {
    const logProbs = Float32Array.of(-0.1, -3, -20, 0);
    const onPolicy: PolicyTokens = {
      logProbs,
      oldLogProbs: logProbs,
      entropy: new Float32Array(4),
      advantages: Float32Array.of(-1, -1, 1, 1),
      sequences: [2, 2],
    };
    const settings = settingsOf({ lossForm, share: 1, denominators: denominatorsOf([2, 2]), dualClip: 3 });
    const { dLogProbs, clipped } = policyLoss(onPolicy, settings);
    assert.deepEqual(Array.from(dLogProbs), [0.25, 0.25, -0.25, -0.25]);
    assert.equal(clipped, 0);
  });

  Deno.test(`a loss of ${lossForm} that is not a number stays one, so that the run can stop`, () => {
    for (const advantage of [1, -1]) {
      const broken: PolicyTokens = {
        logProbs: [NaN],
        oldLogProbs: [-1],
        entropy: [1],
        advantages: [advantage],
        sequences: [1],
      };
      assert.ok(Number.isNaN(policyLoss(broken, settingsOf({ lossForm, dualClip: 3 })).loss));
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

const at = (logProb: number, oldLogProb: number, advantage: number) => ({
  logProb,
  ratio: Math.exp(logProb - oldLogProb),
  advantage,
});

Deno.test("no form but the clips changes under dual clip, and they only where a negative advantage meets a large ratio", () => {
  const settings = { clipRatio: 0.2, dualClip: 3 };
  for (const [name, { term }] of Object.entries(lossForms)) {
    for (const [ratio, advantage] of [[2.9, -1], [0.1, -1], [5, 1], [3.1, -2]]) {
      const token = { logProb: Math.log(0.9), ratio, advantage };
      const isBounded = name.includes("clip") && !name.includes("weight") && ratio > 3 && advantage < 0;
      const plain = term(token, { clipRatio: 0.2 });
      assert.deepEqual(
        term(token, settings),
        isBounded ? { loss: 6, derivative: 0, clipped: true } : plain,
        `${name} ${ratio} ${advantage}`,
      );
    }
  }
});

Deno.test("a clipped or tapered weight goes on teaching where the clipped surrogate has stopped", () => {
  const settings = { clipRatio: 0.2 };
  const risen = at(-0.1, -1, 1);
  assert.equal(lossForms.clip.term(risen, settings).derivative, 0);
  assert.equal(lossForms["clipped-weight"].term(risen, settings).derivative, -1.2);
  assert.equal(lossForms["tapered-weight"].term(risen, settings).derivative, -1);
  const fallen = at(-3, -1, -1);
  assert.equal(lossForms.clip.term(fallen, settings).derivative, 0);
  assert.equal(lossForms["clipped-weight"].term(fallen, settings).derivative, 0.8);
  assert.ok(Math.abs(lossForms["tapered-weight"].term(fallen, settings).derivative - Math.exp(-2)) < 1e-15);
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
