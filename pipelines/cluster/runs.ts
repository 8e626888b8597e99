/**
 * Who runs which job, since when, and how long jobs of a stage take: what `deno task cluster` shows, and from which a straggler is known. A
 * row is one run of a job by one worker; it has no end while the job runs, and it goes if the run fails.
 */
import { Effect } from "effect";
import type { AskDatabase } from "./asked.ts";
import type { ClusterError } from "./cluster_error.ts";
import type { SqlClient } from "./sql.ts";

/** A run of a job that goes on; times are milliseconds since 1970 by the worker's clock. */
export interface Run {
  readonly job: string;
  readonly worker: string;
  readonly stage: string;
  readonly begun: number;
  /** When the worker was last heard. */
  readonly heard: number;
}

/** What a worker did of late. */
export interface Output {
  readonly worker: string;
  readonly seconds: number;
  readonly tokens: number;
}

/** The table of runs. */
export interface Runs {
  readonly begin: (run: Omit<Run, "heard">) => Effect.Effect<void, ClusterError>;
  readonly end: (job: string, worker: string, at: number, tokens: number) => Effect.Effect<void, ClusterError>;
  /** The run has failed. */
  readonly drop: (job: string, worker: string) => Effect.Effect<void, ClusterError>;
  readonly current: Effect.Effect<ReadonlyArray<Run>, ClusterError>;
  /** Milliseconds that the last hundred jobs of a stage took. */
  readonly took: (stage: string) => Effect.Effect<ReadonlyArray<number>, ClusterError>;
  readonly output: Effect.Effect<ReadonlyArray<Output>, ClusterError>;
  /** Removes runs that ended before `ended` and those that began before `begun`. */
  readonly sweep: (ended: number, begun: number) => Effect.Effect<void, ClusterError>;
}

/** Makes the table, if it is missing. */
export const makeRunsTable = (sql: SqlClient) =>
  sql`CREATE TABLE IF NOT EXISTS signum_runs (job VARCHAR(64) NOT NULL, worker VARCHAR(64) NOT NULL, stage TEXT NOT NULL,
    begun DOUBLE PRECISION NOT NULL, ended DOUBLE PRECISION, tokens DOUBLE PRECISION NOT NULL, PRIMARY KEY (job, worker))`;

/** The runs of a database. */
export const makeRuns = (sql: SqlClient, asked: AskDatabase): Runs => ({
  begin: ({ job, worker, stage, begun }) =>
    Effect.asVoid(asked(
      "begin a job",
      sql`INSERT INTO signum_runs (job, worker, stage, begun, tokens) VALUES (${job}, ${worker}, ${stage}, ${begun}, 0)
        ON CONFLICT (job, worker) DO UPDATE SET begun = excluded.begun, ended = NULL`,
    )),
  end: (job, worker, at, tokens) =>
    Effect.asVoid(asked(
      "end a job",
      sql`UPDATE signum_runs SET ended = ${at}, tokens = ${tokens} WHERE job = ${job} AND worker = ${worker}`,
    )),
  drop: (job, worker) =>
    Effect.asVoid(asked(
      "drop a run",
      sql`DELETE FROM signum_runs WHERE job = ${job} AND worker = ${worker}`,
    )),
  current: asked(
    "read runs",
    sql<Run>`SELECT job, signum_runs.worker AS worker, stage, begun, heard FROM signum_runs
      JOIN signum_workers ON signum_workers.worker = signum_runs.worker WHERE ended IS NULL ORDER BY begun`,
  ),
  took: (stage) =>
    Effect.map(
      asked(
        "read times",
        sql<
          { readonly took: number }
        >`SELECT ended - begun AS took FROM signum_runs WHERE stage = ${stage} AND ended IS NOT NULL
          ORDER BY ended DESC LIMIT 100`,
      ),
      (rows) => rows.map(({ took }) => took),
    ),
  output: Effect.map(
    asked(
      "read output",
      sql<Output>`SELECT worker, SUM(ended - begun) / 1000 AS seconds, SUM(tokens) AS tokens FROM signum_runs
        WHERE ended IS NOT NULL GROUP BY worker`,
    ),
    (rows) => rows.map(({ worker, seconds, tokens }) => ({ worker, seconds, tokens })),
  ),
  sweep: Effect.fnUntraced(function* (ended, begun) {
    yield* asked("remove runs", sql`DELETE FROM signum_runs WHERE ended < ${ended} OR begun < ${begun}`);
  }),
});
