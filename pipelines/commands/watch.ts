/**
 * `deno task watch RUN`: a page that follows a run as it goes, on 127.0.0.1 alone. It answers GET and HEAD of one address and writes nothing. A
 * request must name this machine as its host: a page elsewhere whose name resolves to it (DNS rebinding) reads nothing of the run.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer";
import { Effect } from "effect";
import * as HttpServer from "effect/http/HttpServer";
import { HttpServerRequest } from "effect/http/HttpServerRequest";
import * as Response from "effect/http/HttpServerResponse";
import { createServer } from "node:http";
import { isEvaluation } from "../evaluation/read_evaluation.ts";
import { reasonOf } from "../files/text_file.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import { type WatchedPage, watchedPage } from "../reports/page/watched_page.ts";
import { type Failure, makeCommand, UsageError } from "../settings/command.ts";
import { serving } from "../settings/groups.ts";

const host = "127.0.0.1";
const isLoopback = (name: string | undefined): boolean => /^(127\.0\.0\.1|localhost|\[::1\])(:\d+)?$/i.test(name ?? "");

/** What the page's own policy cannot say: no frame around it, and nothing of it for pages elsewhere. */
const guarded = {
  "cache-control": "no-store",
  "content-security-policy": "frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** The answer to a request: the page, or that it is the one that the browser has. */
const answer = (page: Effect.Effect<WatchedPage>) =>
  Effect.gen(function* () {
    const { method, url, headers } = yield* HttpServerRequest;
    if (!isLoopback(headers.host)) return Response.text("This page is for this machine alone.\n", { status: 403 });
    if (method !== "GET" && method !== "HEAD") return Response.empty({ status: 405, headers: { allow: "GET, HEAD" } });
    if (url.split("?")[0] !== "/") return Response.text("There is one page, at /.\n", { status: 404 });
    const { html, tag } = yield* page;
    const kept = { ...guarded, etag: tag };
    return headers["if-none-match"] === tag
      ? Response.empty({ status: 304, headers: kept })
      : Response.text(html, { contentType: "text/html; charset=utf-8", headers: kept });
  });

/** Serves the page of a run until it is interrupted; `ready` hears its address. */
export const serveRun = (
  run: string,
  port: number,
  ready: (address: string) => Effect.Effect<void>,
): Effect.Effect<never, Failure> => {
  const server = createServer();
  const layer = NodeHttpServer.layerServer(() => server, { host, port });
  return Effect.gen(function* () {
    const { address } = yield* HttpServer.HttpServer;
    // A browser keeps its connection, which would keep the server.
    yield* Effect.addFinalizer(() => Effect.sync(() => server.closeAllConnections()));
    yield* HttpServer.serveEffect(answer(yield* Effect.cachedWithTTL(watchedPage(run), "250 millis")));
    yield* ready(`${HttpServer.formatAddress(address)}/`);
    return yield* Effect.never;
  }).pipe(
    Effect.scoped,
    Effect.provide(layer),
    Effect.catchTag(
      "ServeError",
      ({ cause }) =>
        Effect.fail(new UsageError({ message: `Cannot serve on ${host}, --port ${port}: ${reasonOf(cause)}` })),
    ),
  );
};

/** `deno task watch`. */
export const watchCommand = makeCommand({
  name: "watch",
  summary: "Follows a run on a page of this machine: curves, newest responses with their verdicts, speed",
  settings: serving,
  positional: { name: "RUN", summary: "the folder of a run, which may not be there yet" },
  run: Effect.fnUntraced(function* ({ port }, [run]) {
    if (yield* isEvaluation(run)) {
      return yield* new UsageError({ message: `Cannot watch "${run}": it is an evaluation; report makes its page` });
    }
    const { report } = yield* StandardStreams;
    return yield* serveRun(run, port, (address) => report(`${address} follows "${run}"; Ctrl-C ends it`));
  }),
});
