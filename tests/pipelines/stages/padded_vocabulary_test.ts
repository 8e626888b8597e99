/** A model with more rows than its tokenizer knows, through sample and score. */
import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import { sampleStage } from "../../../pipelines/stages/sample.ts";
import { scoreStage } from "../../../pipelines/stages/score.ts";
import { goldenDirectory } from "../../golden/models/golden.ts";
import { collect, refusal, temporaryFolder, testStages } from "./with_policy.ts";

const source = goldenDirectory("qwen3_tied");
const known = 40;

/** The golden model with a tokenizer of its first tokens; `without` leaves one of them out. */
const paddedModel = (dir: string, without = -1) => {
  for (const { name } of Deno.readDirSync(source)) {
    if (!/golden|^tokenizer.json$/.test(name)) Deno.copyFileSync(`${source}/${name}`, `${dir}/${name}`);
  }
  const json = JSON.parse(Deno.readTextFileSync(`${source}/tokenizer.json`));
  const vocab = Object.fromEntries(
    Object.entries<number>(json.model.vocab).filter(([, id]) => id < known && id !== without),
  );
  const merges = json.model.merges === undefined ? {} : { merges: [] };
  const changed = { ...json, model: { ...json.model, vocab, ...merges }, added_tokens: [] };
  Deno.writeTextFileSync(`${dir}/tokenizer.json`, JSON.stringify(changed));
  return dir;
};

const prompt = {
  task: "countdown",
  split: "test",
  problemId: "countdown/test/0",
  question: "",
  goldAnswer: "",
  promptText: "",
  promptTokens: Int32Array.of(1, 2, 3),
};
const draw = { responses: 16, maxTokens: 12, seed: 3 };

testStages(
  "sample draws known tokens alone, score gives the sampler's bits, keep takes every row",
  () =>
    Effect.gen(function* () {
      const model = paddedModel(yield* temporaryFolder);
      const responses = yield* collect(sampleStage, [prompt], { model, ...draw });
      assert.ok(responses.every(({ responseTokens }) => responseTokens.every((token) => token < known)));
      const signed = responses.map((one) => ({ ...one, answer: null, correct: true, reason: "", reward: 1 as const }))
        .map((one) => ({ ...one, sign: "positive" as const, weight: 1 }));
      const scored = yield* collect(scoreStage, signed, { model, temperature: 1 });
      scored.forEach(({ oldLogProbs, entropy }, i) => {
        assert.deepEqual(oldLogProbs, responses[i].logProbs);
        assert.deepEqual(entropy, responses[i].entropy);
      });
      // A reference is normalised over what the policy knows, with no tokenizer of its own as with a larger one.
      const bare = yield* temporaryFolder;
      for (const { name } of Deno.readDirSync(model)) {
        if (name !== "tokenizer.json") Deno.copyFileSync(`${model}/${name}`, `${bare}/${name}`);
      }
      for (const reference of [model, bare, source]) {
        const beside = yield* collect(scoreStage, signed, { model, reference, temperature: 1 });
        beside.forEach((one) => assert.deepEqual(one.referenceLogProbs, one.oldLogProbs));
      }
      const keep = { paddedVocabulary: "keep" as const };
      const others = yield* collect(sampleStage, [prompt], { model, ...draw, ...keep });
      const beyond = others.findIndex(({ responseTokens }) => responseTokens.some((token) => token >= known));
      assert.ok(beyond >= 0, "keep never drew one either");
      const whole = yield* collect(scoreStage, signed.map((one, i) => ({ ...one, ...others[i] })), {
        model,
        temperature: 1,
        ...keep,
      });
      whole.forEach(({ oldLogProbs }, i) => assert.deepEqual(oldLogProbs, others[i].logProbs));
      assert.match(
        yield* refusal(collect(scoreStage, [{ ...signed[0], ...others[beyond] }], { model, temperature: 1 })),
        /"responseTokens" has token \d+, which the tokenizer \(40 tokens\) does not know; --padded-vocabulary keep takes it$/,
      );
      const [first] = yield* collect(scoreStage, [signed[0]], { model: source, temperature: 1 });
      assert.notDeepEqual(first.oldLogProbs, scored[0].oldLogProbs);
    }),
);

testStages("a hole among the tokenizer's ids is refused by name, and keep takes it", () =>
  Effect.gen(function* () {
    const model = paddedModel(yield* temporaryFolder, 7);
    assert.match(
      yield* refusal(collect(sampleStage, [prompt], { model, ...draw })),
      /a token for every id below 40 \(else --padded-vocabulary keep\), found none for 7$/,
    );
    assert.equal((yield* collect(sampleStage, [prompt], { model, ...draw, paddedVocabulary: "keep" })).length, 16);
  }));
