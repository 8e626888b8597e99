/**
 * Effect's SQL client over PostgreSQL. The address comes from the command line and holds no password: that is `PGPASSWORD`, or the content of the
 * file that `SIGNUM_PGPASSWORD_FILE` names. Past this machine the connection is encrypted and the server's certificate is checked. Only
 * `database.ts` loads this file, and with it the package.
 */
import { Effect, Layer, Redacted, Result } from "effect";
import * as PgClient from "@effect/sql-pg/PgClient";
import { UsageError } from "../settings/command.ts";
import { readText } from "../files/text_file.ts";
import type * as Sql from "./sql.ts";

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

const passwordOf = Effect.gen(function* () {
  const file = Deno.env.get("SIGNUM_PGPASSWORD_FILE");
  if (!file) return Deno.env.get("PGPASSWORD");
  const text = yield* readText(file);
  if (text !== undefined) return text.trimEnd();
  return yield* new UsageError({ message: `Cannot read "${file}" (SIGNUM_PGPASSWORD_FILE): there is no such file` });
});

/** The client of a database. */
export const layerPostgres = (address: string) =>
  Layer.unwrap(Effect.gen(function* () {
    const url = yield* Effect.mapError(
      Effect.fromResult(databaseAddress(address)),
      (problem) => new UsageError({ message: `Cannot use --cluster: ${problem}` }),
    );
    const password = yield* passwordOf;
    const client: Layer.Layer<Sql.SqlClient, Sql.SqlError> = PgClient.layer({
      host: url.hostname.replace(/^\[|\]$/g, ""),
      port: Number(url.port || 5432),
      database: decodeURIComponent(url.pathname.slice(1)) || "signum",
      username: decodeURIComponent(url.username) || "signum",
      ...(password && { password: Redacted.make(password) }),
      ssl: isRemote(url),
      applicationName: "signum",
      maxConnections: 4,
    });
    return client;
  }));
