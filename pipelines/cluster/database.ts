/** The database of a cluster, by the words of `--cluster`; what it needs is loaded here and only then. */
import { Effect, Layer } from "effect";
import { join } from "node:path";
import { type Failure, UsageError } from "../settings/command.ts";
import { ClusterError } from "./cluster_error.ts";
import { SqlClient } from "./sql.ts";

type LayerPostgres = (address: string) => Layer.Layer<SqlClient, Failure>;

/** By a path that Deno does not see: the package is installed and loaded for a cluster on PostgreSQL alone. */
const loadPostgres = (path: string): Promise<{ readonly layerPostgres: LayerPostgres }> => import(path);

const cannot = (error: Failure) =>
  error instanceof UsageError
    ? error
    : new ClusterError({ reason: "database", message: `Cannot open the cluster's database: ${error.message}` });

/** The client of `sqlite`, a file in the store's folder, or of `postgres://USER@HOST:PORT/DATABASE`. */
export const layerDatabase = (cluster: string, store: string): Layer.Layer<SqlClient, Failure> =>
  Layer.unwrap(Effect.gen(function* (): Effect.fn.Return<Layer.Layer<SqlClient, Failure>, Failure> {
    if (cluster === "sqlite") {
      const { layerSqlite } = yield* Effect.promise(() => import("./sqlite_client.ts"));
      return layerSqlite(join(store, "queue.sqlite"));
    }
    if (!/^postgres(ql)?:\/\//.test(cluster)) {
      return yield* new UsageError({
        message:
          "Cannot use --cluster: expected sqlite or postgres://HOST:PORT/DATABASE, with a user and @ before HOST",
      });
    }
    const { layerPostgres } = yield* Effect.promise(() => loadPostgres("./postgres_client.ts"));
    return layerPostgres(cluster);
  })).pipe(Layer.catch((error) => Layer.effect(SqlClient, Effect.fail(cannot(error)))));
