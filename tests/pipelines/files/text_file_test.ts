/** Only a file that is missing counts as missing; one that cannot be looked at is an error, whoever asks. */
import assert from "node:assert/strict";
import { Effect } from "effect";
import { join } from "node:path";
import { openArtifactStore } from "../../../pipelines/files/artifact_store.ts";
import * as CheckpointDirectory from "../../../pipelines/files/checkpoint_directory.ts";
import { loadProblems } from "../../../pipelines/files/source.ts";
import { resolveModel } from "../../../pipelines/files/hub.ts";
import * as RunDirectory from "../../../pipelines/files/run_directory.ts";
import { readRunText } from "../../../pipelines/files/run_directory.ts";
import { exists, isFolder, namesIn, readBytes, readText } from "../../../pipelines/files/text_file.ts";
import { tasks } from "../../../data/mod.ts";
import { bytesBelow } from "../../../pipelines/study/write_files.ts";

const inFolder = async (use: (dir: string) => Promise<void>) => {
  const dir = await Deno.makeTempDir();
  await use(dir);
  await Deno.remove(dir, { recursive: true });
};

const failure = async (effect: Effect.Effect<unknown, { readonly message: string }>): Promise<string> =>
  (await Effect.runPromise(Effect.flip(effect))).message;

Deno.test("a missing file or folder is no error", () =>
  inFolder(async (dir) => {
    const missing = join(dir, "no", "such");
    assert.equal(await Effect.runPromise(exists(missing)), false);
    assert.equal(await Effect.runPromise(isFolder(missing)), false);
    assert.equal(await Effect.runPromise(readText(missing)), undefined);
    assert.equal(await Effect.runPromise(readBytes(missing)), undefined);
    assert.deepEqual(await Effect.runPromise(namesIn(missing)), []);
    await Deno.writeTextFile(join(dir, "b"), "text");
    await Deno.writeTextFile(join(dir, "a"), "");
    assert.deepEqual(await Effect.runPromise(namesIn(dir)), ["a", "b"]);
    assert.equal(await Effect.runPromise(readText(join(dir, "b"))), "text");
    assert.equal(await Effect.runPromise(isFolder(dir)), true);
    assert.equal(await Effect.runPromise(exists(join(dir, "a"))), true);
  }));

// A link to itself cannot be followed by anybody; what a folder's permissions forbid, an administrator may still read.
Deno.test("a file or folder that cannot be read is an error and not a missing one", () =>
  inFolder(async (dir) => {
    const loop = join(dir, "loop");
    await Deno.symlink(loop, loop);
    for (
      const asked of [
        exists(loop),
        isFolder(loop),
        readText(loop),
        readBytes(loop),
        namesIn(loop),
        readRunText(loop),
        RunDirectory.sweep(loop),
        CheckpointDirectory.readOptional(loop),
        bytesBelow(loop)("README.md"),
        resolveModel(loop),
        loadProblems(tasks["amc-23"], "test", { data: loop }),
      ]
    ) {
      assert.match(await failure(asked), /ELOOP/);
    }
    const folder = join(dir, "artifacts");
    const store = await Effect.runPromise(openArtifactStore(folder));
    await Deno.remove(folder);
    await Deno.symlink(folder, folder);
    assert.match(await failure(store.has("0".repeat(64))), /Cannot read .*ELOOP/);
  }));

Deno.test("a path that leads through a file is an error", () =>
  inFolder(async (dir) => {
    const file = join(dir, "file");
    await Deno.writeTextFile(file, "");
    assert.match(await failure(exists(join(file, "config.json"))), /Cannot read ".*config\.json": ENOTDIR/);
  }));
