import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import * as Safetensors from "../../../pipelines/files/safetensors.ts";
import { openSafetensors } from "../../../pipelines/files/safetensors.ts";
import * as Record from "../../../pipelines/records/record.ts";
import type { Credited } from "../../../pipelines/records/schema.ts";
import { advantageStage } from "../../../pipelines/stages/advantage.ts";
import { gradientStage } from "../../../pipelines/stages/gradient.ts";
import { rewardStage } from "../../../pipelines/stages/reward.ts";
import { scoreStage } from "../../../pipelines/stages/score.ts";
import { splitStage } from "../../../pipelines/stages/split.ts";
import { verifyStage } from "../../../pipelines/stages/verify.ts";
import type { Settings } from "../../../pipelines/settings/settings.ts";
import { goldenDirectory, readGolden } from "../../golden/models/golden.ts";
import { batchOf, near, relativeError } from "../models/golden_on_device.ts";
import { kernelsOfTests } from "../../adapter.ts";
import { base, collect, refusal, refusalOfLine, rollouts, temporaryFolder, testStages } from "./with_policy.ts";

/** A mini-batch of `limit` prompts x 4 that is ready for its gradient. */
const credited = Effect.fnUntraced(function* (limit: number, config: Partial<Settings> = {}) {
  const verdicts = yield* collect(verifyStage, yield* rollouts(limit, { responses: 4 }), {});
  const signed = yield* collect(splitStage, yield* collect(rewardStage, verdicts, {}), config);
  return yield* collect(advantageStage, yield* collect(scoreStage, signed, { model: base, ...config }), config);
});

testStages(
  "a gradient record names an artifact by its content and holds the metrics of both signs",
  () =>
    Effect.gen(function* () {
      const artifacts = yield* temporaryFolder;
      const batch = yield* credited(8);
      const [record, ...more] = yield* collect(gradientStage, batch, { model: base, artifacts });
      assert.deepEqual(more, []);
      const names = "artifact loss gradNorm clipFraction approxKl meanEntropy tokens positive negative".split(" ");
      assert.deepEqual(Object.keys(record).slice(0, 9), names);
      assert.deepEqual(Object.keys(record.positive), names.slice(1, 7));
      assert.equal(record.positive.tokens + record.negative.tokens, record.tokens);
      assert.ok(record.positive.tokens > 0 && record.negative.tokens > 0);
      near(record.positive.loss + record.negative.loss, record.loss, 1e-12, "loss");
      // On-policy means on-policy: every ratio is exactly 1.
      assert.deepEqual([record.clipFraction, record.approxKl], [0, 0]);
      const file = `${artifacts}/${record.artifact}.safetensors`;
      assert.equal(yield* Safetensors.sha256File(file), record.artifact);
      const weights = yield* openSafetensors(`${base}/model.safetensors`);
      const gradients = yield* openSafetensors(file);
      assert.deepEqual([...gradients.entries.keys()].toSorted(), [...weights.entries.keys()].toSorted());
      let squares = 0;
      for (const [name, { shape }] of gradients.entries) {
        assert.deepEqual(shape, weights.entries.get(name)?.shape);
        for (const x of yield* gradients.read(name)) squares += x * x;
      }
      near(Math.sqrt(squares) / record.gradNorm, 1, 1e-6, "gradNorm");
      const again = yield* collect(gradientStage, batch, { model: base, artifacts });
      assert.equal(Record.encode(again[0]), Record.encode(record));
    }),
);

/** Matrix units round what products take to float16, by 2^-11. */
const tolerance = kernelsOfTests?.includes("matrix") ? 2 ** -6 : 1e-4;

testStages(
  "the stage's gradient of a golden mini-batch is PyTorch's, with and without a sign on the record",
  () =>
    Effect.gen(function* () {
      const artifacts = yield* temporaryFolder;
      const golden = readGolden("qwen3_tied");
      for (const one of golden.cases.filter(({ name }) => ["w_reinforce", "grpo", "nsr_short"].includes(name))) {
        const batch = batchOf(golden, one).map(({ sign, ...record }, i) =>
          i % 2 === 0 ? { ...record, sign } : { ...record, reward: sign === "positive" ? 1 : -1 }
        );
        const { temperature, clipRatio, entropyCoef, aggregation } = one;
        const [record] = yield* collect(gradientStage, batch as unknown as ReadonlyArray<Credited>, {
          model: goldenDirectory("qwen3_tied"),
          artifacts,
          algorithm: one.name === "grpo" ? "grpo" : one.name === "nsr_short" ? "nsr" : "w-reinforce",
          temperature,
          clipRatio,
          entropyCoef,
          aggregation,
          miniBatch: one.nominalSequences,
          responses: 1,
          ...(one.klCoef > 0 && { klCoef: one.klCoef }),
        });
        near(record.loss, one.loss, tolerance, `${one.name}: loss`);
        near(record.gradNorm / one.gradNorm, 1, tolerance, `${one.name}: gradNorm`);
        near(record.clipFraction, one.clipFraction, 1e-6, `${one.name}: clipFraction`);
        const file = yield* openSafetensors(`${goldenDirectory("qwen3_tied")}/golden/${one.gradient}`);
        const found = yield* openSafetensors(`${artifacts}/${record.artifact}.safetensors`);
        for (const name of file.entries.keys()) {
          assert.ok(
            relativeError(yield* found.read(name), yield* file.read(name)) <= tolerance,
            `${one.name}: ${name}`,
          );
        }
      }
    }),
);

