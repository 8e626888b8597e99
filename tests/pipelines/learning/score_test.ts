import assert from "node:assert/strict";
import * as Effect from "effect/Effect";
import type { Encoder } from "../../../kernels/gpu/encoder.ts";
import { openCheckpoint } from "../../../pipelines/models/checkpoint.ts";
import * as Model from "../../../pipelines/models/model.ts";
import { withValueHead } from "../../../pipelines/models/model_config.ts";
import { score, values } from "../../../pipelines/learning/score.ts";
import { testOnDevice } from "../../kernels/run_case.ts";
import { goldenDirectory, goldenModels, readGolden } from "../../golden/models/golden.ts";
import { loadCritic, loadModel, near, sameBits, sequencesOf } from "../models/golden_on_device.ts";

/** Matrix units round the operands of every product to float16, by 2^-11 of their size; here logits reach 25, so a few such errors are this. */
const toleranceOf = ({ info }: Encoder): number => info.matrix === undefined ? 1e-4 : 0.05;

for (const name of goldenModels) {
  const golden = readGolden(name);

  testOnDevice(`${name}: log-probs and entropies are those of transformers`, (encoder) =>
    Effect.gen(function* () {
      const model = yield* loadModel(encoder, name);
      for (const temperature of ["1", "0.6"] as const) {
        const found = yield* score(model, sequencesOf(golden), Number(temperature));
        golden.sequences.forEach((expected, i) => {
          const what = (field: string, t: number) => `sequence ${i}, token ${t}, T ${temperature}: ${field}`;
          expected.logProbs[temperature].forEach((x, t) =>
            near(found.logProbs[i][t], x, toleranceOf(encoder), what("logProb", t))
          );
          expected.entropy[temperature].forEach((x, t) =>
            near(found.entropy[i][t], x, toleranceOf(encoder), what("entropy", t))
          );
        });
      }
    }));

  testOnDevice(
    `${name}: a response has the same bits whatever it is scored with`,
    (encoder) =>
      Effect.gen(function* () {
        const model = yield* loadModel(encoder, name);
        const sequences = sequencesOf(golden);
        const together = yield* score(model, sequences, 0.6);
        const many = yield* score(model, Array.from({ length: 8 }, () => sequences.toReversed()).flat(), 0.6);
        for (const [i, sequence] of sequences.entries()) {
          const alone = yield* score(model, [sequence], 0.6);
          const other = many.logProbs.length - 1 - i;
          sameBits(alone.logProbs[0], together.logProbs[i], `logProbs ${i}`);
          sameBits(alone.entropy[0], together.entropy[i], `entropy ${i}`);
          sameBits(many.logProbs[other], together.logProbs[i], `logProbs ${i} of many`);
          sameBits(many.entropy[other], together.entropy[i], `entropy ${i} of many`);
        }
      }),
  );

  const { critic } = golden;
  if (critic === undefined) continue;
  testOnDevice(`${name}: the critic's values are PyTorch's`, (encoder) =>
    Effect.gen(function* () {
      const found = yield* values(yield* loadCritic(encoder, name, critic), sequencesOf(golden));
      critic.values.forEach((list, i) =>
        list.forEach((x, t) => near(found[i][t], x, toleranceOf(encoder), `sequence ${i}, token ${t}`))
      );
    }));
}

testOnDevice("a critic's bias is added to every value", (encoder) =>
  Effect.gen(function* () {
    const golden = readGolden("qwen3_tied");
    assert.ok(golden.critic !== undefined);
    const plain = yield* values(yield* loadCritic(encoder, "qwen3_tied", golden.critic), sequencesOf(golden));
    const checkpoint = yield* openCheckpoint(goldenDirectory("qwen3_tied"));
    const config = { ...withValueHead(checkpoint.config), valueBias: true };
    const given: Readonly<Record<string, Float32Array<ArrayBuffer>>> = {
      "score.weight": Float32Array.from(golden.critic.scoreWeight),
      "score.bias": Float32Array.of(0.5),
    };
    const critic = yield* Model.loadModel(encoder, {
      ...checkpoint,
      config,
      names: [...checkpoint.names, "score.weight", "score.bias"],
      read: (name) => given[name] === undefined ? checkpoint.read(name) : Effect.succeed(given[name]),
    }, "critic");
    const found = yield* values(critic, sequencesOf(golden));
    const tolerance = 1e-6 + toleranceOf(encoder) / 100;
    plain.forEach((list, i) =>
      list.forEach((x, t) => near(found[i][t], x + 0.5, tolerance, `sequence ${i}, token ${t}`))
    );
  }));
