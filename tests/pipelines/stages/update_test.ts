import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import { openCheckpoint } from "../../../pipelines/models/checkpoint.ts";
import { verifyManifest } from "../../../pipelines/files/checkpoint_directory.ts";
import * as Safetensors from "../../../pipelines/files/safetensors.ts";
import { openSafetensors, writeSafetensors } from "../../../pipelines/files/safetensors.ts";
import { openArtifactStore } from "../../../pipelines/files/artifact_store.ts";
import type { Gradient } from "../../../pipelines/records/schema.ts";
import { rateAt } from "../../../pipelines/learning/optimizer_step.ts";
import { updateStage } from "../../../pipelines/stages/update.ts";
import { goldenDirectory, readGolden } from "../../golden/models/golden.ts";
import { near, norm } from "../models/golden_on_device.ts";
import { collect, refusal, refusalOfLine, temporaryFolder, testStages } from "./with_policy.ts";

const model = goldenDirectory("qwen3_tied");
const golden = readGolden("qwen3_tied");
const [one] = golden.cases;
const settings = { learningRate: one.learningRate, weightDecay: one.weightDecay, maxGradNorm: one.maxGradNorm };

/** A Gradient record around an artifact. */
const gradientOf = (artifact: string, criticArtifact?: string): Gradient => {
  const sign = { loss: 0, gradNorm: 0, clipFraction: 0, approxKl: 0, meanEntropy: 0, tokens: 0 };
  return { artifact, ...sign, positive: sign, negative: sign, ...(criticArtifact !== undefined && { criticArtifact }) };
};

/** Puts a golden gradient into a store, its numbers changed by `change`. */
const put = Effect.fnUntraced(function* (
  folder: string,
  file: string,
  change: (values: Float32Array<ArrayBuffer>, name: string) => Float32Array<ArrayBuffer> = (values) => values,
) {
  const source = yield* openSafetensors(`${model}/golden/${file}`);
  const store = yield* openArtifactStore(folder);
  return yield* store.put(Array.from(source.entries, ([name, { shape }]) => ({
    name,
    shape,
    read: Effect.map(source.read(name), (values) => change(values, name)),
  })));
});

Deno.test("as published the rate is 0 in training step 1, and in no other", () => {
  const rates = [0, 1, 2].map((step) => rateAt(1e-6, { asPublished: true, step }));
  assert.deepEqual([...rates, rateAt(1e-6, { asPublished: undefined, step: 1 })], [1e-6, 0, 1e-6, 1e-6]);
});

testStages("update writes a Hugging Face directory with PyTorch's weights", () =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder;
    const artifact = yield* put(folder, one.gradient);
    const out = `${folder}/out`;
    const [state] = yield* collect(updateStage, [gradientOf(artifact)], { model, artifacts: folder, out, ...settings });
    assert.deepEqual(Object.keys(state), ["model", "optimizer", "step"]);
    assert.equal(state.step, 1);
    assert.equal(yield* Safetensors.sha256File(`${out}/model.safetensors`), state.model);
    assert.equal(yield* Safetensors.sha256File(`${out}/trainer_state/optimizer.safetensors`), state.optimizer);
    yield* verifyManifest(out);
    assert.deepEqual([...Deno.readDirSync(out)].map(({ name }) => name).toSorted(), [
      "config.json",
      "generation_config.json",
      "model.safetensors",
      "tokenizer.json",
      "tokenizer_config.json",
      "trainer_state",
    ]);
    const stepped = yield* openCheckpoint(out);
    const after = yield* openSafetensors(`${model}/golden/${one.after}`);
    const gradients = yield* openSafetensors(`${model}/golden/${one.gradient}`);
    for (const name of stepped.names) {
      const [found, expected, gradient] = [
        yield* stepped.read(name),
        yield* after.read(name),
        yield* gradients.read(name),
      ];
      const smallest = Math.max(1e-6, 1e-3 * norm(gradient) / Math.sqrt(gradient.length));
      found.forEach((x, i) => Math.abs(gradient[i]) >= smallest && near(x, expected[i], 1e-5, `${name} ${i}`));
    }
  }));

testStages(
  "--optimizer goes on from an earlier --out, and without it moments start at zero",
  () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder;
      const artifact = yield* put(folder, one.gradient);
      const step = (from: string, out: string, more: object = {}) =>
        collect(updateStage, [gradientOf(artifact)], {
          model: from,
          artifacts: folder,
          out: `${folder}/${out}`,
          ...settings,
          ...more,
        });
      const [first] = yield* step(model, "one");
      const [second] = yield* step(`${folder}/one`, "two", { optimizer: `${folder}/one` });
      const [fresh] = yield* step(`${folder}/one`, "fresh");
      assert.deepEqual([first.step, second.step, fresh.step], [1, 2, 1]);
      assert.notEqual(second.optimizer, fresh.optimizer);
      const [again] = yield* step(`${folder}/one`, "again", { optimizer: `${folder}/one` });
      assert.deepEqual(again, second);
      const [over] = yield* step(`${folder}/one`, "two", { optimizer: `${folder}/one` });
      assert.deepEqual(over, second);
    }),
);

