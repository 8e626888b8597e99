import assert from "node:assert/strict";
import { Effect } from "effect";
import { weightsDigest } from "../../../pipelines/files/weights_digest.ts";
import { sha256 } from "../../../pipelines/records/text.ts";

const digestOf = (files: Readonly<Record<string, string>>) => {
  const dir = Deno.makeTempDirSync();
  for (const [name, text] of Object.entries(files)) Deno.writeTextFileSync(`${dir}/${name}`, text);
  return Effect.runPromise(weightsDigest(dir)).finally(() => Deno.removeSync(dir, { recursive: true }));
};

Deno.test("the digest of sharded weights is of the list of their hashes", async () => {
  const index = JSON.stringify({ weight_map: { a: "two.safetensors", b: "one.safetensors", c: "two.safetensors" } });
  assert.equal(await digestOf({ "model.safetensors": "whole" }), sha256("whole"));
  assert.equal(
    await digestOf({ "one.safetensors": "1", "two.safetensors": "2", "model.safetensors.index.json": index }),
    sha256(`${sha256("1")}  one.safetensors\n${sha256("2")}  two.safetensors\n`),
  );
});

Deno.test("an index that names no files has no digest", async () => {
  for (const index of ["{}", '{"weight_map": []}', "[]", '{"weight_map": {"a": "../a.safetensors"}}', "{"]) {
    await assert.rejects(digestOf({ "model.safetensors.index.json": index }), /index\.json".*: expected /);
  }
});
