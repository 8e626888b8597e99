/**
 * Effect's SQL client over PostgreSQL. The address comes from the command line and holds no password: that is `PGPASSWORD`, or the content of the
 * file that `SIGNUM_PGPASSWORD_FILE` names. Past this machine the connection is encrypted and the server's certificate is checked. Only
 * `database.ts` loads this file, and with it the package.
 */
import { Effect, Layer, Redacted, Result } from "effect";
import * as PgClient from "@effect/sql-pg/PgClient";
import { type Failure, UsageError } from "../settings/command.ts";
import * as Sql from "./sql.ts";
import { secretFile } from "./secrets.ts";

const local = ["localhost", "127.0.0.1", "[::1]"];

/** The parts of `postgres://USER@HOST:PORT/DATABASE`, or what is wrong with it. */
export const databaseAddress = (text: string): Result.Result<URL, string> => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  // The text may hold a password, so it is not shown.
  if (url === undefined || url.hostname === "") {
    return Result.fail("expected sqlite or postgres://HOST:PORT/DATABASE, with a user and @ before HOST");
  }
  if (url.password !== "" || url.searchParams.has("password")) {
    return Result.fail(
      "a password in arguments can be read by others; give it in PGPASSWORD, or a file in SIGNUM_PGPASSWORD_FILE",
    );
  }
  const extra = [...url.searchParams.keys()][0];
  return extra === undefined ? Result.succeed(url) : Result.fail(`unknown parameter "${extra}"`);
};

/** Whether the connection leaves this machine. */
export const isRemote = (url: URL): boolean => !local.includes(url.hostname);

const passwordOf = Effect.map(
  secretFile("SIGNUM_PGPASSWORD_FILE"),
  (text) => text?.trimEnd() ?? Deno.env.get("PGPASSWORD"),
);

/** How long a statement may take. A connection whose network was cut says nothing, so without a limit it is waited for without end. */
const limit = "10 seconds";

const late = (operation: string) =>
  new Sql.SqlError({
    reason: new Sql.StatementTimeoutError({ cause: undefined, message: `no answer within ${limit}`, operation }),
  });

/** A connection whose statements end: after the limit it is dropped, and the statement has failed as one that may be repeated. */
const bounded = (connection: Sql.Connection): Sql.Connection => {
  // The statement is a fiber of its own, so it ends even where its caller cannot be interrupted.
  const within = <A>(statement: Effect.Effect<A, Sql.SqlError>): Effect.Effect<A, Sql.SqlError> =>
    Effect.timeoutOrElse(Effect.interruptible(statement), {
      duration: limit,
      orElse: () => Effect.fail(late("execute")),
    });
  return {
    execute: (...given) => within(connection.execute(...given)),
    executeRaw: (...given) => within(connection.executeRaw(...given)),
    executeUnprepared: (...given) => within(connection.executeUnprepared(...given)),
    executeValues: (...given) => within(connection.executeValues(...given)),
    executeValuesUnprepared: (...given) => within(connection.executeValuesUnprepared(...given)),
    executeStream: connection.executeStream,
  };
};

/** The client of a database. */
export const layerPostgres = (address: string): Layer.Layer<Sql.SqlClient, Failure> =>
  Layer.effect(
    Sql.SqlClient,
    Effect.gen(function* () {
      const url = yield* Effect.mapError(
        Effect.fromResult(databaseAddress(address)),
        (problem) => new UsageError({ message: `Cannot use --cluster: ${problem}` }),
      );
      const password = yield* passwordOf;
      const client = yield* PgClient.make({
        host: url.hostname.replace(/^\[|\]$/g, ""),
        port: Number(url.port || 5432),
        database: decodeURIComponent(url.pathname.slice(1)) || "signum",
        username: decodeURIComponent(url.username) || "signum",
        ...(password && { password: Redacted.make(password) }),
        ssl: isRemote(url),
        applicationName: "signum",
        maxConnections: 4,
      });
      const acquirer = Effect.map(client.reserve, bounded);
      return yield* Sql.makeClient({
        acquirer,
        compiler: PgClient.makeCompiler(),
        driver: "postgresql",
        spanAttributes: [],
      });
    }),
  ).pipe(Layer.provide(Sql.Reactivity.layer));
