import assert from "node:assert/strict";
import { denominatorsOf } from "../../../pipelines/algorithms/aggregation.ts";
import { algorithms } from "../../../pipelines/algorithms/mod.ts";
import {
  addSums,
  metricsOf,
  noSums,
  policyLoss,
  type PolicyLossSettings,
  type PolicyTokens,
} from "../../../pipelines/algorithms/objective.ts";
import { type Algorithm, signOf } from "../../../pipelines/algorithms/algorithm.ts";
import { aggregationOf, distance, golden, goldenOf, packed, responses } from "./golden_objectives.ts";
import { peerAlgorithms } from "./peer_objectives.ts";

const { clipRatio, entropyCoef, klCoef, lambda } = golden.settings;
const maxTokens = 16;

/** The golden sequences that `weights` keep, packed, with these advantages. */
const tokensOf = (
  advantages: ReadonlyArray<ReadonlyArray<number>>,
  weights: ReadonlyArray<number>,
  withReference: boolean,
): PolicyTokens => {
  const kept = golden.sequences.map((sequence, i) => ({ ...sequence, advantages: advantages[i] }))
    .filter((_, i) => weights[i] !== 0);
  return {
    logProbs: packed(kept.map((sequence) => sequence.logProbs)),
    entropy: packed(kept.map((sequence) => sequence.entropy)),
    oldLogProbs: packed(kept.map((sequence) => sequence.oldLogProbs)),
    advantages: packed(kept.map((sequence) => sequence.advantages)),
    sequences: kept.map((sequence) => sequence.logProbs.length),
    signs: kept.map((sequence) => signOf(sequence.reward)),
    ...(withReference ? { referenceLogProbs: packed(kept.map((sequence) => sequence.referenceLogProbs)) } : {}),
  };
};

const settingsOf = (
  tokens: PolicyTokens,
  { aggregation = "token-mean", share = 1 }: { aggregation?: string; share?: number },
  algorithm?: Algorithm,
): PolicyLossSettings => ({
  clipRatio,
  entropyCoef,
  klCoef,
  ...algorithm?.defaults,
  form: algorithm?.loss,
  aggregation: aggregationOf(aggregation),
  share,
  denominators: denominatorsOf(tokens.sequences),
});

const part = (tokens: PolicyTokens, from: number, to: number): PolicyTokens => {
  const start = tokens.sequences.slice(0, from).reduce((a, b) => a + b, 0);
  const end = tokens.sequences.slice(0, to).reduce((a, b) => a + b, 0);
  const cut = (list: ArrayLike<number>) => Array.from(list).slice(start, end);
  return {
    logProbs: cut(tokens.logProbs),
    entropy: cut(tokens.entropy),
    oldLogProbs: cut(tokens.oldLogProbs),
    advantages: cut(tokens.advantages),
    sequences: tokens.sequences.slice(from, to),
    ...(tokens.signs === undefined ? {} : { signs: tokens.signs.slice(from, to) }),
    ...(tokens.referenceLogProbs === undefined ? {} : { referenceLogProbs: cut(tokens.referenceLogProbs) }),
  };
};

/** The weight that an algorithm gives to each golden sequence. */
const weightsOf = ({ weight }: Algorithm): ReadonlyArray<number> =>
  golden.sequences.map(({ reward }) => weight(signOf(reward), { lambda }));

/** The advantages that an algorithm gives to the golden sequences; none to those that it drops. */
const advantagesOf = (
  { advantage }: Algorithm,
  weights: ReadonlyArray<number>,
): ReadonlyArray<ReadonlyArray<number>> => {
  const kept = responses(weights).filter(({ weight }) => weight !== 0);
  const credits = advantage.credit(kept, { klCoef, maxTokens });
  let next = 0;
  return weights.map((weight) => weight === 0 ? [] : Array.from(credits[next++].advantages));
};

const registry: ReadonlyArray<Algorithm> = Object.values(algorithms);

