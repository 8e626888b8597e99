/** A worker computes with the weights that a job names: other ones in its cache are replaced, and a list that leads elsewhere is refused. */
import assert from "node:assert/strict";
import { Effect, Result } from "effect";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBlobStore } from "../../../pipelines/cluster/blob_store.ts";
import { fetchModel, keepModel, markModelUsed, sweepModels } from "../../../pipelines/cluster/model_files.ts";

const folder = mkdtempSync(join(tmpdir(), "signum-weights-"));
addEventListener("unload", () => rmSync(folder, { recursive: true, force: true }));
const models = new URL("../../../data/models/", import.meta.url).pathname;

Deno.test("other weights in a worker's cache are replaced before a job runs", () =>
  Effect.runPromise(Effect.gen(function* () {
    const store = yield* openBlobStore(join(folder, "store"));
    const { list } = yield* keepModel(store, join(models, "countdown_1"));
    const other = yield* keepModel(store, join(models, "countdown_2"));
    assert.notEqual(other.list, list);
    const dir = yield* fetchModel(store, list, join(folder, "cache"));
    const file = join(dir, "model.safetensors");
    const bytes = readFileSync(join(models, "countdown_1", "model.safetensors"));
    assert.deepEqual(readFileSync(file), bytes);
    for (const wrong of [readFileSync(join(models, "countdown_2", "model.safetensors")), bytes.subarray(0, 1000)]) {
      writeFileSync(file, wrong);
      // A killed worker left the start of a copy.
      writeFileSync(join(dir, ".partial-0123456789abcdef"), bytes.subarray(0, 10));
      yield* fetchModel(store, list, dir);
      assert.deepEqual(readFileSync(file), bytes);
    }
    assert(readdirSync(dir).includes("tokenizer.json"));
  })));

Deno.test("a list of files that leaves the folder is refused", () =>
  Effect.runPromise(Effect.gen(function* () {
    const store = yield* openBlobStore(join(folder, "store"));
    const blob = yield* store.put("x");
    for (const name of ["../model.safetensors", "a/b.json", ".hidden.json", "/etc/passwd"]) {
      const list = yield* store.put(JSON.stringify({ [name]: blob }));
      const result = yield* Effect.result(fetchModel(store, list, join(folder, "refused")));
      assert(Result.isFailure(result));
      assert.match(result.failure.message, /Cannot read model "[0-9a-f]{64}": it is no list of files/);
    }
  })));

Deno.test("copies of models that nobody used for long are removed, and made again when they are asked for", () =>
  Effect.runPromise(Effect.gen(function* () {
    const store = yield* openBlobStore(join(folder, "store"));
    const { list } = yield* keepModel(store, join(models, "countdown_1"));
    const other = yield* keepModel(store, join(models, "countdown_2"));
    const copies = join(folder, "copies");
    const [old, used] = [join(copies, list), join(copies, other.list)];
    for (const [name, dir] of [[list, old], [other.list, used]]) {
      yield* fetchModel(store, name, dir);
      utimesSync(dir, 1000, 1000);
    }
    // What is no copy stays.
    mkdirSync(join(copies, "notes"));
    utimesSync(join(copies, "notes"), 1000, 1000);
    assert(yield* markModelUsed(used));
    assert.equal(yield* sweepModels(Date.now() - 60_000, copies), 1);
    assert.deepEqual(readdirSync(copies).toSorted(), [other.list, "notes"].toSorted());
    assert.equal(yield* markModelUsed(old), false);
    yield* fetchModel(store, list, old);
    assert.equal(yield* sweepModels(Date.now() - 60_000, copies), 0);
    assert.equal(yield* sweepModels(Date.now(), join(folder, "no such folder")), 0);
  })));
