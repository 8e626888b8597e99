/** The queue on SQLite and on PostgreSQL: a job is there once, dies after its attempts, begins anew when it is asked for again, and disappears. */
import assert from "node:assert/strict";
import { Effect, Result, type Scope } from "effect";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ClusterError } from "../../../pipelines/cluster/cluster_error.ts";
import { layerDatabase } from "../../../pipelines/cluster/database.ts";
import { type ClusterJob, jobId, queueOf } from "../../../pipelines/cluster/job.ts";
import { databaseAddress, isRemote } from "../../../pipelines/cluster/postgres_client.ts";
import { type JobQueue, mostAttempts, openQueue } from "../../../pipelines/cluster/queue.ts";
import { SqlClient } from "../../../pipelines/cluster/sql.ts";
import { postgresPrograms, startPostgres } from "./postgres.ts";

const hash = (digit: string) => digit.repeat(64);
const job: ClusterJob = { stage: "x", settings: { a: 1 }, reads: {}, code: hash("a"), adapter: "wasm", kernels: [] };
const doer = { worker: "w", machine: "one", device: "d" };

const laws = (cluster: string, folder: string): Promise<void> => {
  const run = <A>(use: (queue: JobQueue) => Effect.Effect<A, ClusterError, Scope.Scope>) =>
    Effect.runPromise(
      Effect.scoped(Effect.flatMap(openQueue(2), use)).pipe(Effect.provide(layerDatabase(cluster, folder))),
    );
  return run(Effect.fnUntraced(function* (queue) {
    const other: ClusterJob = { ...job, adapter: "gpu" };
    const id = yield* queue.offer(job);
    assert.equal(id, jobId(job));
    assert.equal(yield* queue.offer(job), id);
    yield* queue.offer(other);
    assert.deepEqual(yield* queue.waiting, [
      { queue: queueOf(other), jobs: 1 },
      { queue: queueOf(job), jobs: 1 },
    ]);
    // A job that fails is tried again, and is dead after its attempts; the failure is kept.
    const broken = new ClusterError({ reason: "job", message: "it does not work" });
    for (let attempt = 1; attempt <= mostAttempts; attempt++) {
      assert.deepEqual(yield* queue.dead([id]), []);
      const failing = (yield* queue.failing([id, jobId(other)])).map((one) => one.id);
      assert.deepEqual(failing, attempt === 1 ? [] : [id]);
      const failed = yield* Effect.result(queue.take(job, () => Effect.fail(broken)));
      assert.equal(Result.isFailure(failed) && failed.failure.message, "it does not work");
    }
    const [dead] = yield* queue.dead([id, hash("b")]);
    assert.deepEqual(yield* queue.failing([id]), []);
    assert.equal(dead.id, id);
    assert.equal(Number(dead.attempts), mostAttempts);
    assert.match(dead.failure, /it does not work/);
    // Asked for again, it begins anew, and the job of another device is left alone.
    yield* queue.offer(job);
    assert.deepEqual(yield* queue.dead([id]), []);
    const answer = { ...doer, job: id, result: hash("c") };
    const taken: string[] = [];
    yield* queue.take(job, (given, name) => {
      assert.deepEqual(given, job);
      taken.push(name);
      return queue.keep(answer);
    });
    assert.deepEqual(taken, [id]);
    assert.deepEqual(yield* queue.waiting, [{ queue: queueOf(other), jobs: 1 }]);
    // The same result twice is one, another one is seen beside it.
    yield* queue.keep({ ...answer, worker: "late" });
    const plain = (yield* queue.answers([id])).map((one) => ({ ...one }));
    assert.deepEqual(plain, [answer]);
    yield* queue.keep({ ...answer, machine: "two", result: hash("d") });
    assert.deepEqual((yield* queue.answers([id])).map(({ machine }) => machine).toSorted(), ["one", "two"]);
    yield* queue.forget(id);
    assert.deepEqual(yield* queue.answers([id]), []);
    // What is old goes, and one process an hour sees to it.
    assert.deepEqual([yield* queue.isDue(60_000), yield* queue.isDue(60_000)], [true, false]);
    assert.equal(yield* queue.isDue(-1000), true);
    yield* queue.keep(answer);
    yield* queue.report({ ...doer, queue: queueOf(job), done: 1, heard: 1 });
    assert.equal((yield* queue.workers).length, 1);
    yield* queue.sweep(Date.now() + 1);
    assert.deepEqual([yield* queue.answers([id]), yield* queue.workers], [[], []]);
    const done = (yield* queue.counts).filter(({ state }) => state === "done");
    assert.deepEqual(done.map(({ jobs }) => jobs), [1]);
    // The databases count seconds.
    yield* Effect.sleep("1100 millis");
    yield* queue.sweep(0, 0);
    assert.deepEqual((yield* queue.counts).filter(({ state }) => state === "done"), []);
  }));
};