testStages("a short last mini-batch is scaled by its share of the nominal size", () =>
  Effect.gen(function* () {
    const artifacts = yield* temporaryFolder;
    const batch = yield* credited(4);
    const config = { model: base, artifacts };
    const [whole] = yield* collect(gradientStage, batch, config);
    const [short] = yield* collect(gradientStage, batch, { ...config, miniBatch: 8, responses: 4 });
    near(short.loss, whole.loss / 2, 1e-9, "loss");
    near(short.gradNorm, whole.gradNorm / 2, 1e-6, "gradNorm");
    assert.equal(short.tokens, whole.tokens);
    const [full] = yield* collect(gradientStage, batch, { ...config, miniBatch: 4, responses: 4 });
    assert.equal(Record.encode(full), Record.encode(whole));
  }));

testStages(
  "--clip-ratio-high moves the upper end of the clip range, and nothing where it is --clip-ratio",
  () =>
    Effect.gen(function* () {
      // Every ratio is e, so correct responses are beyond 1.2 and within 3, and incorrect ones are never clipped from above.
      const risen = (yield* credited(4)).map((record) => ({
        ...record,
        oldLogProbs: record.oldLogProbs.map((x) => x - 1),
      }));
      const config = { model: base, artifacts: yield* temporaryFolder, algorithm: "reinforce" as const };
      const [alike] = yield* collect(gradientStage, risen, config);
      assert.deepEqual([alike.positive.clipFraction, alike.negative.clipFraction], [1, 0]);
      const [same] = yield* collect(gradientStage, risen, { ...config, clipRatioHigh: 0.2 });
      assert.equal(Record.encode(same), Record.encode(alike));
      const [higher] = yield* collect(gradientStage, risen, { ...config, clipRatioHigh: 2 });
      assert.equal(higher.clipFraction, 0);
      assert.ok(higher.positive.gradNorm > 0 && alike.positive.gradNorm < higher.positive.gradNorm);
      assert.equal(higher.negative.gradNorm, alike.negative.gradNorm);
    }),
);

testStages("PPO's critic gets a gradient of its own", () =>
  Effect.gen(function* () {
    const artifacts = yield* temporaryFolder;
    const algorithm = "ppo" as const;
    const batch = yield* credited(4, { algorithm, reference: base, critic: base });
    const [actor] = yield* collect(gradientStage, batch, { model: base, algorithm, artifacts });
    assert.ok(!("criticArtifact" in actor));
    const [both] = yield* collect(gradientStage, batch, { model: base, critic: base, algorithm, artifacts });
    assert.equal(both.artifact, actor.artifact);
    assert.equal(both.loss, actor.loss);
    const critic = yield* openSafetensors(`${artifacts}/${both.criticArtifact}.safetensors`);
    assert.ok(critic.entries.has("score.weight") && !critic.entries.has("lm_head.weight"));
    // With values of 0 the loss is half the mean square of the returns, which are the rewards: the reference is the policy.
    near(Number((both as unknown as { criticLoss: number }).criticLoss), 0.5, 1e-6, "criticLoss");
    assert.ok((yield* critic.read("score.weight")).some((x) => x !== 0));
  }));

/** A model of another, smaller vocabulary. */
const small = goldenDirectory("qwen2_tied");

testStages(
  "what cannot be differentiated is refused by name, and no artifact is written",
  () =>
    Effect.gen(function* () {
      const artifacts = yield* temporaryFolder;
      const [record] = yield* credited(1);
      const refused = (change: Partial<Credited>, config: Partial<Settings> = {}) =>
        refusal(collect(gradientStage, [{ ...record, ...change }], { model: base, artifacts, ...config }));
      const nothing = yield* refusal(collect(gradientStage, [], { model: base, artifacts }));
      assert.equal(nothing, "Cannot differentiate: the input holds no record");
      assert.match(
        yield* refused({ sign: undefined, reward: undefined }),
        /to problem "countdown\/test\/0": field "sign" is missing$/,
      );
      assert.match(
        yield* refused({ sign: "up" as "positive" }),
        /field "sign" must be "positive" or "negative", found "up"$/,
      );
      assert.match(
        yield* refused({}, { aggregation: "constant-length", maxTokens: 2 }),
        /^Cannot differentiate: record 1 \(problem "countdown\/test\/0"\) has \d+ tokens, more than --max-tokens 2$/,
      );
      assert.match(yield* refused({}, { algorithm: "grpo" }), /field "referenceLogProbs" is missing$/);
      assert.match(yield* refused({}, { algorithm: "ppo", critic: base }), /field "values" is missing$/);
      const values = new Float32Array(record.responseTokens.length);
      assert.match(yield* refused({ values }, { algorithm: "ppo", critic: base }), /field "returns" is missing$/);
      assert.match(
        yield* refused({ promptTokens: Int32Array.of(99) }),
        /field "promptTokens" has token 99, expected 0 to 76$/,
      );
      assert.match(
        yield* refused({ values, returns: values, promptTokens: Int32Array.of(76) }, { critic: small }),
        /by --critic: field "promptTokens" has token 76, expected 0 to 66$/,
      );
      for (const field of ["oldLogProbs", "advantages", "responseTokens", "problemId"] as const) {
        const { [field]: _, ...without } = record;
        assert.match(yield* refusalOfLine(gradientStage, without), new RegExp(`line 1: field "${field}" must be`));
      }
      const short = { ...record, advantages: record.advantages.subarray(1) };
      assert.match(yield* refusalOfLine(gradientStage, short), /advantages/);
      assert.match(
        yield* refused({ oldLogProbs: record.oldLogProbs.map(() => NaN) }),
        /^Cannot use a gradient that is not finite: .*first bad parameter "model\..*1 of 1 responses \(countdown\/test\/0#0\)$/,
      );
      assert.deepEqual([...Deno.readDirSync(artifacts)], []);
    }),
);
