/**
 * What a job of a cluster costs beside its work: microseconds and bytes of the command, the queue (SQLite, and PostgreSQL where it is installed)
 * and the store. Then how much faster two workers are than one, each with one thread, on an evaluation whose jobs take seconds; runs
 * with one and with two alternate, since machines are shared. Beside its kernels' thread a worker has that of its program, so on two free cores one
 * worker uses more than one; therefore it is also measured with each worker held to a core of its own (Linux's `taskset`).
 * `deno task bench:cluster [costs|speed [ROUNDS]]`.
 */
import { Effect, Stream } from "effect";
import { cpus, loadavg } from "node:os";
import { statSync } from "node:fs";
import { join } from "node:path";
import { median } from "../../data/statistics.ts";
import { openBlobStore } from "../../pipelines/cluster/blob_store.ts";
import { layerDatabase } from "../../pipelines/cluster/database.ts";
import { handOut } from "../../pipelines/cluster/hand_out.ts";
import { type ClusterJob, jobId } from "../../pipelines/cluster/job.ts";
import { placeOfDevice } from "../../pipelines/cluster/place.ts";
import { openQueue } from "../../pipelines/cluster/queue.ts";
import { SqlClient } from "../../pipelines/cluster/sql.ts";
import { work } from "../../pipelines/cluster/worker.ts";
import { StandardStreams } from "../../pipelines/files/standard_streams.ts";
import { Policy } from "../../pipelines/models/policy.ts";
import { say } from "../say.ts";
import { newFolder } from "../pipelines/cluster/plain_site.ts";
import { plainDevice, plainPolicy, plainRunner, plainWork } from "../pipelines/cluster/plain_stage.ts";
import { postgresPrograms, startPostgres } from "../pipelines/cluster/postgres.ts";
import { ask, type Running, start, startWorker, stopWorker } from "../pipelines/cluster/processes.ts";

const [count, look] = [200, 128];

/** A row of the table: who pays for what, microseconds a job, bytes a job. */
type Cost = readonly [who: string, what: string, microseconds: number, bytes: number | undefined];

const timed = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const begun = performance.now();
    yield* effect;
    return 1000 * (performance.now() - begun);
  });

/** Bytes of the tables of a database. */
const tableBytes = Effect.fnUntraced(function* (folder: string) {
  const sql = yield* SqlClient;
  const size = Effect.map(
    sql.onDialectOrElse({
      pg: () =>
        sql<{ n: unknown }>`SELECT SUM(pg_total_relation_size(oid)) AS n FROM pg_class
          WHERE relname IN ('signum_jobs', 'signum_results', 'signum_runs')`,
      orElse: () =>
        Effect.as(sql`PRAGMA wal_checkpoint(TRUNCATE)`, [{ n: statSync(join(folder, "queue.sqlite")).size }]),
    }),
    ([row]) => Number(row.n),
  );
  return yield* size;
});