Deno.test("a queue on SQLite holds a job once, kills it after its attempts and forgets it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "signum-queue-"));
  try {
    await laws("sqlite", folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

Deno.test("a new queue on SQLite is opened while another process makes it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "signum-queue-"));
  const other = new DatabaseSync(join(folder, "queue.sqlite"));
  other.exec("BEGIN IMMEDIATE; CREATE TABLE of_another (a INTEGER)");
  setTimeout(() => other.exec("COMMIT"), 200);
  const rows = Effect.flatMap(SqlClient, (sql) => sql`SELECT name FROM sqlite_master`);
  try {
    const found = await Effect.runPromise(Effect.provide(rows, layerDatabase("sqlite", folder)));
    assert.deepEqual(found.map(({ name }) => name), ["of_another"]);
  } finally {
    other.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

Deno.test("a statement that finds the file locked is one that may be repeated", async () => {
  const folder = mkdtempSync(join(tmpdir(), "signum-queue-"));
  const statements = Effect.gen(function* () {
    const sql = yield* SqlClient;
    yield* sql`CREATE TABLE some (a INTEGER)`;
    yield* sql`PRAGMA busy_timeout = 0`;
    const other = new DatabaseSync(join(folder, "queue.sqlite"));
    other.exec("BEGIN IMMEDIATE");
    const refused = yield* Effect.flip(sql`INSERT INTO some VALUES (1)`);
    other.close();
    return [refused, yield* Effect.flip(sql`INSERT INTO none VALUES (1)`)];
  });
  try {
    const [locked, wrong] = await Effect.runPromise(Effect.provide(statements, layerDatabase("sqlite", folder)));
    assert.match(locked.message, /database is locked/);
    assert.deepEqual([locked.isRetryable, wrong.isRetryable], [true, false]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

const bin = postgresPrograms();

Deno.test({
  name: `a queue on PostgreSQL does the same${bin === undefined ? " (left out: PostgreSQL is not installed)" : ""}`,
  ignore: bin === undefined,
  fn: async () => {
    const server = await startPostgres(bin ?? "");
    try {
      await laws(server.url, "");
    } finally {
      await server.close();
    }
  },
});

Deno.test("a database's address holds no password and is one of two kinds", async () => {
  const open = (cluster: string) =>
    Effect.runPromise(Effect.result(Effect.scoped(openQueue(2)).pipe(Effect.provide(layerDatabase(cluster, "")))));
  const message = async (cluster: string) => {
    const result = await open(cluster);
    return Result.isFailure(result) ? result.failure.message : "";
  };
  const refused = await message("postgres://signum:secret@127.0.0.1:1/signum");
  assert.match(refused, /PGPASSWORD/);
  assert.doesNotMatch(refused, /secret/);
  assert.match(await message("mysql://x"), /expected sqlite or postgres/);
  assert.match(await message("postgres://signum@127.0.0.1/signum?sslmode=disable"), /unknown parameter "sslmode"/);
});

Deno.test("a connection stays unencrypted on this machine alone", () => {
  const remote = (host: string) => isRemote(Result.getOrThrow(databaseAddress(`postgres://signum@${host}/signum`)));
  for (const host of ["localhost", "127.0.0.1:5433", "[::1]"]) assert.equal(remote(host), false, host);
  for (const host of ["db.example.org", "10.0.0.1", "localhost.example.org"]) assert.equal(remote(host), true, host);
});
