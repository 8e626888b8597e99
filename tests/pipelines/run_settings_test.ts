/** What a run is begun and continued with. */
import assert from "node:assert/strict";
import { changedVocabulary } from "../../pipelines/run_settings.ts";

Deno.test("a run goes on only with the padded vocabulary that it recorded; one that recorded none had every row", () => {
  assert.equal(changedVocabulary({}, undefined), undefined);
  assert.equal(changedVocabulary({}, "keep"), undefined);
  assert.equal(changedVocabulary({ paddedVocabulary: "mask" }, "mask"), undefined);
  assert.equal(changedVocabulary({ paddedVocabulary: "keep" }, undefined), undefined);
  assert.equal(changedVocabulary({}, "mask"), "--padded-vocabulary keep, now it is mask");
  assert.equal(changedVocabulary({ paddedVocabulary: "mask" }, "keep"), "--padded-vocabulary mask, now it is keep");
});
