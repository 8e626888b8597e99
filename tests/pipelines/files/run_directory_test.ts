import assert from "node:assert/strict";
import { Effect, type Scope } from "effect";
import * as RunDirectory from "../../../pipelines/files/run_directory.ts";

const scoped = <A, E>(effect: Effect.Effect<A, E, Scope.Scope>) => Effect.runPromise(Effect.scoped(effect));

Deno.test("a run is owned by one process at a time", async () => {
  const dir = await Deno.makeTempDir();
  await scoped(Effect.gen(function* () {
    yield* RunDirectory.acquire(`${dir}/run`);
    const error = yield* Effect.flip(Effect.scoped(RunDirectory.acquire(`${dir}/run`)));
    assert.equal(error.reason, "locked");
    assert.match(error.message, new RegExp(`process ${Deno.pid} is working`));
  }));
  await scoped(RunDirectory.acquire(`${dir}/run`));
  await Deno.remove(dir, { recursive: true });
});

Deno.test("whether a run is owned can be asked for without owning it, and who asks keeps no owner out", async () => {
  const dir = await Deno.makeTempDir();
  const path = `${dir}/run`;
  const isOwned = () => Effect.runPromise(RunDirectory.isOwned(path));
  assert.equal(await isOwned(), false);
  await scoped(Effect.gen(function* () {
    yield* RunDirectory.acquire(path);
    assert.equal(yield* RunDirectory.isOwned(path), true);
    yield* Effect.promise(() => Deno.writeTextFile(`${path}/config.json`, "{}\n"));
  }));
  assert.equal(await isOwned(), false);
  // Somebody asks at the moment at which an owner comes.
  const asker = await Deno.open(`${path}/lock`, { read: true });
  assert.equal(await asker.tryLock(false), true);
  const owner = Effect.runPromise(Effect.scoped(Effect.as(RunDirectory.acquire(path), "owned")));
  setTimeout(() => asker.close(), 5);
  assert.equal(await owner, "owned");
  await Deno.remove(dir, { recursive: true });
});

Deno.test("the lock of a killed owner is taken over at once", async () => {
  const dir = await Deno.makeTempDir();
  const module = new URL("../../../pipelines/files/run_directory.ts", import.meta.url).href;
  const program = `import { Effect } from "effect"; import { acquire } from ${JSON.stringify(module)};
    await Effect.runPromise(Effect.scoped(Effect.gen(function* () {
      yield* acquire(${JSON.stringify(`${dir}/run`)});
      console.log("owned");
      yield* Effect.sleep("1 minute");
    })));`;
  await Deno.writeTextFile(`${dir}/own.ts`, program);
  const config = new URL("../../../deno.json", import.meta.url).pathname;
  const args = ["run", "-q", "-A", "--no-check", "--config", config, `${dir}/own.ts`];
  const owner = new Deno.Command(Deno.execPath(), { args, stdout: "piped", stderr: "inherit" }).spawn();
  const reader = owner.stdout.getReader();
  assert.match(new TextDecoder().decode((await reader.read()).value), /owned/);
  const refused = await scoped(Effect.flip(RunDirectory.acquire(`${dir}/run`)));
  assert.match(refused.message, new RegExp(`process ${owner.pid} is working`));
  owner.kill("SIGKILL");
  await owner.status;
  await reader.cancel();
  await scoped(RunDirectory.acquire(`${dir}/run`));
  await Deno.remove(dir, { recursive: true });
});

Deno.test("a lock file that names a dead process does not keep anyone out", async () => {
  const dir = await Deno.makeTempDir();
  await Deno.writeTextFile(`${dir}/lock`, '{"pid":999999}\n');
  await scoped(Effect.gen(function* () {
    yield* RunDirectory.acquire(dir);
    assert.equal(Deno.readTextFileSync(`${dir}/lock`), `{"pid":${Deno.pid}}\n`);
  }));
  await Deno.remove(dir, { recursive: true });
});

