import assert from "node:assert/strict";
import { Result } from "effect";
import { tasks } from "../../../data/mod.ts";
import { unfitSetting } from "../../../pipelines/algorithms/algorithm_settings.ts";
import { algorithms } from "../../../pipelines/algorithms/mod.ts";
import { recipes } from "../../../pipelines/recipes/mod.ts";
import { check, checkText, merge, nearest, select } from "../../../pipelines/settings/resolve.ts";
import { groupValues, recordedValues, withDefault } from "../../../pipelines/settings/setting.ts";
import { defaults, flagOf, type SettingKey, settingKeys, settings } from "../../../pipelines/settings/settings.ts";

Deno.test("the defaults are the paper's", () => {
  const { temperature, topP, topK, responses, miniBatch, lambda, clipRatio, entropyCoef, klCoef } = defaults;
  assert.deepEqual([temperature, topP, topK, responses, miniBatch, lambda], [1, 1, 0, 8, 256, 0.1]);
  assert.deepEqual([clipRatio, entropyCoef, klCoef], [0.2, 1e-4, 1e-3]);
  const { learningRate, criticLearningRate, weightDecay, maxGradNorm, epochs, seed, maxTokens } = defaults;
  assert.deepEqual([learningRate, criticLearningRate, weightDecay, maxGradNorm, epochs], [1e-6, 1e-5, 0.01, 1, 20]);
  assert.deepEqual([seed, maxTokens], [0, undefined]);
});

Deno.test("every default is a value that its setting takes", () => {
  for (const key of settingKeys) {
    assert.ok(Result.isSuccess(check(settings[key], settings[key].default ?? null)), key);
    assert.ok(settings[key].description.length > 0, key);
  }
});

Deno.test("weights that leave an algorithm no response to learn from are refused", () => {
  const none = { positiveWeight: 0, negativeWeight: 0 };
  assert.equal(
    unfitSetting(none, "sign-weights"),
    "--positive-weight 0 and --negative-weight 0 leave --algorithm sign-weights no response to learn from",
  );
  assert.equal(unfitSetting({ positiveWeight: 0 }, "sign-weights"), undefined);
  assert.equal(unfitSetting({ lambda: 0 }, "w-reinforce"), undefined);
  for (const name of Object.keys(algorithms)) assert.equal(unfitSetting({}, name), undefined, name);
});

Deno.test("flags are the keys in kebab case", () => {
  assert.equal(flagOf("topP"), "top-p");
  assert.equal(flagOf("criticLearningRate"), "critic-learning-rate");
  assert.equal(new Set(settingKeys.map(flagOf)).size, settingKeys.length);
});

const text = (key: SettingKey, value: string) => {
  const result = checkText(`--${flagOf(key)}`, settings[key], value);
  return Result.isSuccess(result) ? result.success : result.failure;
};

Deno.test("the text of a flag is read as its setting's kind", () => {
  assert.equal(text("topP", "0.95"), 0.95);
  assert.equal(text("learningRate", "1e-6"), 1e-6);
  assert.equal(text("seed", "4294967295"), 4294967295);
  assert.deepEqual(text("k", "1, 2,4"), [1, 2, 4]);
  assert.equal(text("algorithm", "nsr"), "nsr");
  assert.equal(text("model", "a b"), "a b");
});

Deno.test("a bad value names the flag, the value and what was expected", () => {
  assert.equal(text("topP", "1.5"), '--top-p "1.5": expected a number above 0, at most 1');
  assert.equal(text("responses", "0"), '--responses "0": expected a whole number, at least 1');
  assert.equal(text("responses", "2.5"), '--responses "2.5": expected a whole number, at least 1');
  assert.equal(text("seed", "0x10"), '--seed "0x10": expected a whole number from 0 to 4294967295');
  assert.equal(text("temperature", "NaN"), '--temperature "NaN": expected a number from 0 to 100');
  assert.equal(text("temperature", ""), '--temperature "": expected a number from 0 to 100');
  for (const [key, value, registry] of [["algorithm", "w_reinforce", algorithms], ["task", "chess", tasks]] as const) {
    assert.equal(text(key, value), `--${key} "${value}": expected one of ${Object.keys(registry).join(", ")}`);
  }
  assert.equal(text("k", "1,,2"), '--k "1,,2": expected whole numbers, at least 1, with commas between');
});

