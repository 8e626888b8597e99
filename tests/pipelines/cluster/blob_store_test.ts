/** The store of blobs: names are hashes, a blob is whole or absent, damage is found and removed, a full disk is one error. */
import assert from "node:assert/strict";
import { smallDisk } from "./small_disk.ts";
import { Effect, Result } from "effect";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBlobStore } from "../../../pipelines/cluster/blob_store.ts";
import type { ClusterError } from "../../../pipelines/cluster/cluster_error.ts";
import { sha256 } from "../../../pipelines/records/text.ts";

const folder = mkdtempSync(join(tmpdir(), "signum-blobs-"));
addEventListener("unload", () => rmSync(folder, { recursive: true, force: true }));

const run = <A>(effect: Effect.Effect<A, ClusterError>) => Effect.runPromise(effect);
const failure = async <A>(effect: Effect.Effect<A, ClusterError>): Promise<ClusterError> => {
  const result = await Effect.runPromise(Effect.result(effect));
  assert(Result.isFailure(result));
  return result.failure;
};
const files = (path: string) =>
  readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map(({ name }) => name);

Deno.test("a blob is named by its hash and read back, from text and from a file", async () => {
  const store = await run(openBlobStore(join(folder, "one")));
  const name = await run(store.put("some text"));
  assert.equal(name, sha256("some text"));
  assert.equal(new TextDecoder().decode(await run(store.get(name))), "some text");
  const path = join(folder, "file");
  writeFileSync(path, "some text");
  assert.equal(await run(store.putFile(path)), name);
  await run(store.getFile(name, join(folder, "copy")));
  assert.equal(readFileSync(join(folder, "copy"), "utf8"), "some text");
  assert.deepEqual(files(join(folder, "one")), [name]);
});

Deno.test("only 64 hexadecimal digits name a blob", async () => {
  const store = await run(openBlobStore(join(folder, "one")));
  for (const name of ["", "../../etc/passwd", "a".repeat(63), "A".repeat(64), `${"a".repeat(64)}/..`]) {
    const error = await failure(store.get(name));
    assert.equal(error.reason, "name");
    assert(error.message.includes(`"${name}"`));
  }
  assert.equal((await failure(store.get("a".repeat(64)))).reason, "missing");
});

Deno.test("a flipped byte is an error that names the blob, and the blob is gone until it is made again", async () => {
  const store = await run(openBlobStore(join(folder, "flipped")));
  for (const read of [store.get, (name: string) => store.getFile(name, join(folder, "bad"))]) {
    const name = await run(store.put("precious"));
    const bytes = readFileSync(store.pathOf(name));
    bytes[3] ^= 1;
    writeFileSync(store.pathOf(name), bytes);
    const error = await failure<unknown>(read(name));
    assert.equal(error.reason, "damaged");
    assert(error.message.includes(name));
    assert.equal(await run(store.has(name)), false);
    assert(!readdirSync(folder).includes("bad"));
    assert.equal(await run(store.put("precious")), name);
    assert.equal(new TextDecoder().decode(await run(store.get(name))), "precious");
  }
});

Deno.test("what nobody used is removed, with the partial files of killed writers", async () => {
  const path = join(folder, "swept");
  const store = await run(openBlobStore(path));
  await run(store.put("old"));
  writeFileSync(join(path, "blobs", ".partial-0123"), "half");
  assert.equal(await run(store.sweep(0)), 0);
  assert.equal(await run(store.sweep(Date.now() + 10_000)), 1);
  assert.deepEqual(files(path), []);
});

const { disk, isMounted, left } = smallDisk("64k");

Deno.test({
  name: `a full disk is one clear error and leaves nothing half-written${left}`,
  ignore: !isMounted,
  fn: async () => {
    const store = await run(openBlobStore(disk));
    const name = await run(store.put("small"));
    const error = await failure(store.put(new Uint8Array(1 << 20)));
    assert.equal(error.reason, "full");
    assert.match(error.message, /the disk of the store ".*" is full$/);
    assert.deepEqual(files(disk), [name]);
    assert.equal(new TextDecoder().decode(await run(store.get(name))), "small");
  },
});
