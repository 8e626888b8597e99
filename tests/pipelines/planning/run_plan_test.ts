import assert from "node:assert/strict";
import { Effect } from "effect";
import { openCheckpoint, writeModelDirectory } from "../../../pipelines/models/checkpoint.ts";
import { hubShape } from "../../../pipelines/models/model_shapes.ts";
import { parameterCount, parameterSpecs } from "../../../pipelines/models/parameter_specs.ts";
import { recipePlan, runPlan, serverGpu } from "../../../pipelines/planning/run_plan.ts";
import { recipes } from "../../../pipelines/recipes/mod.ts";
import { merge } from "../../../pipelines/settings/resolve.ts";
import type { Settings } from "../../../pipelines/settings/settings.ts";
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

Deno.test("a plan states the time of a GPU alone, and none that is shorter than a second", async () => {
  const isTimed = async (settings: Partial<Settings>, kind: typeof serverGpu.kind, tflops?: number) => {
    const info = { ...serverGpu, kind };
    const asked = merge(settings, tflops === undefined ? {} : { tflops });
    const { lines } = await Effect.runPromise(runPlan(asked, { trains: true, info }));
    assert.ok(lines.length > 5, lines.join("\n"));
    return lines.some((line) => line.includes("TFLOP/s"));
  };
  const { settings: tiny } = recipes.tiny;
  for (const kind of ["wasm", "lavapipe", "swiftshader"] as const) {
    assert.equal(await isTimed(tiny, kind, 1e-3), false, kind);
  }
  assert.equal(await isTimed(tiny, "gpu", 1e-3), true);
  assert.equal(await isTimed(tiny, "gpu"), false);
});

Deno.test("a run says its memory in one line, and a step's parts are those that the algorithm has", async () => {
  const settings = merge(recipes.tiny.settings, { tflops: 1e-3 });
  const planOf = (more: Partial<Settings>, kind: typeof serverGpu.kind) =>
    Effect.runPromise(runPlan({ ...settings, ...more }, { trains: true, info: { ...serverGpu, kind } }));
  const { brief } = await planOf({ algorithm: "psr" }, "wasm");
  assert.equal(brief.length, 1);
  assert.match(
    brief[0],
    /^memory: [\d.]+ MiB at most, in \w+; this device has 1024\.00 GiB: fits \(--dry-run prints the plan\)$/,
  );
  const { brief: known } = await planOf({ algorithm: "psr", deviceMemory: 8 }, "wasm");
  assert.ok(known.length > 1, "what the device's memory decided is said");
  for (const [algorithm, isScored] of [["psr", false], ["grpo", true], ["ppo", true]] as const) {
    const { brief: [memory, time], lines } = await planOf({ algorithm }, "gpu");
    assert.match(memory, /; 80 GB card: fits, 141 GB card: fits \(--dry-run prints the plan\)$/);
    assert.ok(lines.includes(time));
    assert.equal(/\(sample [^,]+, score [^,]+, gradient and update/.test(time), isScored, time);
    assert.equal(/\(sample [^,]+, gradient and update/.test(time), !isScored, time);
  }
});

Deno.test("a recipe plans with its model's published shape where --model names a folder that is not here, and says how to fetch", async () => {
  const whole = recipes["paper-qwen2.5-math-7b"];
  const recipe = { ...whole, cells: whole.cells.filter(({ algorithm }) => ["base", "nsr"].includes(algorithm)) };
  const model = "models/not/here";
  const lines = async (settings: typeof recipe.settings) =>
    await Effect.runPromise(recipePlan({ ...recipe, settings }, {}));
  const [note, ...given] = await lines({ ...recipe.settings, model });
  assert.equal(
    note,
    `"${model}" is not on this machine: planned with the published shape of Qwen/Qwen2.5-Math-7B`,
  );
  assert.equal(given.length, 5);
  assert.match(given[0], /^nsr: .*; \d+ days at 100 TFLOP\/s$/);
  assert.match(given[1], /^evaluation at T 0\.6: .*; \d+ days at 100 TFLOP\/s$/);
  assert.deepEqual(given.slice(-3), [
    `model: --model Qwen/Qwen2.5-Math-7B fetches it from the Hub; into that folder: hf download Qwen/Qwen2.5-Math-7B --local-dir ${model}`,
    "data: --data TianHongZXY/MATH fetches them from the Hub, else they are read below SIGNUM_DATA",
    "never run: times are arithmetic at an assumed speed (--tflops), decoding waits for memory",
  ]);
  // A command with the recipe plans alike; without a recipe nothing is known of the folder.
  const { lines: planned } = await Effect.runPromise(
    runPlan(merge(recipe.settings, { model }), { trains: false, recipe }),
  );
  assert.equal(planned[0], note);
  assert.match(planned[1], /7,615,616,512 parameters/);
  const { lines: unknown } = await Effect.runPromise(runPlan(merge({ model }), { trains: true }));
  assert.deepEqual(unknown, [`no memory plan: "${model}" is not on this machine`]);
});

Deno.test("every recipe whose model is on the Hub knows its shape", () => {
  const fetched = Object.values(recipes).filter(({ hub }) => hub !== undefined);
  assert.ok(fetched.length > 0);
  for (const { name, hub, settings } of fetched) {
    assert.equal(hub?.model, settings.model, name);
    assert.ok(hubShape(hub?.model ?? "") !== undefined, name);
  }
});
