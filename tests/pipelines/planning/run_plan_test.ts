import assert from "node:assert/strict";
import { Effect } from "effect";
import { openCheckpoint, writeModelDirectory } from "../../../pipelines/models/checkpoint.ts";
import { parameterCount, parameterSpecs } from "../../../pipelines/models/parameter_specs.ts";
import { runPlan } from "../../../pipelines/planning/run_plan.ts";
import { merge } from "../../../pipelines/settings/resolve.ts";
import { goldenDirectory } from "../../golden/models/golden.ts";

Deno.test("a head that is not the embedding counts in the plan, as it does when the model is loaded", async () => {
  const dir = await Deno.makeTempDir();
  const copy = `${dir}/model`;
  const counts = (model: string) =>
    Effect.gen(function* () {
      const { config } = yield* openCheckpoint(model);
      const { lines } = yield* runPlan(merge({ model, task: "countdown" }), { trains: true });
      const planned = / ([\d,]+) parameters\)/.exec(lines[0])?.[1].replaceAll(",", "");
      return [Number(planned), parameterCount(config)];
    });
  const written = Effect.gen(function* () {
    const tied = yield* openCheckpoint(goldenDirectory("qwen3_tied"));
    const { vocabSize, width } = tied.config;
    const shape = [vocabSize, width];
    const names = [...tied.names, "lm_head.weight"];
    const shapes = new Map(parameterSpecs(tied.config).map((spec) => [spec.name, spec.shape]));
    yield* writeModelDirectory(copy, {
      config: tied.config,
      tensors: names.map((name) => ({
        name,
        shape: shapes.get(name) ?? shape,
        read: shapes.has(name) ? tied.read(name) : Effect.sync(() => new Float32Array(vocabSize * width)),
      })),
    });
    return yield* Effect.all([counts(goldenDirectory("qwen3_tied")), counts(copy)]);
  });
  const [[tied, loaded], [planned, own]] = await Effect.runPromise(written);
  assert.equal(tied, loaded);
  assert.equal(planned, own);
  assert.ok(own > loaded);
  // Without weights there is nothing but what the configuration says.
  await Deno.remove(`${copy}/model.safetensors`);
  const { lines } = await Effect.runPromise(runPlan(merge({ model: copy, task: "countdown" }), { trains: true }));
  assert.match(lines[0], new RegExp(` ${loaded.toLocaleString("en-US")} parameters`));
  await Deno.remove(dir, { recursive: true });
});
