/** A statement to the cluster's database, repeated for a minute while the database is away; what was the matter is said once. */
import { Effect, Schedule } from "effect";
import { StandardStreams } from "../files/standard_streams.ts";
import { ClusterError } from "./cluster_error.ts";
import type { SqlError } from "./sql.ts";

/** A minute, as long as a database takes to start again. */
export const patience = { schedule: Schedule.upTo(Schedule.spaced("1 second"), { duration: "1 minute" }) };

/** What of a statement failed. */
export const databaseError = (what: string, cause: unknown): ClusterError =>
  new ClusterError({ reason: "database", message: `Cannot ${what} in the cluster's database: ${cause}` });

/** Whether the database is away: lost, busy, out of room, or still starting, which is no error of a kind of its own. */
const isAway = (error: SqlError): boolean =>
  error.isRetryable || (error.reason._tag === "UnknownError" && error.reason.operation === "connect") ||
  /disk is full|no space left/i.test(error.message);

/** Asks the database. */
export type AskDatabase = <A>(what: string, statement: Effect.Effect<A, SqlError>) => Effect.Effect<A, ClusterError>;

/** Says a trouble once, until it is over. */
export const makeTrouble = Effect.gen(function* () {
  const { report } = yield* StandardStreams;
  let isSaid = false;
  return {
    begins: (message: string) =>
      Effect.suspend(() => {
        if (isSaid) return Effect.void;
        isSaid = true;
        return report(message);
      }),
    ends: (message: string) =>
      Effect.suspend(() => {
        if (!isSaid) return Effect.void;
        isSaid = false;
        return report(message);
      }),
  };
});

/** How a process asks its database. */
export const makeAsked: Effect.Effect<AskDatabase> = Effect.gen(function* () {
  const trouble = yield* makeTrouble;
  return (what, statement) =>
    statement.pipe(
      Effect.tapError((error) =>
        isAway(error)
          ? trouble.begins(`${databaseError(what, error.message).message}; it is asked again for a minute`)
          : Effect.void
      ),
      Effect.retry({ ...patience, while: isAway }),
      Effect.tap(() => trouble.ends("The cluster's database answers again")),
      Effect.mapError((error) => databaseError(what, error.message)),
    );
});
