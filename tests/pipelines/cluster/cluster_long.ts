/**
 * An evaluation whose blocks workers draw: the same bytes as from one process, whoever is killed, comes late or damages a blob. Every run has
 * processes of its own and a queue on SQLite, one on PostgreSQL.
 */
import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { postgresPrograms, startPostgres } from "./postgres.ts";
import { ask, freeze, start, startWorker, stopWorker, until } from "./processes.ts";

const base = mkdtempSync(join(tmpdir(), "signum-cluster-"));
addEventListener("unload", () => rmSync(base, { recursive: true, force: true }));

const asked = ["--model", "data/models/countdown_1", "--task", "countdown", "--limit", "16", "--samples", "16"];
const out = (folder: string) => join(base, folder, "out");

const evaluate = (folder: string, more: ReadonlyArray<string> = [], cluster = "sqlite") => {
  const store = join(base, folder, "store");
  const words = ["evaluate", ...asked, "--block", "4", "--cluster", cluster, "--store", store];
  return start(join(base, folder, "home"), [...words, "--out", out(folder), ...more]);
};

const filesOf = (folder: string) =>
  Object.fromEntries(
    readdirSync(out(folder)).filter((name) => name !== "lock").toSorted()
      .map((name) => [name, readFileSync(join(out(folder), name), "utf8")]),
  );

/** What one process makes, without a cluster. */
const alone = (async () => {
  const { code, err } = await start(join(base, "alone", "home"), ["evaluate", ...asked, "--out", out("alone")]).done;
  assert.equal(code, 0, err);
  return filesOf("alone");
})();

const succeeds = async (folder: string, run: ReturnType<typeof start>) => {
  const { code, err } = await run.done;
  assert.equal(code, 0, err);
  assert.deepEqual(filesOf(folder), await alone);
  return err;
};

const blobOf = (folder: string, name: string) => join(base, folder, "store", "blobs", name.slice(0, 2), name);

const flip = (path: string) => {
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(path, bytes);
};

