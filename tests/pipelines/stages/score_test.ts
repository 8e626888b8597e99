import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import * as Stream from "effect/Stream";
import { scoreStage } from "../../../pipelines/stages/score.ts";
import * as Stage from "../../../pipelines/stages/stage.ts";
import { readInput } from "../../../pipelines/stages/stage.ts";
import type { Rollout, Signed } from "../../../pipelines/records/schema.ts";
import { goldenDirectory } from "../../golden/models/golden.ts";
import { sameBits } from "../models/golden_on_device.ts";
import { base, bytesOf, collect, linesOf, refusal, refusalOfLine, rollouts, testStages } from "./with_policy.ts";

/** Rollouts as `split` passes them on. */
const signed = (records: ReadonlyArray<Rollout>): ReadonlyArray<Signed> =>
  records.map((record, i) => ({
    ...record,
    answer: null,
    correct: i % 2 === 0,
    reason: "",
    reward: i % 2 === 0 ? 1 : -1,
    sign: i % 2 === 0 ? "positive" : "negative",
    weight: 1,
  }));

testStages(
  "score gives the sampler's own log-probs and entropies, bit for bit, also from text",
  () =>
    Effect.gen(function* () {
      for (
        const sampling of [{ temperature: 1 }, { temperature: 0.6, topP: 0.95 }, { temperature: 0.7, topK: 5 }, {
          temperature: 0,
        }]
      ) {
        const records = signed(yield* rollouts(6, { ...sampling, responses: 4, batch: 7 }));
        const { temperature } = sampling;
        const scored = yield* collect(scoreStage, records, { model: base, temperature });
        const read = readInput(scoreStage, Stream.succeed(bytesOf(records)), "lines");
        const fromText = yield* Stream.runCollect(Stage.run(scoreStage, read, { model: base, temperature }));
        assert.deepEqual(linesOf(fromText), linesOf(scored));
        scored.forEach(({ oldLogProbs, entropy }, i) => {
          sameBits(oldLogProbs, records[i].logProbs, `temperature ${temperature}, record ${i}: oldLogProbs`);
          sameBits(entropy, records[i].entropy, `temperature ${temperature}, record ${i}: entropy`);
        });
      }
    }),
);

testStages(
  "score adds the reference and the critic where they are asked for, and nothing else",
  () =>
    Effect.gen(function* () {
      const records = signed(yield* rollouts(3, { responses: 2 }));
      const alone = yield* collect(scoreStage, records, { model: base });
      assert.deepEqual(Object.keys(alone[0]), [...Object.keys(records[0]), "oldLogProbs"]);
      const all = yield* collect(scoreStage, records, { model: base, reference: base, critic: base });
      assert.deepEqual(Object.keys(all[0]), [...Object.keys(alone[0]), "referenceLogProbs", "values"]);
      all.forEach(({ oldLogProbs, referenceLogProbs, values, responseTokens }, i) => {
        sameBits(oldLogProbs, alone[i].oldLogProbs, "oldLogProbs");
        sameBits(referenceLogProbs ?? new Float32Array(), oldLogProbs, "the reference is the policy");
        // A base becomes a critic with a value head of zeros.
        assert.deepEqual(values, new Float32Array(responseTokens.length));
      });
      const cooled = records.map((record) => ({ ...record, temperature: 0.6 }));
      const cool = yield* collect(scoreStage, cooled, { model: base, reference: base });
      assert.notDeepEqual(cool[0].oldLogProbs, alone[0].oldLogProbs);
      sameBits(cool[0].referenceLogProbs ?? new Float32Array(), cool[0].oldLogProbs, "one temperature for both");
    }),
);

testStages("records are scored alike wherever they stand in a long stream", () =>
  Effect.gen(function* () {
    const records = signed(yield* rollouts(10, { responses: 30 }));
    assert.equal(records.length, 300);
    const scored = yield* collect(scoreStage, records, { model: base });
    scored.forEach(({ oldLogProbs }, i) => sameBits(oldLogProbs, records[i].logProbs, `record ${i}`));
    const again = yield* collect(scoreStage, records.slice(250, 270).toReversed(), { model: base });
    again.toReversed().forEach((record, i) => assert.deepEqual(linesOf([record]), linesOf([scored[250 + i]])));
    assert.deepEqual(yield* collect(scoreStage, [], { model: base }), []);
  }));

testStages("a response that cannot go through the model is named", () =>
  Effect.gen(function* () {
    const [record] = signed(yield* rollouts(1, { responses: 1 }));
    const refused = (change: Partial<Signed>) =>
      refusal(collect(scoreStage, [{ ...record, ...change }], { model: base }));
    const about = /^Cannot score the response to problem "countdown\/test\/0": /;
    const beyond = yield* refused({ responseTokens: Int32Array.of(1, 77) });
    assert.match(beyond, about);
    assert.match(beyond, /field "responseTokens" has token 77, expected 0 to 76$/);
    assert.match(yield* refused({ promptTokens: new Int32Array() }), /field "promptTokens" is empty$/);
    const small = goldenDirectory("qwen2_tied");
    for (const [flag, more] of [["--reference", { reference: small }], ["--critic", { critic: small }]] as const) {
      const other = { ...record, responseTokens: Int32Array.of(1, 70) };
      const message = yield* refusal(collect(scoreStage, [other], { model: base, ...more }));
      assert.match(
        message,
        new RegExp(`by ${flag}: field "(prompt|response)Tokens" has token 7\\d, expected 0 to 66$`),
      );
    }
    const long = yield* refused({ responseTokens: new Int32Array(26) });
    assert.match(long, /prompt and response have 34 tokens .*the model's context is 32$/);
    const { responseTokens: _, ...without } = record;
    assert.match(yield* refusalOfLine(scoreStage, without), /field "responseTokens" must be/);
    assert.match(yield* refusal(collect(scoreStage, [record], { model: "no-such-model" })), /no-such-model/);
  }));

testStages(
  "a record's own temperature counts, --temperature where it has none, both and unlike is an error",
  () =>
    Effect.gen(function* () {
      const cool = signed(yield* rollouts(2, { responses: 2, temperature: 0.6 }));
      const warm = signed(yield* rollouts(2, { responses: 2, temperature: 1, seed: 3 }));
      const mixed = [cool[0], warm[0], cool[1], warm[1]];
      // Each at its own, in their order, though two temperatures stand in one stream.
      const scored = yield* collect(scoreStage, mixed, { model: base });
      scored.forEach(({ oldLogProbs }, i) => sameBits(oldLogProbs, mixed[i].logProbs, `record ${i}`));
      const { temperature: _, ...bare } = cool[0];
      const given = yield* collect(scoreStage, [bare as typeof cool[0]], { model: base, temperature: 0.6 });
      sameBits(given[0].oldLogProbs, cool[0].logProbs, "what is given counts where the record is silent");
      assert.match(
        yield* refusal(collect(scoreStage, cool, { model: base, temperature: 1 })),
        /^Cannot score the response to problem ".*": field "temperature" is 0.6, --temperature is 1$/,
      );
      const greedy = { ...warm[0], temperature: 0 };
      sameBits(
        (yield* collect(scoreStage, [greedy], { model: base, temperature: 1 }))[0].oldLogProbs,
        warm[0].logProbs,
        "0 is 1",
      );
      const odd = { ...warm[0], temperature: -1 };
      assert.match(
        yield* refusal(collect(scoreStage, [odd], { model: base })),
        /"temperature" must be a number, at least 0, found -1/,
      );
    }),
);