Deno.test("kernels are the plain ones, or a list of the others, each once", () => {
  assert.deepEqual(text("kernels", "plain"), ["plain"]);
  assert.deepEqual(text("kernels", "cooperative, matrix"), ["cooperative", "matrix"]);
  for (const value of ["", "plain,matrix", "matrix,matrix", "fast", "matrix,"]) {
    assert.equal(text("kernels", value), `--kernels "${value}": expected plain, or a list of matrix and cooperative`);
  }
});

Deno.test("an element type is read by any of its names, and kept by its setting's own", () => {
  const names = [["f32", "float32", "fp32"], ["bf16", "bfloat16"], ["f16", "float16", "fp16"]];
  for (const key of ["storage", "activations", "moments", "dtype"] as const) {
    const own = settings[key].choices ?? [];
    assert.ok(own.length > 1, key);
    for (const row of names) {
      const kept = row.find((name) => own.includes(name));
      for (const name of row) {
        const read = kept ?? `--${key} "${name}": expected one of ${own.join(", ")}`;
        assert.equal(text(key, name), read);
        // A config file says it alike.
        assert.equal(Result.getOrElse(check(settings[key], name), () => read), read);
      }
    }
    assert.equal(text(key, "toString"), `--${key} "toString": expected one of ${own.join(", ")}`);
  }
});

Deno.test("a group's values are its defaults and what is given; others are refused, and what is no setting of it is left out", () => {
  const group = { seed: settings.seed, k: settings.k, miniBatch: withDefault(settings.miniBatch, 0) };
  assert.deepEqual(Result.getOrThrow(groupValues(group)), { seed: 0, k: undefined, miniBatch: 0 });
  assert.deepEqual(Result.getOrThrow(groupValues(group, { seed: 2, topK: 3 })), {
    seed: 2,
    k: undefined,
    miniBatch: 0,
  });
  assert.equal(
    Result.getOrThrow(Result.flip(groupValues(group, { seed: -1, miniBatch: -2 }))),
    "--seed: expected a whole number from 0 to 4294967295, found -1; " +
      "--mini-batch: expected a whole number, at least 1, found -2",
  );
  assert.deepEqual(Result.getOrThrow(recordedValues(group, { k: null, other: {} })), { k: undefined });
  assert.equal(
    Result.getOrThrow(Result.flip(recordedValues(group, { seed: null }))),
    'field "seed": expected a whole number from 0 to 4294967295, found null',
  );
});

Deno.test("later layers win where they say something", () => {
  const config = merge({ seed: 1, lambda: 0.5 }, { seed: 2 }, { maxTokens: undefined, lambda: 0.25 });
  assert.deepEqual([config.seed, config.lambda, config.responses], [2, 0.25, 8]);
  assert.deepEqual(select(config, ["lambda", "maxTokens", "seed"]), { seed: 2, lambda: 0.25 });
});

Deno.test("asPublished changes the defaults of the authors' code, never what somebody said", () => {
  assert.equal(merge({ asPublished: true }).entropyCoef, 1e-3);
  assert.equal(merge({ entropyCoef: 0 }, { asPublished: true }).entropyCoef, 0);
  assert.deepEqual(merge({ asPublished: true }, { asPublished: false }), { ...defaults, asPublished: false });
  assert.deepEqual(merge(), defaults);
});

Deno.test("a misspelt name is answered with the nearest", () => {
  assert.equal(nearest("--temprature", ["--temperature", "--task"]), ', did you mean "--temperature"?');
  assert.equal(nearest("top_p", ["topP", "topK"]), ', did you mean "topP"?');
  assert.equal(nearest("xyzzy", ["topP", "seed"]), "");
});

Deno.test("every recipe holds values that the settings take", () => {
  for (const recipe of Object.values(recipes)) {
    for (const values of [recipe.settings, ...recipe.evaluations.map((evaluation) => evaluation.settings)]) {
      for (const [key, value] of Object.entries(values)) {
        const known = settingKeys.find((candidate) => candidate === key);
        assert.ok(known !== undefined && Result.isSuccess(check(settings[known], value)), `${recipe.name}: ${key}`);
      }
    }
  }
});
