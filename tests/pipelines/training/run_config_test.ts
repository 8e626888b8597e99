/** What a run's `config.json` says is checked before anything uses it. */
import assert from "node:assert/strict";
import { Result } from "effect";
import type { DeviceInfo } from "../../../kernels/gpu/device_info.ts";
import { recordedValues } from "../../../pipelines/settings/setting.ts";
import {
  changedSetting,
  changedSource,
  changedVocabulary,
  configText,
  trainConfig,
  trainSettings,
} from "../../../pipelines/training/run_config.ts";

Deno.test("a stored setting of a value that no run can have is named with field and value", () => {
  const stored = { task: "countdown", algorithm: "grpo", batch: 4, cache: null, kernels: ["matrix"], other: {} };
  const { other: _, ...settings } = stored;
  assert.deepEqual(recordedValues(trainSettings, stored), Result.succeed({ ...settings, cache: undefined }));
  for (
    const [field, value] of [
      ["task", "nope"],
      ["task", "__proto__"],
      ["algorithm", "constructor"],
      ["batch", 0],
      ["batch", -1],
      ["batch", "x"],
      ["storage", "f8"],
      ["criticMiniBatch", 0],
      ["learningRate", null],
      ["topP", 1.5],
      ["model", 3],
      ["seed", [1]],
      ["kernels", "matrix"],
      ["kernels", ["plain", "matrix"]],
    ] as const
  ) {
    const fault = Result.getOrThrow(Result.flip(recordedValues(trainSettings, { [field]: value })));
    assert.match(
      fault,
      new RegExp(`^field "${field}": expected .*, found `),
      `${field} ${JSON.stringify(value)}`,
    );
  }
});

Deno.test("a source that is another one than at the beginning is named, one that was not written down is not compared", () => {
  const now = { base: "b", problems: "p", reference: "r", stopTokens: [1, 2] };
  const { base, ...sources } = now;
  assert.equal(changedSource({ base, sources }, now), undefined);
  assert.equal(changedSource({ base }, now), undefined);
  assert.equal(changedSource({ base: "a" }, now), 'weights (--model) "a", now they are "b"');
  assert.equal(changedSource({}, now), 'weights (--model) not there, now they are "b"');
  for (
    const [key, name] of [["problems", "problems (--data)"], [
      "reference",
      "weights of the reference (--reference)",
    ]] as const
  ) {
    const begun = changedSource({ base, sources: { ...sources, [key]: "other" } }, now) ?? "";
    assert.ok(begun.startsWith(`${name} "other", now they are "${now[key]}"`), begun);
  }
  assert.match(
    changedSource({ base, sources: { ...sources, stopTokens: [1] } }, now) ?? "",
    /end a response .* \[1\], now they are \[1,2\]/,
  );
  assert.match(
    changedSource({ base, sources: { ...sources, critic: "c" } }, now) ?? "",
    /critic.*now they are not there/,
  );
});

Deno.test("a run goes on only with the padded vocabulary that it recorded; one that recorded none had every row", () => {
  assert.equal(changedVocabulary({}, undefined), undefined);
  assert.equal(changedVocabulary({}, "keep"), undefined);
  assert.equal(changedVocabulary({ paddedVocabulary: "mask" }, "mask"), undefined);
  assert.equal(changedVocabulary({ paddedVocabulary: "keep" }, undefined), undefined);
  assert.equal(changedVocabulary({}, "mask"), "--padded-vocabulary keep, now it is mask");
  assert.equal(changedVocabulary({ paddedVocabulary: "mask" }, "keep"), "--padded-vocabulary mask, now it is keep");
});

Deno.test("a run records the upper clip range only where somebody gave one, and goes on only with that one", () => {
  const info: DeviceInfo = {
    kind: "wasm",
    description: "",
    why: "",
    features: [],
    lanes: 0,
    maxBinding: 1,
    maxBuffer: 1,
    validated: true,
  };
  const sources = { base: "b", problems: "p", stopTokens: [1] };
  const plain = Result.getOrThrow(trainConfig({ model: "m", out: "o" }));
  const higher = Result.getOrThrow(trainConfig({ model: "m", out: "o", clipRatioHigh: 0.28 }));
  const stored = (config: typeof plain): Record<string, unknown> => JSON.parse(configText(config, sources, info));
  const { clipRatioHigh, ...others } = stored(higher);
  assert.equal(clipRatioHigh, 0.28);
  assert.deepEqual(stored(plain), others);
  const begun = (config: typeof plain) => Result.getOrThrow(recordedValues(trainSettings, stored(config)));
  assert.equal(changedSetting(begun(plain), plain), undefined);
  assert.equal(changedSetting(begun(higher), higher), undefined);
  assert.equal(changedSetting(begun(plain), higher), "clipRatioHigh not set, now it is 0.28");
});
