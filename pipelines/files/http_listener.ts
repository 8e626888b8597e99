/**
 * A server over `node:http` for Effect's HTTP apps: where it listens, how long a request may take to arrive, and how it ends. At the end it takes
 * no new connection and waits for the answers that have begun.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer";
import { Effect, Schedule } from "effect";
import { createServer } from "node:http";

/** Where a server listens, and its limits. */
export interface ListeningPlace {
  readonly host: string;
  readonly port: number;
  /** The most seconds that the end waits for answers. */
  readonly grace: number;
  /** Seconds in which a request must have arrived; 0 is no limit. */
  readonly arrival: number;
}

/**
 * Counts the answers that have begun. `drain` takes no new connection, waits for those answers at most `grace` seconds, and closes the
 * connections; a client that keeps an idle one open, or left one half closed, does not hold the end up.
 */
const countedServer = ({ grace, arrival }: ListeningPlace) => {
  const server = createServer({ requestTimeout: 1000 * arrival, headersTimeout: 1000 * arrival });
  let open = 0;
  server.on("request", (_, response) => {
    open++;
    let isOpen = true;
    const end = () => {
      if (isOpen) open--;
      isOpen = false;
    };
    response.once("finish", end);
    response.once("close", end);
  });
  const allEnded = Effect.sync(() => open === 0).pipe(
    Effect.flatMap((ended) => ended ? Effect.void : Effect.fail("open")),
    Effect.retry({ schedule: Schedule.spaced("20 millis") }),
    Effect.ignore,
  );
  const drain = Effect.sync(() => server.close()).pipe(
    Effect.andThen(Effect.timeoutOrElse(allEnded, { duration: 1000 * grace, orElse: () => Effect.void })),
    Effect.andThen(Effect.sync(() => server.closeAllConnections())),
  );
  return { server, drain };
};

/** Listens until the scope ends; gives the server, its port, and what to add to the scope once it serves an app: a scope closes in reverse order. */
export const openHttpServer = Effect.fnUntraced(function* (place: ListeningPlace) {
  const { host, port, grace } = place;
  const counted = countedServer(place);
  const server = yield* NodeHttpServer.make(
    () => counted.server,
    { host, port, gracefulShutdownTimeout: 1000 * grace },
  );
  return { server, port: "port" in server.address ? server.address.port : port, drain: counted.drain };
});
