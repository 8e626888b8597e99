import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import { run } from "../../../pipelines/cli.ts";
import type { Explained } from "../../../pipelines/records/explained.ts";
import { memory, StandardStreams } from "../../../pipelines/files/standard_streams.ts";
import type { Credited } from "../../../pipelines/records/schema.ts";
import type { Settings } from "../../../pipelines/settings/settings.ts";
import { advantageStage } from "../../../pipelines/stages/advantage.ts";
import { explainStage } from "../../../pipelines/insights/explain.ts";
import { gradientStage } from "../../../pipelines/stages/gradient.ts";
import { rewardStage } from "../../../pipelines/stages/reward.ts";
import { scoreStage } from "../../../pipelines/stages/score.ts";
import { splitStage } from "../../../pipelines/stages/split.ts";
import { verifyStage } from "../../../pipelines/stages/verify.ts";
import { near } from "../models/golden_on_device.ts";
import {
  base,
  collect,
  linesOf,
  refusal,
  refusalOfLine,
  rollouts,
  temporaryFolder,
  testStages,
} from "../stages/with_policy.ts";

/** What float32 loses of (1[v = y] - π_v): the sum behind the softmax, its exponentials and the difference itself. */
const floatBound = 4e-6;

/** A mini-batch of `limit` prompts x 4, by the real pipe. */
const credited = Effect.fnUntraced(function* (limit: number, config: Partial<Settings> = {}) {
  const drawn = yield* rollouts(limit, { responses: 4 });
  // What is cooled says so: a record's own temperature is the one that counts.
  const cooled = drawn.map((record) => ({ ...record, temperature: config.temperature ?? record.temperature }));
  const verdicts = yield* collect(verifyStage, cooled, {});
  const signed = yield* collect(splitStage, yield* collect(rewardStage, verdicts, {}), config);
  return yield* collect(advantageStage, yield* collect(scoreStage, signed, { model: base, ...config }), config);
});

/** Whether a token moves as its equation says: the sampled one with the sign of its advantage, all others against it, by their prior. */
const movesAsTheEquation = (one: Explained) => {
  const direction = Math.sign(one.advantage);
  one.shownTokens.forEach((token, i) => {
    const update = one.shownKernel[i];
    const expected = token === one.token ? direction : -direction;
    assert.ok(update * expected >= 0, `${one.tokenText}: ${one.shownTexts[i]} moves by ${update}`);
    if (token !== one.token) {
      near(-update * direction / one.factor / one.probability, one.shownProbabilities[i], floatBound, "prior");
    }
  });
};

testStages(
  "the kernels' gradient at every token of a real step is Eq. 7 or 8, for both signs",
  () =>
    Effect.gen(function* () {
      const batch = yield* credited(8);
      const tokens = yield* collect(explainStage, batch, { model: base });
      assert.equal(tokens.length, batch.reduce((sum, { responseTokens }) => sum + responseTokens.length, 0));
      const total = tokens.length;
      for (const sign of ["positive", "negative"] as const) {
        const part = tokens.filter((one) => one.sign === sign);
        assert.ok(part.length > 20, `${part.length} ${sign} tokens`);
        for (const one of part) {
          // On-policy π = π_old, W-REINFORCE weighs the correct ones by 0.1, and a token's weight is 1 over all of the batch.
          near(one.factor * one.probability * total, sign === "positive" ? 0.1 : 1, 1e-5, "factor");
          assert.ok(one.scaledDeviation <= floatBound, `${one.scaledDeviation} at ${one.probability}`);
          if (one.probability < 0.9) assert.ok(one.deviation <= 1e-4, `${one.deviation} at ${one.probability}`);
          assert.equal(one.clipped, false);
          movesAsTheEquation(one);
        }
      }
    }),
);

testStages(
  "off-policy, cooled and under GRPO's KL the policy term is still the equation's, and clipping leaves nothing",
  () =>
    Effect.gen(function* () {
      const settings = { algorithm: "grpo" as const, reference: base, temperature: 0.6 };
      const batch = (yield* credited(6, settings)).map((record, i) => ({
        ...record,
        oldLogProbs: record.oldLogProbs.map((x, t) => x + ((i + t) % 5 - 2) * 0.15),
        referenceLogProbs: record.oldLogProbs.map((x) => x - 0.1),
      }));
      const tokens = yield* collect(explainStage, batch, { model: base, ...settings });
      const clipped = tokens.filter((one) => one.clipped);
      assert.ok(clipped.length > 5 && clipped.length < tokens.length / 2, `${clipped.length} of ${tokens.length}`);
      for (const one of tokens) {
        assert.ok(one.scaledDeviation <= floatBound, `${one.scaledDeviation} at ${one.probability}`);
        assert.ok(one.klUpdate !== undefined && one.klUpdate > 0);
        const ratio = one.probability / one.oldProbability;
        const isBeyond = one.advantage > 0 ? ratio > 1.2 : one.advantage < 0 && ratio < 0.8;
        assert.equal(one.clipped, isBeyond, `${ratio}`);
        if (one.clipped) assert.ok(one.shownKernel.every((x) => x === 0) && one.factor === 0);
      }
    }),
);

