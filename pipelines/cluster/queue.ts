/**
 * The queue of jobs and their results, in a database. Leases, retries and storage are those of effect's `PersistedQueue`: a worker pulls a job under
 * a lease and renews it; if the worker is lost, its lease ends and another one pulls the job. Delivery is at least once, which is harmless, since
 * a result is the hash of bytes that the job alone decides. Two results of one job mean that a machine is broken.
 */
import { Duration, Effect, References, Schedule, type Scope } from "effect";
import * as PersistedQueue from "effect/persistence/PersistedQueue";
import { reasonOf } from "../files/text_file.ts";
import { databaseError, makeAsked, patience } from "./asked.ts";
import { ClusterError } from "./cluster_error.ts";
import { ClusterJob, jobId, type JobPlace, queueOf } from "./job.ts";
import { makeRuns, makeRunsTable, type Runs } from "./runs.ts";
import { SqlClient } from "./sql.ts";

/** How often a job is begun before it counts as dead. A worker that is killed uses up an attempt, so a few must be left for that. */
export const mostAttempts = 5;

/** Who did a job. */
export interface Doer {
  readonly worker: string;
  readonly machine: string;
  readonly device: string;
}

/** A result of a job and who made it. */
export interface JobResult extends Doer {
  readonly job: string;
  readonly result: string;
}

/** A job that is begun no more. */
export interface Dead {
  readonly id: string;
  readonly attempts: number;
  readonly failure: string;
}

/** A worker as it last reported. */
export interface Heard extends Doer {
  readonly queue: string;
  readonly done: number;
  /** Milliseconds since 1970, by the worker's clock. */
  readonly heard: number;
}

/** Jobs of a queue in one state. */
export interface Count {
  readonly queue: string;
  readonly state: "waiting" | "taken" | "done" | "dead";
  readonly jobs: number;
}