/** The costs of each statement and each blob, one after the other. */
const costsOf = (cluster: string): Promise<ReadonlyArray<Cost>> => {
  const folder = newFolder();
  return Effect.runPromise(
    Effect.scoped(Effect.gen(function* () {
      const [store, queue] = [yield* openBlobStore(folder), yield* openQueue(30)];
      const place = yield* placeOfDevice(plainDevice());
      const doer = { worker: "bench", machine: "bench", device: "none" };
      const block = (i: number) => `${i} `.repeat(500);
      const before = yield* tableBytes(folder);
      const times: Record<string, number[]> = {};
      const measure = Effect.fnUntraced(function* <A, E, R>(what: string, effect: Effect.Effect<A, E, R>) {
        (times[what] ??= []).push(yield* timed(effect));
      });
      const jobs: ClusterJob[] = [];
      for (let i = 0; i < count; i++) {
        yield* measure("block into the store", store.put(block(i)));
        const reads = { block: yield* store.put(block(i)) };
        jobs.push({ ...place, stage: "bench", settings: { i }, reads });
        yield* measure("offer", queue.offer(jobs[i]));
      }
      const results = new Map<string, string>();
      for (let i = 0; i < count; i++) {
        let inside = 0;
        const taken = yield* timed(queue.take(place, (job, id) =>
          Effect.gen(function* () {
            const begun = performance.now();
            const what = { job: id, worker: doer.worker, stage: job.stage, begun: Date.now() };
            yield* measure("block from the store", store.get(job.reads.block));
            yield* measure(
              "begin and end of its run",
              Effect.andThen(queue.runs.begin(what), queue.runs.end(id, doer.worker, Date.now(), 0)),
            );
            const text = `result ${block(Number(job.settings.i))}`;
            yield* measure("result into the store", store.put(text));
            const result = yield* store.put(text);
            results.set(id, result);
            yield* measure("keep", queue.keep({ ...doer, job: id, result }));
            inside = 1000 * (performance.now() - begun);
          })));
        (times.take ??= []).push(taken - inside);
      }
      const ids = jobs.slice(0, look).map(jobId);
      for (let i = 0; i < 20; i++) yield* measure("look", queue.answers(ids));
      for (const id of ids) yield* measure("result from the store", store.get(results.get(id) ?? ""));
      const rows = ((yield* tableBytes(folder)) - before) / count;
      const of = (what: string) => median(times[what]);
      const bytes = block(100).length;
      return [
        ["command", "block into the store", of("block into the store"), bytes],
        ["command", "offer", of("offer"), undefined],
        ["command", `look for ${look} results`, of("look"), undefined],
        ["command", "result from the store", of("result from the store"), bytes + 7],
        ["worker", "take, and mark as done", of("take"), undefined],
        ["worker", "block from the store", of("block from the store"), bytes],
        ["worker", "begin and end of its run", of("begin and end of its run"), undefined],
        ["worker", "result into the store", of("result into the store"), bytes + 7],
        ["worker", "keep", of("keep"), undefined],
        ["queue", "rows of a job, with indices", 0, rows],
      ] satisfies ReadonlyArray<Cost>;
    })).pipe(Effect.provide(layerDatabase(cluster, folder))),
  );
};

/** Microseconds from a command's job to its result, with a worker that has nothing else to do; one job at a time. */
const waitOf = (cluster: string): Promise<number> => {
  const where = { cluster, store: newFolder() };
  const measured = Effect.gen(function* () {
    yield* Effect.forkScoped(work(where, 30, { plain: plainRunner() }));
    const { run } = yield* handOut(where, plainDevice());
    const waits: number[] = [];
    for (let round = 0; round < 20; round++) {
      waits.push(yield* timed(Stream.runDrain(run(plainWork({ blocks: 1 }, round)))));
    }
    return median(waits.slice(2));
  });
  return Effect.runPromise(Effect.gen(function* () {
    const streams = { ...yield* StandardStreams, report: () => Effect.void };
    return yield* Effect.scoped(measured).pipe(
      Effect.provideService(Policy, plainPolicy()),
      Effect.provideService(StandardStreams, streams),
    );
  }));
};

const shown = (costs: ReadonlyArray<Cost>, wait: number): void => {
  for (const who of ["command", "worker", "queue"]) {
    const own = costs.filter(([by]) => by === who);
    for (const [, what, microseconds, bytes] of own) {
      const time = microseconds === 0 ? "" : `${microseconds.toFixed(0)} µs`;
      const size = bytes === undefined ? "" : `${bytes.toFixed(0)} B`;
      console.log(`${who.padEnd(8)} ${what.padEnd(28)} ${time.padStart(9)} ${size.padStart(8)}`.trimEnd());
    }
    const all = own.reduce((sum, [, , microseconds]) => sum + microseconds, 0);
    if (all > 0) console.log(`${who.padEnd(8)} ${"all".padEnd(28)} ${`${all.toFixed(0)} µs`.padStart(9)}`);
  }
  console.log(
    `from an offer to its result, one job at a time: ${(wait / 1e3).toFixed(0)} ms (both look a few times a second)`,
  );
};

const loadText = (): string => `load ${loadavg()[0].toFixed(2)} on ${cpus().length} cores`;