for (const algorithm of registry) {
  const { name } = algorithm;
  const weights = weightsOf(algorithm);
  const advantages = advantagesOf(algorithm, weights);
  const tokens = tokensOf(advantages, weights, algorithm.klInLoss === true);
  const made = goldenOf(name);

  // The numbers of the others are in peers.json and papers.json: `peer_objectives_test.ts`.
  if (!peerAlgorithms.some(([peer]) => peer === name)) {
    Deno.test({
      name: `weights, advantages and policyLoss() are PyTorch's for ${name}${made ? "" : ": no golden numbers"}`,
      ignore: made === undefined,
      fn: () => {
        assert.ok(made !== undefined);
        const kept = (lists: ReadonlyArray<ReadonlyArray<number>>) =>
          packed(lists.filter((_, i) => made.weights[i] !== 0));
        assert.ok(distance(weights, made.weights) < 1e-6);
        assert.ok(distance(packed(advantages), kept(made.advantages)) < 1e-6);
        const exact = tokensOf(made.advantages, made.weights, algorithm.klInLoss === true);
        for (const expected of made.cases) {
          const loss = policyLoss(exact, settingsOf(exact, expected, algorithm));
          assert.ok(distance([loss.loss], [expected.loss]) < 1e-12, `${loss.loss} ${expected.loss}`);
          assert.ok(distance(loss.dLogProbs, kept(expected.dLogProbs)) < 1e-9);
          assert.ok(distance(loss.dEntropy, kept(expected.dEntropy)) < 1e-12);
          const metrics = metricsOf(loss);
          assert.ok(
            distance(
              [metrics.clipFraction, metrics.approxKl, metrics.meanEntropy],
              [expected.clipFraction, expected.approxKl, expected.meanEntropy],
            ) < 1e-12,
          );
        }
      },
    });
  }

  Deno.test(`the derivatives of ${name} are those of finite differences in float64`, () => {
    const settings = settingsOf(tokens, { aggregation: "sequence-mean", share: 0.5 }, algorithm);
    const loss = policyLoss(tokens, settings);
    const step = 1e-6;
    const slope = (field: "logProbs" | "entropy", at: number) => {
      const moved = (by: number) => Float64Array.from(tokens[field], (x, i) => i === at ? x + by : x);
      const held = { heldLogProbs: tokens.logProbs };
      const at2 = (by: number) => policyLoss({ ...tokens, ...held, [field]: moved(by) }, settings).loss;
      return (at2(step) - at2(-step)) / (2 * step);
    };
    for (let t = 0; t < tokens.logProbs.length; t++) {
      assert.ok(Math.abs(slope("logProbs", t) - loss.dLogProbs[t]) < 1e-8, `logProbs ${t}`);
      assert.ok(Math.abs(slope("entropy", t) - loss.dEntropy[t]) < 1e-8, `entropy ${t}`);
    }
  });

  Deno.test(`the parts and the signs of a mini-batch of ${name} add up to the whole`, () => {
    for (const aggregation of ["token-mean", "sequence-mean"]) {
      const settings = settingsOf(tokens, { aggregation, share: 0.75 }, algorithm);
      const whole = policyLoss(tokens, settings);
      for (let cut = 0; cut <= tokens.sequences.length; cut++) {
        const parts = [part(tokens, 0, cut), part(tokens, cut, tokens.sequences.length)]
          .map((some) => policyLoss(some, settings));
        const sums = parts.reduce(addSums, noSums);
        assert.ok(distance([sums.loss, sums.kl], [whole.loss, whole.kl]) < 1e-15);
        assert.equal(sums.tokens, whole.tokens);
        assert.equal(sums.clipped, whole.clipped);
        assert.deepEqual(packed(parts.map((some) => some.dLogProbs)), whole.dLogProbs);
        assert.deepEqual(packed(parts.map((some) => some.dEntropy)), whole.dEntropy);
      }
      const signs = addSums(whole.positive, whole.negative);
      assert.ok(distance([signs.loss], [whole.loss]) < 1e-15);
      assert.equal(signs.tokens, whole.tokens);
    }
  });
}

Deno.test("an on-policy token has the derivative -A / tokens exactly, and never counts as clipped", () => {
  const logProbs = Float32Array.of(-0.1, -3, -20, 0);
  const tokens: PolicyTokens = {
    logProbs,
    oldLogProbs: logProbs,
    entropy: new Float32Array(4),
    advantages: Float32Array.of(-1, -1, 1, 1),
    sequences: [2, 2],
  };
  const loss = policyLoss(tokens, { ...settingsOf(tokens, {}), entropyCoef: 0 });
  assert.deepEqual(Array.from(loss.dLogProbs), [0.25, 0.25, -0.25, -0.25]);
  assert.equal(loss.clipped, 0);
  assert.equal(loss.loss, 0);
});

Deno.test("clipping stops a step that has gone too far in the direction of its advantage, and no other", () => {
  const tokens: PolicyTokens = {
    oldLogProbs: Float32Array.of(-1, -1, -1, -1),
    logProbs: Float32Array.of(-0.5, -0.5, -1.5, -1.5),
    entropy: new Float32Array(4),
    advantages: Float32Array.of(1, -1, 1, -1),
    sequences: [4],
  };
  const { dLogProbs, clipped } = policyLoss(tokens, settingsOf(tokens, {}));
  assert.deepEqual(Array.from(dLogProbs, (d) => Math.sign(d)), [0, 1, -1, 0]);
  assert.equal(clipped, 2);
});

Deno.test("there is no dual clip: a negative advantage with a large ratio costs the whole ratio", () => {
  const tokens: PolicyTokens = {
    oldLogProbs: Float32Array.of(-6),
    logProbs: Float32Array.of(-1),
    entropy: new Float32Array(1),
    advantages: Float32Array.of(-1),
    sequences: [1],
  };
  assert.ok(Math.abs(policyLoss(tokens, settingsOf(tokens, {})).loss - Math.exp(5)) < 1e-9);
});

Deno.test("a loss that is not a number stays one, so that the run can stop", () => {
  const tokens: PolicyTokens = {
    oldLogProbs: Float32Array.of(-1),
    logProbs: Float32Array.of(NaN),
    entropy: new Float32Array(1),
    advantages: Float32Array.of(1),
    sequences: [1],
  };
  const loss = policyLoss(tokens, settingsOf(tokens, {}));
  assert.ok(Number.isNaN(loss.loss) && Number.isNaN(loss.dLogProbs[0]));
});

Deno.test("no tokens have no loss, and means of 0", () => {
  const none: PolicyTokens = { logProbs: [], oldLogProbs: [], entropy: [], advantages: [], sequences: [] };
  const loss = policyLoss(none, settingsOf(none, {}));
  assert.deepEqual(metricsOf(loss), { loss: 0, clipFraction: 0, approxKl: 0, meanEntropy: 0, tokens: 0 });
});
