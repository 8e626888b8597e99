import { Effect, Result } from "effect";
import assert from "node:assert/strict";
import { algorithms } from "../../../pipelines/algorithms/mod.ts";
import { recipes } from "../../../pipelines/recipes/mod.ts";
import { algorithmsOf, commandOf } from "../../../pipelines/recipes/recipe.ts";
import { merge } from "../../../pipelines/settings/resolve.ts";
import type { Settings } from "../../../pipelines/settings/settings.ts";
import { recipeOf } from "../../../pipelines/study/given_recipe.ts";

const given = (recipe: string, more: Partial<Settings> = {}) =>
  Effect.runSync(Effect.result(recipeOf(merge(recipes[recipe]?.settings ?? {}, { recipe }, more))));

const recipe = (name: string, more: Partial<Settings> = {}) => Result.getOrThrow(given(name, more));

Deno.test("a recipe with nothing beside it is that recipe", () => {
  for (const name of Object.keys(recipes)) {
    const found = recipe(name);
    assert.equal(found.name, name);
    assert.equal(commandOf(found), `deno task reproduce --recipe ${name}`);
    assert.deepEqual(found.cells, recipes[name].cells);
    for (const [key, value] of Object.entries(recipes[name].settings)) {
      assert.deepEqual(Object.entries(found.settings).find(([own]) => own === key)?.[1], value, `${name}: ${key}`);
    }
  }
});

Deno.test("other bits or kernels make another study, whose command says so; knobs of memory and a model's folder do not", () => {
  const narrow = recipe("tiny", { storage: "bf16", moments: "bf16" });
  assert.equal(narrow.name, "tiny-bf16-storage-bf16-moments");
  assert.equal(commandOf(narrow), "deno task reproduce --recipe tiny --storage bf16 --moments bf16");
  assert.equal(narrow.settings.storage, "bf16");
  const halves = recipe("tiny", { activations: "f16" });
  assert.equal(halves.name, "tiny-f16-activations");
  assert.equal(commandOf(halves), "deno task reproduce --recipe tiny --activations f16");
  assert.equal(halves.settings.activations, "f16");
  const matrix = recipe("tiny", { kernels: ["matrix", "cooperative"] });
  assert.equal(matrix.name, "tiny-matrix-kernels-cooperative-kernels");
  assert.equal(commandOf(matrix), "deno task reproduce --recipe tiny --kernels matrix,cooperative");
  assert.equal(recipe("tiny", { kernels: ["plain"] }).name, "tiny");
  const published = recipe("tiny", { asPublished: true, storage: "f16" });
  assert.equal(commandOf(published), "deno task reproduce --recipe tiny --as-published --storage f16");
  const knobs = { cache: 2, offload: "gradient", recompute: true, deviceMemory: 141, batch: 64 } as const;
  const same = recipe("paper-qwen2.5-math-7b", { ...knobs, model: "elsewhere" });
  assert.equal(same.name, "paper-qwen2.5-math-7b");
  const settings: Partial<Settings> = same.settings;
  for (const [key, value] of Object.entries({ ...knobs, model: "elsewhere" })) {
    assert.deepEqual(Object.entries(settings).find(([own]) => own === key)?.[1], value, key);
  }
});

Deno.test("some of a recipe's algorithms are trained in its order; unknown ones, and those of cells, are refused", () => {
  const some = recipe("paper-qwen3-4b", { algorithms: ["nsr", "grpo"] });
  assert.deepEqual(algorithmsOf(some), ["grpo", "nsr"]);
  const messages = ([
    ["paper-qwen3-4b", { algorithms: ["nsr", "nsrr"] }],
    ["tiny-full", { algorithms: ["nsr"] }],
    ["tiny-full", { model: "elsewhere" }],
    ["tinny", {}],
  ] as const).map(([name, more]) => {
    const found = given(name, more);
    return Result.isFailure(found) ? found.failure.message : "";
  });
  assert.deepEqual(messages.slice(0, 3), [
    'Cannot reproduce "paper-qwen3-4b": --algorithms "nsr,nsrr": expected some of ' +
    Object.keys(algorithms).join(", "),
    'Cannot reproduce "tiny-full": --algorithms "nsr": expected none, its cells name theirs',
    'Cannot reproduce "tiny-full": --model "elsewhere": expected none, its cells name theirs',
  ]);
  assert.match(messages[3], /^Cannot reproduce "tinny": the recipes are tiny, /);
});