Deno.test("what a killed owner left under temporary names is removed, and nothing else", async () => {
  const dir = await Deno.makeTempDir();
  await Deno.mkdir(`${dir}/.model.partial-Ab3x9Z/directory`, { recursive: true });
  await Deno.writeTextFile(`${dir}/config.json.partial-77`, "{");
  await Deno.writeTextFile(`${dir}/samples.ndjson.partial`, "");
  await scoped(RunDirectory.acquire(dir));
  assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name).sort(), ["lock", "samples.ndjson.partial"]);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("a run that could not begin leaves nothing, and no folder that was not there", async () => {
  const dir = await Deno.makeTempDir();
  await scoped(RunDirectory.acquire(`${dir}/run`));
  assert.deepEqual([...Deno.readDirSync(dir)], []);
  await scoped(RunDirectory.acquire(dir));
  assert.deepEqual([...Deno.readDirSync(dir)], []);
  await scoped(Effect.flatMap(RunDirectory.acquire(`${dir}/run`), (run) => run.writeText("config.json", "{}")));
  assert.deepEqual([...Deno.readDirSync(`${dir}/run`)].map(({ name }) => name).sort(), ["config.json", "lock"]);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("a log loses its half-written last line when it is opened again, and nothing else", async () => {
  const dir = await Deno.makeTempDir();
  const path = `${dir}/a/log.ndjson`;
  const add = (lines: ReadonlyArray<string>, keep?: (line: string) => boolean) =>
    scoped(Effect.flatMap(RunDirectory.openLog(path, keep), (log) => log.append(lines)));
  await add(["one", "zwei é"]);
  await Deno.writeTextFile(path, "thr", { append: true });
  await add(["three"]);
  assert.equal(await Deno.readTextFile(path), "one\nzwei é\nthree\n");
  await add(["again"], (line) => line !== "zwei é");
  assert.equal(await Deno.readTextFile(path), "one\nagain\n");
  await Deno.writeTextFile(path, "no newline at all");
  await add([]);
  assert.equal(await Deno.readTextFile(path), "");
  await Deno.remove(dir, { recursive: true });
});

Deno.test("a log longer than one read is cut at the right byte", async () => {
  const dir = await Deno.makeTempDir();
  const path = `${dir}/log.ndjson`;
  const line = "é".repeat(150_000);
  await Deno.writeTextFile(path, `${`${line}\n`.repeat(9)}${line}`);
  const seen: number[] = [];
  await scoped(RunDirectory.openLog(path, (text) => seen.push(text.length) < 8));
  assert.deepEqual(seen, Array(8).fill(150_000));
  assert.equal((await Deno.stat(path)).size, 7 * 300_001);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("a whole file is put in place and nothing is left beside it", async () => {
  const dir = await Deno.makeTempDir();
  await scoped(Effect.gen(function* () {
    const run = yield* RunDirectory.acquire(dir);
    assert.equal(yield* run.readText("state/x.json"), undefined);
    yield* run.writeText("state/x.json", "{}\n");
    yield* run.writeText("state/x.json", "[]\n");
    assert.equal(yield* run.readText("state/x.json"), "[]\n");
  }));
  assert.deepEqual([...Deno.readDirSync(`${dir}/state`)].map(({ name }) => name), ["x.json"]);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("writers of one file at the same time all end, and one text stands there whole", async () => {
  const folder = await Deno.makeTempDir();
  const texts = Array.from({ length: 16 }, (_, i) => `${i}`.repeat(1e5));
  await Promise.all(texts.map((text) => Effect.runPromise(RunDirectory.writeText(`${folder}/x`, text))));
  assert.ok(texts.includes(Deno.readTextFileSync(`${folder}/x`)));
  assert.deepEqual(Array.from(Deno.readDirSync(folder), ({ name }) => name), ["x"]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("a file that cannot be put in place leaves nothing beside it", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(`${folder}/taken/inside`, { recursive: true });
  const failure = await Effect.runPromise(Effect.flip(RunDirectory.writeText(`${folder}/taken`, "text")));
  assert.match(failure.message, /^Cannot write ".*taken": /);
  assert.deepEqual(Array.from(Deno.readDirSync(folder), ({ name }) => name), ["taken"]);
  await Deno.remove(folder, { recursive: true });
});
