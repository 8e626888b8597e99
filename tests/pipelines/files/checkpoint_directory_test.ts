import assert from "node:assert/strict";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Effect } from "effect";
import { writeDirectory, writeText } from "../../../pipelines/files/checkpoint_directory.ts";

const inFolder = async (use: (folder: string) => Promise<void>) => {
  const folder = await Deno.makeTempDir();
  await use(folder).finally(() => Deno.remove(folder, { recursive: true }));
};

const write = (dir: string, text: string) =>
  Effect.runPromise(writeDirectory(dir, (name) => name === "a", (partial) => writeText(join(partial, "a"), text)));

Deno.test("a link to a directory stays a link, and what it leads to is written", () =>
  inFolder(async (folder) => {
    mkdirSync(join(folder, "disk"));
    for (const target of ["disk/there", "disk/not_yet"]) {
      if (target === "disk/there") mkdirSync(join(folder, target));
      const link = join(folder, target.replace("/", "_"));
      symlinkSync(target, link);
      for (const text of ["one", "two"]) {
        await write(link, text);
        assert.ok(lstatSync(link).isSymbolicLink());
        assert.equal(readFileSync(join(folder, target, "a"), "utf8"), text);
      }
    }
    assert.deepEqual(readdirSync(join(folder, "disk")).sort(), ["not_yet", "there"]);
  }));

Deno.test("what a killed writer left goes with the next one; what a writer at work holds, or is all there is, stays", () =>
  inFolder(async (folder) => {
    const place = join(folder, "m");
    const left = (name: string) => join(folder, `.m.partial-${name}`);
    for (const name of ["dead", "working", "only", "young"]) {
      mkdirSync(join(left(name), "directory"), { recursive: true });
    }
    for (const name of ["dead", "working", "only"]) writeFileSync(join(left(name), "lock"), "");
    mkdirSync(join(left("only"), "replaced"));
    // A process of its own, as a second writer is; it holds the lock until its stdin ends.
    const holder = new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        `const file = await Deno.open(${JSON.stringify(join(left("working"), "lock"))}, { write: true });
         await file.lock(true); console.log("held"); await Deno.stdin.read(new Uint8Array(1));`,
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const reader = holder.stdout.getReader();
    await reader.read();
    await write(place, "one");
    assert.deepEqual(["dead", "working", "only", "young"].filter((name) => existsSync(left(name))), [
      "working",
      "only",
      "young",
    ]);
    // With the place there, what was moved aside is no longer the only one.
    await write(place, "two");
    assert.deepEqual(["working", "only", "young"].filter((name) => existsSync(left(name))), ["working", "young"]);
    await holder.stdin.close();
    await reader.cancel();
    await holder.status;
    await write(place, "three");
    assert.deepEqual(readdirSync(folder).sort(), [".m.partial-young", "m"]);
  }));

Deno.test("writers of one place at the same time all end, one of them wins, and nothing is left beside it", () =>
  inFolder(async (folder) => {
    const place = join(folder, "m");
    const texts = Array.from({ length: 24 }, (_, i) => `writer ${i}`);
    await Promise.all(texts.map((text) => write(place, text)));
    assert.ok(texts.includes(readFileSync(join(place, "a"), "utf8")));
    assert.deepEqual(readdirSync(folder), ["m"]);
  }));

Deno.test("a writer that fails leaves what was there, and nothing beside it", () =>
  inFolder(async (folder) => {
    const place = join(folder, "m");
    await write(place, "one");
    const fails = writeDirectory(place, () => true, (partial) => writeText(join(partial, "no folder", "a"), "two"));
    const { file } = await Effect.runPromise(Effect.flip(fails));
    assert.equal(file, join(place, "no folder", "a"));
    assert.deepEqual(readdirSync(folder), ["m"]);
    assert.equal(readFileSync(join(place, "a"), "utf8"), "one");
  }));
