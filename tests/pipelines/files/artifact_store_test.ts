import assert from "node:assert/strict";
import { Effect } from "effect";
import * as ArtifactStore from "../../../pipelines/files/artifact_store.ts";
import { openArtifactStore } from "../../../pipelines/files/artifact_store.ts";

const tensor = (name: string, values: ReadonlyArray<number>) => ({
  name,
  shape: [values.length],
  read: Effect.succeed(Float32Array.from(values)),
});

Deno.test("an artifact is found again by its content", async () => {
  const dir = await Deno.makeTempDir();
  await Effect.runPromise(Effect.gen(function* () {
    const store = yield* openArtifactStore(`${dir}/a/b`);
    const id = yield* store.put([tensor("w", [1, 2, 3])]);
    assert.match(id, /^[0-9a-f]{64}$/);
    assert.equal(yield* store.put([tensor("w", [1, 2, 3])]), id);
    assert.deepEqual([...Deno.readDirSync(`${dir}/a/b`)].map(({ name }) => name), [`${id}.safetensors`]);
    const file = yield* store.get(id);
    assert.deepEqual(yield* file.read("w"), Float32Array.of(1, 2, 3));
    assert.ok(yield* store.has(id));
    yield* store.remove(id);
    assert.ok(!(yield* store.has(id)));
    assert.equal((yield* Effect.flip(store.get(id))).message.includes("no such file"), true);
  }));
  await Deno.remove(dir, { recursive: true });
});

Deno.test("an artifact that is not what its name says is refused", async () => {
  const dir = await Deno.makeTempDir();
  await Effect.runPromise(Effect.gen(function* () {
    const store = yield* openArtifactStore(dir);
    const one = yield* store.put([tensor("w", [1])]);
    const other = yield* store.put([tensor("w", [2])]);
    Deno.copyFileSync(store.pathOf(one), store.pathOf(other));
    assert.match((yield* Effect.flip(store.get(other))).message, /have SHA-256/);
    assert.match((yield* Effect.flip(store.get("../x"))).message, /expected 64 hexadecimal digits/);
  }));
  await Deno.remove(dir, { recursive: true });
});

Deno.test("what a killed writer left is swept, and so is what is not to be kept", async () => {
  const dir = await Deno.makeTempDir();
  await Deno.mkdir(`${dir}/.partial-abc`);
  await Deno.writeTextFile(`${dir}/.partial-abc/tensors`, "half");
  await Deno.writeTextFile(`${dir}/notes.txt`, "not ours");
  await Effect.runPromise(Effect.gen(function* () {
    const store = yield* openArtifactStore(dir);
    const [kept] = [yield* store.put([tensor("w", [1])]), yield* store.put([tensor("w", [2])])];
    yield* store.retain([kept]);
    assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name).sort(), [`${kept}.safetensors`, "notes.txt"]);
  }));
  await Deno.remove(dir, { recursive: true });
});

Deno.test("artifacts lie under SIGNUM_HOME where it is set", () => {
  assert.equal(ArtifactStore.defaultFolder(undefined), ".signum/artifacts");
  assert.equal(ArtifactStore.defaultFolder("/srv/signum"), "/srv/signum/artifacts");
});