const costs = async (): Promise<void> => {
  const bin = postgresPrograms();
  console.log(`\nSQLite, every write synced; ${loadText()}; medians of ${count} jobs`);
  shown(await costsOf("sqlite"), await waitOf("sqlite"));
  if (bin === undefined) return console.log("\nPostgreSQL is left out: it is not installed");
  const server = await startPostgres(bin);
  try {
    console.log(`\nPostgreSQL on this machine, without fsync; ${loadText()}`);
    shown(await costsOf(server.url), await waitOf(server.url));
  } finally {
    await server.close();
  }
};

/**
 * An evaluation of 32 jobs that take seconds, so that the end, where one worker has no job left, weighs little; gives the seconds from the first job's
 * begin to the last one's end, and those of the jobs.
 */
const evaluation = async (folder: string, seed: number) => {
  const words = [
    "evaluate",
    "--model",
    "data/models/countdown_1",
    "--task",
    "countdown",
    "--limit",
    "128",
    "--samples",
    "1024",
  ];
  const where = ["--block", "4", "--cluster", "sqlite", "--store", join(folder, "store")];
  const since = Date.now();
  const out = join(folder, `out${seed}`);
  const { code, err } = await start(join(folder, "home"), [...words, ...where, "--seed", `${seed}`, "--out", out]).done;
  if (code !== 0) throw new Error(err);
  const rows = ask<{ begun: number; ended: number }>(
    folder,
    `SELECT begun, ended FROM signum_runs WHERE begun >= ${since} AND ended IS NOT NULL`,
  );
  const [first, last] = [Math.min(...rows.map(({ begun }) => begun)), Math.max(...rows.map(({ ended }) => ended))];
  return {
    seconds: (last - first) / 1000,
    job: median(rows.map(({ begun, ended }) => (ended - begun) / 1000)),
    jobs: rows.length,
  };
};

/** Holds every thread of a process to a core; says whether it could. */
const holdTo = (core: number, { pid }: Running): boolean => {
  try {
    return new Deno.Command("taskset", { args: ["-a", "-c", "-p", `${core}`, `${pid}`], stdout: "null" }).outputSync()
      .success;
  } catch {
    return false;
  }
};

/** The folders of one worker and of two. */
interface Crews {
  readonly one: string;
  readonly two: string;
}

/** Compares both crews in rounds, whose seeds begin at `seed`. */
const compared = async ({ one, two }: Crews, rounds: number, seed: number, how: string): Promise<void> => {
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const [alone, both] = [await evaluation(one, seed + round), await evaluation(two, seed + round)];
    ratios.push(alone.seconds / both.seconds);
    say(
      `${alone.jobs} jobs: one worker ${alone.seconds.toFixed(1)} s (${alone.job.toFixed(2)} s a job), two ${
        both.seconds.toFixed(1)
      } s (${both.job.toFixed(2)} s a job): ${ratios[round].toFixed(2)} times as fast; ${loadText()}`,
    );
  }
  console.log(`${how}: two workers are ${median(ratios).toFixed(2)} times as fast as one (median of ${rounds} rounds)`);
};

const speed = async (rounds: number): Promise<void> => {
  const [one, two] = [newFolder(), newFolder()];
  const workers = [startWorker(one, "a"), startWorker(two, "b"), startWorker(two, "c")];
  try {
    await Promise.all(workers.map((worker) => worker.says(/takes jobs of/)));
    // The first round loads the model and compiles kernels.
    for (const folder of [one, two]) await evaluation(folder, 1);
    await compared({ one, two }, rounds, 2, "cores free to choose");
    const areHeld = workers.map((worker, i) => holdTo(i === 2 ? 1 : 0, worker));
    if (areHeld.every((isHeld) => isHeld)) {
      await compared({ one, two }, rounds, 100, "a core for each worker (target: 1.7)");
    } else console.log("workers held to a core are left out: taskset cannot be used");
    await Promise.all(workers.map(stopWorker));
  } finally {
    await Promise.all(workers.map((worker) => worker.end()));
  }
};

const [what, rounds = "5"] = Deno.args;
if (what === undefined || what === "costs") await costs();
if (what === undefined || what === "speed") await speed(Number(rounds));