/** The queue, as commands and workers use it. */
export interface JobQueue {
  /** Puts a job into the queue of its place, if it is not there; one that is dead begins anew. Returns its id. */
  readonly offer: (job: ClusterJob) => Effect.Effect<string, ClusterError>;
  /** Waits for a job, runs it and marks it as done; after a failure it is tried again. */
  readonly take: <R>(
    place: JobPlace,
    run: (job: ClusterJob, id: string) => Effect.Effect<void, ClusterError, R>,
  ) => Effect.Effect<void, ClusterError, R>;
  readonly answers: (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<JobResult>, ClusterError>;
  readonly dead: (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Dead>, ClusterError>;
  /** Those of some jobs that failed and are tried again. */
  readonly failing: (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<{ readonly id: string }>, ClusterError>;
  readonly keep: (answer: JobResult) => Effect.Effect<void, ClusterError>;
  /** Drops the results of a job, whose blob is lost. */
  readonly forget: (id: string) => Effect.Effect<void, ClusterError>;
  readonly report: (worker: Heard) => Effect.Effect<void, ClusterError>;
  readonly workers: Effect.Effect<ReadonlyArray<Heard>, ClusterError>;
  /** Jobs that wait or are being done, by queue. */
  readonly waiting: Effect.Effect<ReadonlyArray<{ readonly queue: string; readonly jobs: number }>, ClusterError>;
  /** Offers a job that is being done once more, for another worker. */
  readonly offerAgain: (job: ClusterJob) => Effect.Effect<void, ClusterError>;
  /** What there is of a place's jobs. */
  readonly counts: Effect.Effect<ReadonlyArray<Count>, ClusterError>;
  readonly runs: Runs;
  /** Whether it is time to clean up, for one process alone: nobody was told so within `every` (ms). */
  readonly isDue: (every: number) => Effect.Effect<boolean, ClusterError>;
  /** Removes messages that were done `messages` (ms; default an hour) ago, and results and workers from before `before` (ms). */
  readonly sweep: (before: number, messages?: number) => Effect.Effect<void, ClusterError>;
}

/** The message of a job that is offered a second time. */
const secondOf = (id: string): string => `${id}+2`;

const table = "signum_jobs";
const hour = 3600_000;
const month = Duration.days(30);

/** Seconds between two looks into the database. */
const pollSeconds = 0.2;

const makeTables = Effect.fnUntraced(function* (sql: SqlClient) {
  yield* sql`CREATE TABLE IF NOT EXISTS signum_results (job VARCHAR(64) NOT NULL, result VARCHAR(64) NOT NULL,
    worker TEXT NOT NULL, machine TEXT NOT NULL, device TEXT NOT NULL, made DOUBLE PRECISION NOT NULL, PRIMARY KEY (job, result))`;
  yield* sql`CREATE TABLE IF NOT EXISTS signum_workers (worker VARCHAR(64) NOT NULL PRIMARY KEY, machine TEXT NOT NULL,
    device TEXT NOT NULL, queue TEXT NOT NULL, done INTEGER NOT NULL, heard DOUBLE PRECISION NOT NULL)`;
  yield* sql`CREATE TABLE IF NOT EXISTS signum_upkeep (work VARCHAR(16) NOT NULL PRIMARY KEY, begun DOUBLE PRECISION NOT NULL)`;
  yield* makeRunsTable(sql);
});

/** Opens the queue: makes its tables if they are missing. A lease ends `lease` seconds after its last renewal. */
export const openQueue = Effect.fn("Queue.open")(function* (
  lease: number,
): Effect.fn.Return<JobQueue, ClusterError, SqlClient | Scope.Scope> {
  const sql = yield* SqlClient;
  const asked = yield* makeAsked;
  // Two processes that make the tables at the same time can get in each other's way.
  const open = Effect.andThen(
    makeTables(sql),
    PersistedQueue.makeStoreSql({
      tableName: table,
      pollInterval: `${pollSeconds} seconds`,
      lockRefreshInterval: `${Math.max(lease / 6, 0.5)} seconds`,
      lockExpiration: `${lease} seconds`,
    }),
  );
  const store = yield* open.pipe(
    // It logs every failed look; a worker says once that the database is away.
    Effect.provideService(References.MinimumLogLevel, "Error"),
    Effect.catchDefect((defect) => Effect.fail(defect)),
    Effect.retry({ schedule: Schedule.spaced("300 millis"), times: 10 }),
    Effect.mapError((cause) => databaseError("open the queue", reasonOf(cause))),
  );
  const factory = yield* PersistedQueue.makeFactory.pipe(
    Effect.provideService(PersistedQueue.PersistedQueueStore, store),
  );
  const queueAt = (place: JobPlace) =>
    factory.make({
      name: queueOf(place),
      schema: ClusterJob,
      maxAttempts: mostAttempts,
      retrySchedule: Schedule.spaced("1 second"),
    });
  const expired = sql.onDialectOrElse({
    pg: () => sql.literal(`NOW() - INTERVAL '${Math.ceil(lease)} seconds'`),
    orElse: () => sql.literal(`datetime(CURRENT_TIMESTAMP, '-${Math.ceil(lease)} seconds')`),
  });
  return {
    offer: Effect.fnUntraced(function* (job) {
      const id = jobId(job);
      yield* asked(
        "free a job",
        sql`DELETE FROM signum_jobs WHERE id IN (${id}, ${secondOf(id)}) AND state <> 'pending'`,
      );
      yield* asked(
        "free a dead job",
        sql`DELETE FROM signum_jobs WHERE id = ${id} AND attempts >= ${mostAttempts}
          AND (acquired_at IS NULL OR acquired_at < ${expired})`,
      );
      const queue = yield* queueAt(job);
      // A job that is offered twice is there once.
      yield* queue.offer(job, { id }).pipe(
        Effect.retry(patience),
        Effect.mapError((error) => databaseError(`put job "${id}"`, error.message)),
      );
      return id;
    }),
    offerAgain: (job) =>
      Effect.flatMap(queueAt(job), (queue) => queue.offer(job, { id: secondOf(jobId(job)) })).pipe(
        Effect.mapError((error) => databaseError("offer a job again", error.message)),
        Effect.asVoid,
      ),
    take: (place, run) =>
      Effect.flatMap(queueAt(place), (queue) => queue.take((job) => run(job, jobId(job)))).pipe(
        Effect.mapError((error) => error instanceof ClusterError ? error : databaseError("take a job", error.message)),
      ),
    answers: (ids) =>
      asked(
        "read results",
        sql<JobResult>`SELECT job, result, worker, machine, device FROM signum_results WHERE ${sql.in("job", ids)}`,
      ),
    dead: (ids) =>
      asked(
        "read dead jobs",
        sql<
          Dead
        >`SELECT id, attempts, COALESCE(last_failure, 'the worker was lost each time') AS failure FROM signum_jobs
          WHERE ${sql.in("id", ids)} AND (state = 'failed' OR (state = 'pending' AND attempts >= ${mostAttempts}
          AND (acquired_at IS NULL OR acquired_at < ${expired})))`,
      ),
    failing: (ids) =>
      asked(
        "read failing jobs",
        sql<{ readonly id: string }>`SELECT id FROM signum_jobs
          WHERE ${sql.in("id", ids)} AND state = 'pending' AND last_failure IS NOT NULL`,
      ),
    keep: ({ job, result, worker, machine, device }) =>
      Effect.asVoid(asked(
        "keep a result",
        sql`INSERT INTO signum_results (job, result, worker, machine, device, made)
          VALUES (${job}, ${result}, ${worker}, ${machine}, ${device}, ${Date.now()}) ON CONFLICT DO NOTHING`,
      )),
    forget: (id) => Effect.asVoid(asked("drop a result", sql`DELETE FROM signum_results WHERE job = ${id}`)),
    report: ({ worker, machine, device, queue, done, heard }) =>
      Effect.asVoid(asked(
        "report a worker",
        sql`INSERT INTO signum_workers (worker, machine, device, queue, done, heard)
          VALUES (${worker}, ${machine}, ${device}, ${queue}, ${done}, ${heard})
          ON CONFLICT (worker) DO UPDATE SET done = excluded.done, heard = excluded.heard`,
      )),
    workers: asked("read workers", sql<Heard>`SELECT * FROM signum_workers ORDER BY worker`),
    waiting: Effect.map(
      asked(
        "count jobs",
        sql<
          { readonly queue: string; readonly jobs: unknown }
        >`SELECT queue_name AS queue, COUNT(*) AS jobs FROM signum_jobs
          WHERE state = 'pending' AND attempts < ${mostAttempts} GROUP BY queue_name ORDER BY queue_name`,
      ),
      (rows) => rows.map(({ queue, jobs }) => ({ queue, jobs: Number(jobs) })),
    ),
    counts: Effect.map(
      asked(
        "count jobs",
        sql<Omit<Count, "jobs"> & { readonly jobs: unknown }>`SELECT queue_name AS queue, CASE
            WHEN state = 'completed' THEN 'done'
            WHEN state = 'failed' OR attempts >= ${mostAttempts} AND (acquired_at IS NULL OR acquired_at < ${expired}) THEN 'dead'
            WHEN acquired_at IS NULL OR acquired_at < ${expired} THEN 'waiting' ELSE 'taken' END AS state,
          COUNT(*) AS jobs FROM signum_jobs GROUP BY 1, 2 ORDER BY 1, 2`,
      ),
      (rows) => rows.map(({ queue, state, jobs }) => ({ queue, state, jobs: Number(jobs) })),
    ),
    runs: makeRuns(sql, asked),
    isDue: Effect.fnUntraced(function* (every) {
      const now = Date.now();
      const begun = yield* asked(
        "begin to clean up",
        sql`INSERT INTO signum_upkeep (work, begun) VALUES ('sweep', ${now}) ON CONFLICT (work)
          DO UPDATE SET begun = excluded.begun WHERE signum_upkeep.begun < ${now - every} RETURNING begun`,
      );
      return begun.length > 0;
    }),
    sweep: Effect.fnUntraced(function* (before, messages = hour) {
      yield* asked("remove results", sql`DELETE FROM signum_results WHERE made < ${before}`);
      yield* asked("remove workers", sql`DELETE FROM signum_workers WHERE heard < ${before}`);
      yield* makeRuns(sql, asked).sweep(Date.now() - messages, before);
      yield* store.cleanup({ timeToLive: Duration.millis(messages), failedTimeToLive: month }).pipe(
        Effect.mapError((error) => databaseError("remove old messages", error.message)),
      );
    }),
  };
});