testStages(
  "where an algorithm has a loss form of its own, the kernels' gradient is the equation's with the form's factor",
  () =>
    Effect.gen(function* () {
      for (const algorithm of ["gspo", "cispo", "topr", "gpg"] as const) {
        const settings = { algorithm, clipRatio: 0.2, clipRatioHigh: 0.2 };
        const batch = (yield* credited(3, settings)).map((record, i) => ({
          ...record,
          oldLogProbs: record.oldLogProbs.map((x, t) => x + ((i + t) % 5 - 2) * 0.15 + (i % 3 - 1) * 0.3),
        }));
        const tokens = yield* collect(explainStage, batch, { model: base, ...settings });
        assert.ok(tokens.some(({ factor }) => factor > 0), algorithm);
        for (const one of tokens) {
          assert.ok(one.scaledDeviation <= floatBound, `${algorithm}: ${one.scaledDeviation} at ${one.probability}`);
          const weight = one.factor * one.probability * batch.length;
          const ratio = one.probability / one.oldProbability;
          // Of the two that weigh the log-likelihood by the ratio, the bounds are seen; the other's weight is 1.
          const counted = { gspo: undefined, cispo: Math.min(Math.max(ratio, 0.8), 1.2), gpg: 1 };
          const expected = algorithm === "topr" ? one.advantage > 0 ? 1 : Math.min(ratio, 1) : counted[algorithm];
          const length = batch.find(({ problemId, sampleIndex }) =>
            problemId === one.problemId && sampleIndex === one.sampleIndex
          )?.responseTokens.length ?? NaN;
          const all = batch.reduce((sum, { responseTokens }) => sum + responseTokens.length, 0);
          const aggregated = algorithm === "topr" ? weight * length : weight / batch.length * all;
          if (expected !== undefined) near(aggregated, Math.abs(one.advantage) * expected, 1e-4, `${algorithm} weight`);
        }
        assert.equal(tokens.some(({ clipped }) => clipped), algorithm === "gspo", algorithm);
      }
    }),
);

testStages(
  "only chosen responses and positions are looked at, and they are the same as among all",
  () =>
    Effect.gen(function* () {
      const batch = yield* credited(4);
      const all = yield* collect(explainStage, batch, { model: base });
      const some = yield* collect(explainStage, batch, { model: base, first: 3, positions: [2, 0, 2], topK: 3 });
      assert.deepEqual(some.map(({ position }) => position), [0, 2, 0, 2, 0, 2]);
      for (const one of some) {
        const same = all.find((other) =>
          other.problemId === one.problemId && other.sampleIndex === one.sampleIndex && other.position === one.position
        );
        assert.ok(same !== undefined);
        assert.equal(one.kernelUpdate, same.kernelUpdate);
        assert.ok(one.shownTokens.length <= 4 && one.shownTokens.includes(one.token));
        assert.deepEqual(one.shownKernel.slice(0, 3), same.shownKernel.slice(0, 3));
      }
      const whole = yield* collect(explainStage, batch.slice(0, 1), { model: base, positions: [0], topK: 0 });
      assert.equal(whole[0].shownTokens.length, 77);
      near(whole[0].shownProbabilities.reduce((sum, p) => sum + p, 0), 1, 1e-6, "all of the vocabulary");
      const named = yield* collect(explainStage, batch, { model: base, problem: "2", positions: [0] });
      assert.deepEqual([...new Set(named.map(({ problemId }) => problemId))], ["countdown/test/2"]);
      // What is explained is what `gradient` differentiates: the same loss weight a token, share included.
      const artifacts = yield* temporaryFolder;
      const [short] = yield* collect(gradientStage, batch, { model: base, artifacts, miniBatch: 8, responses: 4 });
      const halved = yield* collect(explainStage, batch, { model: base, miniBatch: 8, responses: 4 });
      near(halved[0].factor / all[0].factor, batch.length / 32, 1e-12, "share");
      assert.equal(short.tokens, halved.length);
    }),
);

testStages("what cannot be explained is refused by name, with line and field", () =>
  Effect.gen(function* () {
    const batch = yield* credited(1);
    const refused = (change: Partial<Credited>, config: Partial<Settings> = {}) =>
      refusal(collect(explainStage, [{ ...batch[0], ...change }], { model: base, ...config }));
    assert.equal(
      yield* refusal(collect(explainStage, [], { model: base })),
      "Cannot explain: the input holds no record",
    );
    assert.match(yield* refused({}, { problem: "nine" }), /^Cannot explain: no response to problem "nine"$/);
    assert.match(
      yield* refused({}, { positions: [99] }),
      /^Cannot explain position 99 \(--positions\): the longest response has \d+ tokens$/,
    );
    assert.match(
      yield* refused({ promptTokens: Int32Array.of(99) }),
      /^Cannot explain the response to problem "countdown\/test\/0": field "promptTokens" has token 99/,
    );
    for (const field of ["oldLogProbs", "advantages", "responseTokens", "problemId"] as const) {
      const { [field]: _, ...without } = batch[0];
      assert.match(yield* refusalOfLine(explainStage, without), new RegExp(`line 1: field "${field}" must be`));
    }
    const cli = (lines: ReadonlyArray<object>, ...words: ReadonlyArray<string>) => {
      const io = memory(linesOf(lines).map((line) => `${line}\n`).join(""));
      const ran = run(["explain", ...words]).pipe(Effect.provideService(StandardStreams, io.streams));
      return Effect.map(Effect.flip(ran), ({ message }) => ({ message, stdout: io.stdout() }));
    };
    const { referenceLogProbs: _, ...bare } = batch[0];
    const lacking = yield* cli([bare], "--model", base, "--algorithm", "grpo");
    assert.match(lacking.message, /line 1: field "referenceLogProbs" must be a list of numbers, found nothing$/);
    const unlike = yield* cli([batch[0], { ...bare, advantages: [0.5] }], "--model", base);
    assert.match(unlike.message, /line 2: field "advantages" must be as long as "responseTokens"/);
    assert.equal(lacking.stdout + unlike.stdout, "");
    assert.match(
      (yield* cli([], "--model", base, "--positions", "-1")).message,
      /--positions "-1": expected whole numbers/,
    );
    assert.match((yield* cli([])).message, /--model is missing$/);
  }));