testStages(
  "a critic is stepped at its own rate and written beside the policy with its own optimizer",
  () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder;
      const [actor, critic] = [yield* put(folder, one.gradient), yield* put(folder, golden.critic?.gradient ?? "")];
      const out = `${folder}/out`;
      const config = { model, critic: model, artifacts: folder, ...settings, criticLearningRate: 1e-2 };
      const [state] = yield* collect(updateStage, [gradientOf(actor, critic)], { ...config, out });
      assert.equal(yield* Safetensors.sha256File(`${out}/critic/model.safetensors`), state.critic);
      const value = yield* (yield* openCheckpoint(`${out}/critic`)).read("score.weight");
      // The head was zero, so the first step is the rate, wherever there is a gradient.
      value.forEach((x) => near(Math.abs(x), 1e-2, 1e-4, "score.weight"));
      yield* verifyManifest(out);
      // The same command again replaces what it wrote.
      assert.deepEqual(yield* collect(updateStage, [gradientOf(actor, critic)], { ...config, out }), [state]);
      const [second] = yield* collect(updateStage, [gradientOf(actor, critic)], {
        ...config,
        model: out,
        critic: `${out}/critic`,
        optimizer: out,
        out: `${folder}/second`,
      });
      assert.equal(second.step, 2);
      const kept = yield* openSafetensors(`${folder}/second/critic/trainer_state/optimizer.safetensors`);
      assert.deepEqual(yield* kept.read("step"), Float32Array.of(2));
    }),
);

testStages(
  "an optimizer state or a step that is not finite is refused, and nothing is written",
  () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder;
      const artifact = yield* put(folder, one.gradient);
      const step = (more: object) =>
        collect(updateStage, [gradientOf(artifact)], { model, artifacts: folder, ...settings, ...more });
      yield* step({ out: `${folder}/one` });
      const path = `${folder}/one/trainer_state/optimizer.safetensors`;
      const state = yield* openSafetensors(path);
      for (
        const [name, bad] of [["exp_avg.model.norm.weight", NaN], ["exp_avg_sq.model.norm.weight", Infinity], [
          "step",
          NaN,
        ]] as const
      ) {
        const tensors = Array.from(state.entries, ([key, { shape }]) => ({
          name: key,
          shape,
          read: Effect.map(state.read(key), (values) => key === name ? values.with(0, bad) : values),
        }));
        const broken = `${folder}/broken-${name}/trainer_state`;
        Deno.mkdirSync(broken, { recursive: true });
        yield* writeSafetensors(broken, () => "optimizer.safetensors", tensors);
        const message = yield* refusal(step({ optimizer: `${folder}/broken-${name}`, out: `${folder}/two` }));
        assert.equal(
          message,
          `Cannot read "${broken}/optimizer.safetensors", tensor "${name}": expected finite numbers, found ${bad}`,
        );
      }
      for (const learningRate of [1e39, 1e300]) {
        const message = yield* refusal(step({ learningRate, out: `${folder}/two` }));
        assert.match(
          message,
          /^Cannot write ".*\/two\/model.safetensors", tensor "model\..*": expected finite numbers that float32/,
        );
      }
      assert.deepEqual(
        [...Deno.readDirSync(folder)].map(({ name }) => name).filter((name) => /two|partial/.test(name)),
        [],
      );
    }),
);

testStages("what cannot be applied is refused by name, and nothing is written", () =>
  Effect.gen(function* () {
    const folder = yield* temporaryFolder;
    const artifact = yield* put(folder, one.gradient);
    const out = `${folder}/out`;
    const refused = (records: ReadonlyArray<Gradient>, more: object = {}) =>
      refusal(collect(updateStage, records, { model, artifacts: folder, out, ...settings, ...more }));
    const record = gradientOf(artifact);
    assert.equal(yield* refused([record, record]), "Cannot update: expected exactly one Gradient, found 2");
    assert.equal(yield* refused([]), "Cannot update: expected exactly one Gradient, found 0");
    assert.match(yield* refused([gradientOf("0".repeat(64))]), /^Cannot read artifact "0{64}": no such file in/);
    assert.match(yield* refused([gradientOf("../secret")]), /expected 64 hexadecimal digits$/);
    assert.match(
      yield* refused([gradientOf(artifact, artifact)]),
      /the Gradient has a "criticArtifact", but --critic is missing$/,
    );
    assert.match(yield* refused([record], { critic: model }), /field "criticArtifact" is missing$/);
    assert.match(
      yield* refused([record], { model: goldenDirectory("qwen2_untied") }),
      /"model\..*": expected \d+ numbers, found/,
    );
    assert.match(yield* refused([record], { optimizer: `${folder}/none` }), /optimizer.safetensors/);
    for (const bad of [NaN, Infinity]) {
      const broken = yield* put(folder, one.gradient, (values, name) =>
        name === "model.norm.weight" ? values.fill(bad, 3, 4) : values);
      assert.equal(
        yield* refused([gradientOf(broken)]),
        `Cannot update: the gradient "${broken}" is not finite (its norm is ${bad})`,
      );
    }
    const path = `${folder}/${artifact}.safetensors`;
    const bytes = Deno.readFileSync(path);
    bytes[bytes.length - 1] ^= 1;
    Deno.writeFileSync(path, bytes);
    assert.match(yield* refused([record]), /^Cannot read artifact "[0-9a-f]{64}": the bytes of .* have SHA-256/);
    const { artifact: _, ...without } = record;
    assert.match(yield* refusalOfLine(updateStage, without), /field "artifact" must be/);
    assert.match(yield* refusal(collect(updateStage, [record], { model })), /--out is missing/);
    assert.deepEqual(
      [...Deno.readDirSync(folder)].filter(({ name }) =>
        !name.endsWith(".safetensors")
      ),
      [],
    );
  }));