Deno.test("a killed worker's job is done by one that comes late, and damaged blobs are made again", async () => {
  await alone;
  const folder = join(base, "killed");
  const run = evaluate("killed");
  const first = startWorker(folder, "first");
  const [{ id }] = await until<{ id: string }>(
    folder,
    "SELECT id FROM signum_jobs WHERE acquired_by IS NOT NULL AND state = 'pending'",
  );
  first.kill("SIGKILL");
  await first.done;
  // A second command on the same run is refused.
  const second = await evaluate("killed").done;
  assert.equal(second.code, 1);
  assert.match(second.err, /^Cannot use run ".*out": process \d+ is working in it\n$/);
  // The weights that the late worker needs are damaged too.
  const weights = readdirSync(join(folder, "store", "blobs"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.length === 64)
    .map((entry) => ({ name: entry.name, size: Deno.statSync(blobOf("killed", entry.name)).size }))
    .toSorted((a, b) => b.size - a.size)[0];
  flip(blobOf("killed", weights.name));
  const late = startWorker(folder, "late");
  await succeeds("killed", run);
  const said = await stopWorker(late);
  assert(said.includes(`Cannot read blob "${weights.name}"`), said);
  const jobs = ask<{ id: string; attempts: number; state: string }>(
    folder,
    "SELECT id, attempts, state FROM signum_jobs",
  );
  assert.equal(jobs.length, 4);
  assert(jobs.every(({ state }) => state === "completed"));
  assert(jobs.some((job) => job.id === id && job.attempts > 1), "the killed worker's job took a second attempt");

  // The command again: nothing is drawn anew, but for a result whose blob is damaged.
  const [{ result }] = ask<{ result: string }>(folder, "SELECT result FROM signum_results");
  flip(blobOf("killed", result));
  rmSync(out("killed"), { recursive: true });
  const again = startWorker(folder, "again");
  const err = await succeeds("killed", evaluate("killed"));
  assert(err.includes(`Cannot read blob "${result}"`), err);
  assert.equal((await stopWorker(again)).match(/ done in /g)?.length, 1);
});

Deno.test("a frozen worker's job is done by another one, and finishing late changes nothing; other devices' jobs are left", async () => {
  await alone;
  const folder = join(base, "two");
  const run = evaluate("two");
  const frozen = startWorker(folder, "a");
  await until(folder, "SELECT id FROM signum_jobs WHERE acquired_by IS NOT NULL AND state = 'pending'");
  await freeze(folder, frozen);
  const second = startWorker(folder, "b");
  await succeeds("two", run);
  frozen.kill("SIGCONT");
  await Promise.all([frozen, second].map(stopWorker));
  const rows = ask<{ job: string }>(folder, "SELECT job FROM signum_results");
  assert.deepEqual([rows.length, new Set(rows.map(({ job }) => job)).size], [4, 4]);
  // A job for another device kind waits beside; the worker says so and does not touch it.
  const other = join(base, "other");
  copyStore(folder, other);
  const worker = startWorker(other, "c");
  await worker.says(/1 jobs are left to other workers: they are for device kind "gpu", this worker has "wasm"/);
  await stopWorker(worker);
  assert.deepEqual(
    ask<{ attempts: number }>(other, "SELECT attempts FROM signum_jobs WHERE state = 'pending'").map(({ attempts }) =>
      attempts
    ),
    [0],
  );
});

/** A copy of a store's queue with one job for a GPU. */
const copyStore = (from: string, to: string) => {
  Deno.mkdirSync(join(to, "store"), { recursive: true });
  copyFileSync(join(from, "store", "queue.sqlite"), join(to, "store", "queue.sqlite"));
  ask(
    to,
    `INSERT INTO signum_jobs (id, queue_name, element, state, attempts, visible_at, created_at, updated_at)
    VALUES ('x', (SELECT replace(queue_name, ' wasm ', ' gpu ') FROM signum_jobs LIMIT 1), '{}', 'pending', 0,
    CURRENT_TIMESTAMP, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)`,
  );
};

Deno.test("two results of one job are an error that names both machines, and a dead job names its failure", async () => {
  const folder = join(base, "two");
  rmSync(out("two"), { recursive: true });
  const [{ job }] = ask<{ job: string }>(folder, "SELECT job FROM signum_results");
  ask(folder, `INSERT INTO signum_results VALUES ('${job}', '${"0".repeat(64)}', 'w', 'broken', 'GPU', 1e13)`);
  const { code, err } = await evaluate("two").done;
  assert.equal(code, 1);
  assert.match(
    err,
    new RegExp(`Job evaluate ${job.slice(0, 12)} has two results: .*"broken" \\(GPU\\).* computes wrongly`),
  );
  ask(folder, `DELETE FROM signum_results WHERE job = '${job}'`);
  const run = evaluate("two");
  await until(folder, `SELECT id FROM signum_jobs WHERE id = '${job}' AND state = 'pending'`);
  ask(
    folder,
    `UPDATE signum_jobs SET state = 'failed', attempts = 5, last_failure = 'Error: no luck' WHERE id = '${job}'`,
  );
  const dead = await run.done;
  assert.equal(dead.code, 1);
  assert.match(dead.err, new RegExp(`Job evaluate ${job.slice(0, 12)} is dead after 5 of 5 attempts: Error: no luck`));
});

const bin = postgresPrograms();

Deno.test({
  name: `a queue on PostgreSQL, restarted in the middle, gives the same bytes${
    bin === undefined ? " (left out: PostgreSQL is not installed)" : ""
  }`,
  ignore: bin === undefined,
  fn: async () => {
    await alone;
    const server = await startPostgres(bin ?? "");
    try {
      const run = evaluate("postgres", [], server.url);
      const worker = startWorker(join(base, "postgres"), "w", [], server.url);
      await worker.says(/ done in /);
      await server.stop();
      await server.start();
      await succeeds("postgres", run);
      assert.equal((await stopWorker(worker)).match(/ done in /g)?.length, 4);
    } finally {
      await server.close();
    }
  },
});
