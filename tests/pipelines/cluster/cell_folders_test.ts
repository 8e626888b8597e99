/** Folders of cells that nobody finished are removed after long, those that a live worker uses never. */
import assert from "node:assert/strict";
import { Effect } from "effect";
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cellFolder, sweepCells } from "../../../pipelines/cluster/cell_folders.ts";
import { work } from "../../../pipelines/cluster/worker.ts";
import { acquire, removeUnchanged } from "../../../pipelines/files/run_directory.ts";
import { sha256 } from "../../../pipelines/records/text.ts";
import { temporaryFolder, testStages } from "../stages/with_policy.ts";

const hash = (name: string): string => sha256(name).slice(0, 32);

/** Sets the times of a folder and of everything in it to 1970. */
const age = (path: string): void => {
  const below = readdirSync(path, { recursive: true, encoding: "utf8" }).map((name) => join(path, name));
  for (const one of [...below, path]) utimesSync(one, 1000, 1000);
};

/** A folder of a cell that a killed worker left, unchanged for long. */
const left = (path: string): string => {
  mkdirSync(join(path, "psr", "checkpoints", "000001"), { recursive: true });
  writeFileSync(join(path, "psr", "checkpoints", "000001", "model.safetensors"), "weights");
  writeFileSync(join(path, "lock"), '{"pid":1}\n');
  age(path);
  return path;
};

const minuteAgo = () => Date.now() - 60_000;

testStages(
  "folders that stand unchanged for long are removed, but for one that is owned, has changed, or is no cell's",
  () =>
    Effect.gen(function* () {
      const cells = join(yield* temporaryFolder, "cells");
      const [old, second, owned, changed] = ["old", "old", "owned", "changed"].map((name, i) =>
        left(join(cells, i === 1 ? `${hash(name)}_1` : hash(name)))
      );
      left(join(cells, "notes"));
      // A worker without a lock's file; one killed while it removed.
      mkdirSync(join(cells, hash("empty")));
      left(join(cells, `${hash("partial")}.partial-0123456789abcdef`));
      age(join(cells, hash("empty")));
      writeFileSync(join(changed, "psr", "checkpoints", "000001", "metrics.ndjson"), "{}\n");
      utimesSync(changed, 1000, 1000);
      yield* Effect.scoped(Effect.gen(function* () {
        yield* acquire(owned);
        age(owned);
        assert.equal(yield* sweepCells(minuteAgo(), cells), 3);
        assert.deepEqual(readdirSync(cells).toSorted(), [hash("changed"), hash("owned"), "notes"].toSorted());
        assert.deepEqual(readdirSync(owned).toSorted(), ["lock", "psr"]);
        assert.equal(yield* removeUnchanged(owned, minuteAgo()), false);
      }));
      // Its worker was killed; nobody came back.
      age(owned);
      assert.equal(yield* sweepCells(minuteAgo(), cells), 1);
      assert.equal(yield* sweepCells(minuteAgo(), cells), 0);
      assert.equal(yield* sweepCells(minuteAgo(), join(cells, "no such folder")), 0);
      for (const path of [old, second]) {
        yield* Effect.scoped(Effect.gen(function* () {
          yield* acquire(path);
          assert.equal(yield* removeUnchanged(path, minuteAgo()), false, "it has begun");
        }));
      }
    }),
);

testStages("a worker removes such folders while it works", () =>
  Effect.gen(function* () {
    const [before, folder] = [Deno.env.get("SIGNUM_HOME"), yield* temporaryFolder];
    yield* Effect.addFinalizer(() =>
      Effect.sync(() => before === undefined ? Deno.env.delete("SIGNUM_HOME") : Deno.env.set("SIGNUM_HOME", before))
    );
    Deno.env.set("SIGNUM_HOME", folder);
    const [old, owned] = ["old", "owned"].map((name) => left(cellFolder(hash(name), 0)));
    assert.equal(dirname(old), join(folder, "cluster", "cells"));
    yield* acquire(owned);
    age(owned);
    const kept = { messages: 60_000, results: 60_000, models: 60_000, cells: 60_000 };
    const shared = { cluster: "sqlite", store: join(folder, "store") };
    yield* Effect.forkScoped(work(shared, 30, {}, undefined, { ...kept, every: 100 }));
    while (readdirSync(dirname(old)).length > 1) yield* Effect.sleep("50 millis");
    assert.deepEqual(readdirSync(dirname(old)), [hash("owned")]);
  }));
