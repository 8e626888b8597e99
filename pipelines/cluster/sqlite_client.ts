/**
 * Effect's SQL client over `node:sqlite`, for a queue on one machine: a file with a write-ahead log, which several processes may use at once.
 * (`@effect/sql-sqlite-node` has no stable version for effect 4, and builds a native addon.) Only `database.ts` loads it.
 */
import { Effect, Layer, Schedule, Semaphore, Stream } from "effect";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import * as Sql from "./sql.ts";

/** Milliseconds that a statement waits while another process writes. */
const patience = 20_000;

/** Deno's errors have SQLite's words, not its codes. */
const withCode = (cause: unknown): unknown => /is locked/.test(`${cause}`) ? { code: "SQLITE_BUSY", cause } : cause;

const attempt = <A>(operation: string, run: () => A): Effect.Effect<A, Sql.SqlError> =>
  Effect.try({
    try: run,
    catch: (cause) =>
      new Sql.SqlError({ reason: Sql.classifySqliteError(withCode(cause), { message: `${cause}`, operation }) }),
  });

const isInput = (value: unknown): value is SQLInputValue =>
  value === null || ["string", "number", "bigint"].includes(typeof value) || value instanceof Uint8Array;

const inputOf = (value: unknown): SQLInputValue =>
  isInput(value)
    ? value
    : typeof value === "boolean"
    ? Number(value)
    : value === undefined
    ? null
    : JSON.stringify(value);

const connectionTo = (database: DatabaseSync): Sql.Connection => {
  const all = (sql: string, params: ReadonlyArray<unknown>) =>
    attempt("execute", () => database.prepare(sql).all(...params.map(inputOf)));
  const values = (sql: string, params: ReadonlyArray<unknown>) =>
    Effect.map(all(sql, params), (rows) => rows.map((row) => Object.values(row)));
  const execute: Sql.Connection["execute"] = (sql, params, transform) =>
    Effect.map(all(sql, params), (rows) => transform === undefined ? rows : transform(rows));
  return {
    execute,
    executeUnprepared: execute,
    executeRaw: all,
    executeValues: values,
    executeValuesUnprepared: values,
    executeStream: (sql, params, transform) => Stream.fromIterableEffect(execute(sql, params, transform)),
  };
};

/** Opens the file with a log. While another process makes that log, SQLite refuses at once instead of waiting. */
const open = (path: string) =>
  Effect.acquireRelease(
    attempt("open", () => new DatabaseSync(path, { timeout: patience })),
    (database) => Effect.sync(() => database.close()),
  ).pipe(
    Effect.tap((database) =>
      Effect.retry(
        attempt("open", () => database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL")),
        {
          schedule: Schedule.upTo(Schedule.spaced("50 millis"), { duration: patience }),
          while: (error) => error.isRetryable,
        },
      )
    ),
  );

/** The client of the file `path`; statements of other fibers wait while a transaction is open. */
export const layerSqlite = (path: string): Layer.Layer<Sql.SqlClient, Sql.SqlError> =>
  Layer.effect(
    Sql.SqlClient,
    Effect.gen(function* () {
      const connection = connectionTo(yield* open(path));
      const one = yield* Semaphore.make(1);
      return yield* Sql.makeClient({
        acquirer: one.withPermits(1)(Effect.succeed(connection)),
        transactionAcquirer: Effect.as(Effect.acquireRelease(one.take(1), () => one.release(1)), connection),
        compiler: Sql.makeCompilerSqlite(),
        driver: "node:sqlite",
        // A transaction that begins by reading cannot wait for another writer.
        beginTransaction: "BEGIN IMMEDIATE",
        spanAttributes: [],
      });
    }),
  ).pipe(Layer.provide(Sql.Reactivity.layer));
