import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import { openCheckpoint, writeModelDirectory } from "../../../pipelines/models/checkpoint.ts";
import { parameterSpecs } from "../../../pipelines/models/parameter_specs.ts";
import { sampleStage } from "../../../pipelines/stages/sample.ts";
import { goldenDirectory } from "../../golden/models/golden.ts";
import { base, collect, linesOf, prompts, refusal, refusalOfLine, temporaryFolder, testStages } from "./with_policy.ts";

const config = { model: base, responses: 3, seed: 5 };

testStages("a prompt gets G responses, with what later stages need", () =>
  Effect.gen(function* () {
    const asked = yield* prompts(2);
    const records = yield* collect(sampleStage, asked, config);
    assert.deepEqual(records.map(({ sampleIndex }) => sampleIndex), [0, 1, 2, 0, 1, 2]);
    for (const [i, record] of records.entries()) {
      assert.deepEqual(Object.keys(record), [
        ...Object.keys(asked[0]),
        ..."sampleIndex seed temperature responseText responseTokens logProbs entropy finish".split(" "),
      ]);
      assert.equal(record.problemId, asked[Math.floor(i / 3)].problemId);
      assert.deepEqual([record.seed, record.temperature], [5, 1]);
      const { responseTokens, logProbs, entropy, finish } = record;
      assert.ok(responseTokens.length >= 1 && responseTokens.length <= 16);
      assert.deepEqual([logProbs.length, entropy.length], [responseTokens.length, responseTokens.length]);
      assert.ok(logProbs.every((x) => x <= 0) && entropy.every((x) => x >= 0 && x <= Math.log(77)));
      // The stop token is the last token and no part of the text.
      assert.equal(finish, responseTokens.at(-1) === 68 ? "stop" : "length");
      assert.equal(record.responseText.split(" ").length, responseTokens.length - (finish === "stop" ? 1 : 0));
    }
  }));

testStages("--batch and the order of prompts change no byte of a rollout", () =>
  Effect.gen(function* () {
    const asked = yield* prompts(6);
    const expected = linesOf(yield* collect(sampleStage, asked, config));
    assert.equal(new Set(expected).size, 18);
    for (const batch of [1, 4, 64]) {
      assert.deepEqual(linesOf(yield* collect(sampleStage, asked, { ...config, batch })), expected, `batch ${batch}`);
    }
    const reversed = linesOf(yield* collect(sampleStage, asked.toReversed(), config));
    assert.deepEqual(reversed.toSorted(), expected.toSorted());
  }));

testStages("--seed and --step draw other rollouts, and step 0 is the default", () =>
  Effect.gen(function* () {
    const asked = yield* prompts(4);
    const texts = function* (other: object) {
      return (yield* collect(sampleStage, asked, { ...config, ...other })).map(({ responseTokens }) =>
        responseTokens.join()
      );
    };
    const expected = yield* texts({});
    assert.deepEqual(yield* texts({ step: 0 }), expected);
    for (const other of [{ step: 1 }, { step: 2 }, { seed: 6 }]) {
      const found = yield* texts(other);
      assert.ok(found.filter((text, i) => text !== expected[i]).length > 3, JSON.stringify(other));
    }
  }));

testStages("a problem that is asked twice goes on counting", () =>
  Effect.gen(function* () {
    const [first, second] = yield* prompts(2);
    const twice = yield* collect(sampleStage, [first, second, first], config);
    const once = yield* collect(sampleStage, [first], { ...config, responses: 6 });
    const ofFirst = twice.filter(({ problemId }) => problemId === first.problemId);
    assert.deepEqual(linesOf(ofFirst), linesOf(once));
    assert.deepEqual(ofFirst.map(({ sampleIndex }) => sampleIndex), [0, 1, 2, 3, 4, 5]);
  }));

testStages("only promptTokens are read, and fields that no stage knows pass through", () =>
  Effect.gen(function* () {
    const asked = yield* prompts(2);
    const expected = yield* collect(sampleStage, asked, config);
    const changed = asked.map((prompt) => ({ ...prompt, promptText: "", question: "", note: [prompt.split] }));
    const found = yield* collect(sampleStage, changed, config);
    assert.deepEqual(
      found.map(({ responseTokens }) => responseTokens),
      expected.map(({ responseTokens }) => responseTokens),
    );
    assert.ok(found.every((record) => "note" in record));
  }));

