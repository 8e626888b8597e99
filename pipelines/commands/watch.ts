/**
 * `deno task watch RUN`: a page that follows a run as it goes, on 127.0.0.1 alone. It answers GET and HEAD of one address and writes nothing. A
 * request must name this machine as its host: a page elsewhere whose name resolves to it (DNS rebinding) reads nothing of the run.
 */
import { Effect } from "effect";
import { isEvaluation } from "../evaluation/read_evaluation.ts";
import { namesThisMachine } from "../files/request_guard.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import { type HttpCall, listen } from "../serving/http_server.ts";
import type { Reply } from "../serving/reply.ts";
import { type WatchedPage, watchedPage } from "../reports/page/watched_page.ts";
import { type Failure, makeCommand, UsageError } from "../settings/command.ts";
import { listening } from "../settings/groups.ts";

const host = "127.0.0.1";

/** What the page's own policy cannot say: no frame around it, and nothing of it for pages elsewhere. */
const guarded = {
  "cache-control": "no-store",
  "content-security-policy": "frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

const plain = (status: number, text: string, headers = {}): Reply => ({
  status,
  headers: { "content-type": "text/plain; charset=utf-8", ...headers },
  body: text,
});

/** The answer to a request: the page, or that it is the one that the browser has. */
const answer = ({ method, path, headers }: HttpCall, page: Effect.Effect<WatchedPage>) =>
  Effect.gen(function* () {
    if (!namesThisMachine(headers.host)) return plain(403, "This page is for this machine alone.\n");
    if (method !== "GET" && method !== "HEAD") return plain(405, "", { allow: "GET, HEAD" });
    if (path !== "/") return plain(404, "There is one page, at /.\n");
    const { html, tag } = yield* page;
    const kept = { ...guarded, "content-type": "text/html; charset=utf-8", etag: tag };
    const isKnown = headers["if-none-match"] === tag;
    return { status: isKnown ? 304 : 200, headers: kept, body: isKnown ? "" : html };
  });

/** Serves the page of a run until it is interrupted; `ready` hears its address. */
export const serveRun = (
  run: string,
  port: number,
  ready: (address: string) => Effect.Effect<void>,
): Effect.Effect<never, Failure> =>
  Effect.scoped(Effect.gen(function* () {
    const page = yield* Effect.cachedWithTTL(watchedPage(run), "250 millis");
    const bound = yield* listen({ host, port, bodyBytes: 0, grace: 1 }, (call) => answer(call, page));
    yield* ready(`http://${host}:${bound}/`);
    return yield* Effect.never;
  }));

/** `deno task watch`. */
export const watchCommand = makeCommand({
  name: "watch",
  summary: "Follows a run on a page of this machine: curves, newest responses with their verdicts, speed",
  settings: listening,
  positional: { name: "RUN", summary: "the folder of a run, which may not be there yet" },
  run: Effect.fnUntraced(function* ({ port }, [run]) {
    if (yield* isEvaluation(run)) {
      return yield* new UsageError({ message: `Cannot watch "${run}": it is an evaluation; report makes its page` });
    }
    const { report } = yield* StandardStreams;
    return yield* serveRun(run, port ?? 0, (address) => report(`${address} follows "${run}"; Ctrl-C ends it`));
  }),
});
