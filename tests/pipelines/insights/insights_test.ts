import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import type { Insight } from "../../../pipelines/insights/insight.ts";
import { flatTable } from "../../../pipelines/reports/tables/flat_table.ts";
import { insightsStage } from "../../../pipelines/insights/insights.ts";
import { rewardStage } from "../../../pipelines/stages/reward.ts";
import { verifyStage } from "../../../pipelines/stages/verify.ts";
import { near } from "../models/golden_on_device.ts";
import { base, collect, linesOf, refusal, refusalOfLine, rollouts, testStages } from "../stages/with_policy.ts";

const rewarded = Effect.fnUntraced(function* (limit: number) {
  const verdicts = yield* collect(verifyStage, yield* rollouts(limit, { responses: 8, seed: 1 }), {});
  return yield* collect(rewardStage, verdicts, {});
});

const find = (rows: ReadonlyArray<Insight>, algorithm: string, quantity: string): Insight => {
  const row = rows.find((one) => one.algorithm === algorithm && one.quantity === quantity);
  assert.ok(row !== undefined, `${algorithm}: ${quantity}`);
  return row;
};

testStages(
  "the insights of Section 4.2 hold exactly in the gradient of the logits of a real step",
  () =>
    Effect.gen(function* () {
      const batch = yield* rewarded(12);
      const config = { model: base, miniBatch: 3, responses: 8, learningRate: 1e-4, bootstrap: 200 };
      const rows = yield* collect(insightsStage, batch, config);
      for (const [algorithm, equation, sign] of [["psr", "Eq. 7", 1], ["nsr", "Eq. 8", -1]] as const) {
        const at = (quantity: string) => find(rows, algorithm, quantity);
        assert.ok(at(`largest deviation from ${equation}`).value <= 4e-6);
        assert.ok(at("rank correlation with probability").value < -0.9999);
        near(at("correlation of the logit gradient").value, -sign, 1e-6, `${algorithm}: by the prior`);
        // 1 - π, bin by bin.
        const bins = ["below 0.5", "0.5 to 0.9", "0.9 to 0.99", "0.99 and more"];
        const updates = bins.map((bin) => at(`update at probability ${bin}`));
        const limits = [1, 0.5, 0.1, 0.01, 0];
        updates.forEach(({ value, low, high }, i) => {
          assert.ok(value <= limits[i] && value >= limits[i + 1], `${bins[i]}: ${value}`);
          assert.ok(low !== undefined && high !== undefined && low <= value && value <= high);
        });
        assert.equal(
          updates.reduce((sum, { count }) => sum + count, 0),
          at(`largest deviation from ${equation}`).count,
        );
        // After a step of AdamW on shared weights: the unsure ones move most, and the way they should.
        const changes = bins.map((bin) => at(`log-prob change at probability ${bin}`).value);
        assert.ok(changes[0] * sign > 0 && Math.abs(changes[0]) > 10 * Math.abs(changes[3]), `${changes}`);
        assert.ok(at("correlation of the step's probability change").value * sign < 0);
      }
    }),
);

testStages("clipping and KL leave tokens out or leave them be, and turn none round", () =>
  Effect.gen(function* () {
    const batch = yield* rewarded(8);
    const config = { model: base, miniBatch: 2, responses: 8, bootstrap: 0, first: 4 };
    const rows = yield* collect(insightsStage, batch, { ...config, learningRate: 3e-4 });
    for (const algorithm of ["psr", "nsr", "w-reinforce", "grpo"]) {
      for (const when of ["last mini-batch", "second pass"]) {
        assert.equal(find(rows, algorithm, `share of tokens turned round, ${when}`).value, 0);
        const { value } = find(rows, algorithm, `cosine of the gradients, ${when}`);
        assert.ok(value > 0 && value <= 1 + 1e-6, `${algorithm}, ${when}: ${value}`);
      }
      assert.ok(find(rows, algorithm, "share of tokens left out, second pass").value > 0);
    }
    const kl = rows.filter(({ insight, quantity }) =>
      insight.startsWith("the KL term") && quantity.startsWith("cosine of the gradients")
    );
    assert.equal(kl.length, 8);
    // The KL term is there, and is small.
    assert.ok(kl.every(({ value }) => value > 0.99), `${kl.map(({ value }) => value)}`);
    // On-policy nothing is clipped: one mini-batch sees the policy that drew it.
    const whole = yield* collect(insightsStage, batch, { ...config, miniBatch: 8 });
    for (const algorithm of ["psr", "nsr", "w-reinforce", "grpo"]) {
      assert.equal(find(whole, algorithm, "share of tokens left out, last mini-batch").value, 0);
      near(find(whole, algorithm, "cosine of the gradients, last mini-batch").value, 1, 1e-6, "cosine");
    }
  }));

testStages("the same step gives the same rows, and they are a table", () =>
  Effect.gen(function* () {
    const batch = yield* rewarded(3);
    const config = { model: base, miniBatch: 2, responses: 8, learningRate: 1e-4, bootstrap: 20 };
    const rows = yield* collect(insightsStage, batch, config);
    assert.deepEqual(linesOf(yield* collect(insightsStage, batch, config)), linesOf(rows));
    const [table] = yield* Effect.fromResult(flatTable.build(rows.map((row) => ({ ...row }))));
    assert.equal(table.columns.length, 9);
    const right = yield* collect(insightsStage, batch.filter(({ reward }) => reward > 0), config);
    assert.ok(right.every(({ algorithm, section }) => algorithm !== "nsr" || !section.startsWith("4.3")));
    assert.equal(find(right, "nsr", "share of solved problems, no gradient").value, 1);
  }));

testStages("what cannot be measured is refused by name, with line and field", () =>
  Effect.gen(function* () {
    const [record] = yield* rewarded(1);
    assert.equal(
      yield* refusal(collect(insightsStage, [], { model: base })),
      "Cannot measure a step: the input holds no record",
    );
    assert.match(
      yield* refusal(collect(insightsStage, [{ ...record, promptTokens: Int32Array.of(99) }], { model: base })),
      /^Cannot measure the response to problem "countdown\/test\/0": field "promptTokens" has token 99, expected 0 to 76$/,
    );
    for (const field of ["reward", "responseTokens", "promptTokens", "problemId"] as const) {
      const { [field]: _, ...without } = record;
      assert.match(yield* refusalOfLine(insightsStage, without), new RegExp(`line 1: field "${field}" must be`));
    }
    assert.match(yield* refusal(collect(insightsStage, [record], {})), /--model is missing$/);
  }));
