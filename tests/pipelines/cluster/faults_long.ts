/** Faults of processes and machines on a queue in a file: each run ends with the bytes of one undisturbed process, and every job has one result. */
import assert from "node:assert/strict";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { atSite, holds, newFolder } from "./plain_site.ts";
import { randomFaults } from "./random_faults.ts";
import { pause, stopWorker } from "./processes.ts";

const root = new URL("../../..", import.meta.url).pathname;

Deno.test("a killed command, given again, takes the results that are there and goes on", () =>
  atSite({ blocks: 12, pause: 200 })(async (site) => {
    const first = site.command();
    const worker = site.worker();
    await holds(async () => (await site.results()) > 2);
    first.kill("SIGKILL");
    await first.done;
    const again = site.command();
    await site.recovers("command killed with -9 and given again");
    await site.succeeds(again);
    assert.equal((await stopWorker(worker)).match(/ done in /g)?.length, 12);
  }));

Deno.test("a worker that is asked to leave ends its job, which no other worker begins again", () =>
  atSite({ blocks: 3, pause: 1500 })(async (site) => {
    const run = site.command();
    const leaving = site.worker();
    await holds(async () => (await site.rows("SELECT id FROM signum_jobs WHERE acquired_by IS NOT NULL")).length > 0);
    const said = await stopWorker(leaving);
    assert.equal(said.match(/ done in /g)?.length, 1);
    assert.equal(await site.results(), 1);
    site.worker();
    await site.recovers("worker left on SIGTERM");
    await site.succeeds(run);
    const attempts = await site.rows<{ attempts: number }>("SELECT attempts FROM signum_jobs");
    assert.deepEqual(attempts.map((row) => row.attempts), [1, 1, 1]);
  }));

Deno.test("two commands with the same jobs share their results", () =>
  atSite({ blocks: 8, pause: 300 })(async (site) => {
    const both = [site.command(), site.command({ out: `${site.store}.other` })];
    const worker = site.worker();
    for (const run of both) await site.succeeds(run);
    assert.equal(Deno.readTextFileSync(`${site.store}.other`), site.out());
    assert.equal((await stopWorker(worker)).match(/ done in /g)?.length, 8);
  }));

Deno.test("workers with another code and another kind of device leave the jobs, each with a line", () =>
  atSite({ blocks: 2, pause: 10 })(async (site) => {
    const run = site.command();
    await holds(async () => (await site.rows("SELECT id FROM signum_jobs")).length === 2);
    const tree = newFolder();
    for (const name of ["data", "kernels", "pipelines", "tests/pipelines/cluster", "deno.json", "deno.lock"]) {
      mkdirSync(join(tree, name, ".."), { recursive: true });
      cpSync(join(root, name), join(tree, name), { recursive: true });
    }
    symlinkSync(join(root, "node_modules"), join(tree, "node_modules"));
    writeFileSync(join(tree, "pipelines", "new.ts"), "// another version\n");
    const other = site.worker({}, tree);
    await other.says(/2 jobs are left to other workers: they are for code [0-9a-f]{16}, this worker has [0-9a-f]{16}/);
    const gpu = site.worker({ kind: "gpu" });
    await gpu.says(/2 jobs are left to other workers: they are for device kind "wasm", this worker has "gpu"/);
    await pause(1);
    assert.equal(await site.results(), 0);
    site.worker();
    await site.succeeds(run);
    for (const left of [other, gpu]) assert(!(await stopWorker(left)).includes(" done in "));
  }));

Deno.test("a command has at most so many jobs out as it was told", () =>
  atSite({ blocks: 9, pause: 100 })(async (site) => {
    const run = site.command({ ahead: 2 });
    await holds(async () => (await site.rows("SELECT id FROM signum_jobs")).length === 2);
    await pause(0.5);
    assert.equal((await site.rows("SELECT id FROM signum_jobs")).length, 2);
    site.worker();
    await site.succeeds(run);
  }));

Deno.test("two random faults", () => randomFaults({ faults: 2, blocks: 24 }));