testStages("temperature 0 is greedy, and reports log-probs at temperature 1", () =>
  Effect.gen(function* () {
    const asked = yield* prompts(3);
    const records = yield* collect(sampleStage, asked, { ...config, temperature: 0 });
    records.forEach(({ responseTokens }, i) => assert.deepEqual(responseTokens, records[i - i % 3].responseTokens));
    const other = yield* collect(sampleStage, asked, { ...config, temperature: 0, seed: 6, topP: 0.5, topK: 2 });
    assert.deepEqual(
      other.map(({ responseTokens }) => responseTokens),
      records.map(({ responseTokens }) => responseTokens),
    );
  }));

testStages(
  "a response ends at --max-tokens, the task's bound, or where the context does",
  () =>
    Effect.gen(function* () {
      const [prompt] = yield* prompts(1);
      const longest = function* (asked: typeof prompt, other: object) {
        const records = yield* collect(sampleStage, [asked], { ...config, responses: 32, temperature: 20, ...other });
        return Math.max(...records.map(({ responseTokens }) => responseTokens.length));
      };
      assert.equal(yield* longest(prompt, { maxTokens: 3 }), 3);
      assert.equal(yield* longest(prompt, {}), 16);
      // The model has 32 positions.
      assert.equal(yield* longest({ ...prompt, task: "mine" }, {}), 24);
      const long = { ...prompt, promptTokens: Int32Array.from({ length: 31 }, (_, i) => i) };
      assert.equal(yield* longest(long, { maxTokens: 5 }), 1);
    }),
);

testStages("a prompt that cannot be sampled from is named before a token is drawn", () =>
  Effect.gen(function* () {
    const [good, prompt] = yield* prompts(2);
    const refused = (tokens: number[]) =>
      refusal(collect(sampleStage, [good, { ...prompt, promptTokens: Int32Array.from(tokens) }], config));
    assert.match(
      yield* refused([3, 77]),
      /^Cannot sample for problem "[^"]+": field "promptTokens" has token 77, expected 0 to 76$/,
    );
    assert.match(yield* refused([]), /field "promptTokens" is empty$/);
    assert.match(
      yield* refused(Array.from({ length: 32 }, () => 1)),
      /its prompt has 32 tokens .*the model's context is 32$/,
    );
    const { promptTokens: _, ...without } = prompt;
    assert.match(yield* refusalOfLine(sampleStage, without), /"lines", line 1: field "promptTokens" must be/);
    assert.match(
      yield* refusalOfLine(sampleStage, { ...prompt, promptTokens: [1, -2] }),
      /field "promptTokens\[1\]" must be .* found -2$/,
    );
    assert.match(yield* refusal(collect(sampleStage, [good], {})), /--model is missing/);
    assert.deepEqual(yield* collect(sampleStage, [], config), []);
  }));

testStages("a model whose numbers are not finite gives an error and no rollout", () =>
  Effect.gen(function* () {
    const dir = yield* temporaryFolder;
    const source = yield* openCheckpoint(goldenDirectory("qwen2_untied"));
    yield* writeModelDirectory(`${dir}/broken`, {
      config: source.config,
      sourceDir: source.dir,
      tensors: parameterSpecs(source.config).map(({ name, shape }) => ({
        name,
        shape,
        read: Effect.map(source.read(name), (values) => name === "model.norm.weight" ? values.fill(3e38) : values),
      })),
    });
    const [prompt] = yield* prompts(1);
    const short = { ...prompt, promptTokens: Int32Array.of(1, 2, 3) };
    const broken = { ...config, model: `${dir}/broken`, maxTokens: 4, topP: 0.9 };
    assert.match(
      yield* refusal(collect(sampleStage, [short], broken)),
      /^Cannot sample for problem "[^"]+": the model gives log-probs that are not finite$/,
    );
  }));
