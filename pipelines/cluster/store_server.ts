/**
 * The store of a command over HTTP, for workers that do not see its folder: on 127.0.0.1 alone, so that past this machine it goes through a tunnel or
 * a proxy with TLS. `GET /HASH` gives a blob, or what of it a range asks for; `PUT /HASH` keeps one whose bytes have that hash. A token is needed.
 */
import { Effect, type Scope, Stream } from "effect";
import { HttpServerRequest } from "effect/http/HttpServerRequest";
import * as Response from "effect/http/HttpServerResponse";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rm, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { openHttpServer } from "../files/http_listener.ts";
import { hasBearer } from "../files/request_guard.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import { reasonOf, unlessMissing } from "../files/text_file.ts";
import { type Failure, UsageError } from "../settings/command.ts";
import { type BlobStore, hashOf, wholeFile } from "./blob_store.ts";
import { ClusterError } from "./cluster_error.ts";
import { isBlobName } from "./job.ts";
import { storeToken, storeTokens } from "./secrets.ts";

const attempt = <A>(run: () => Promise<A>) =>
  Effect.tryPromise({ try: run, catch: (cause) => new ClusterError({ reason: "folder", message: reasonOf(cause) }) });

/** Sends a blob from a byte on; its hash is verified once, as long as its file stays the same. */
const send = Effect.fnUntraced(function* (path: string, name: string, from: number, verified: Map<string, number>) {
  const found = yield* attempt(() => unlessMissing(stat(path)));
  if (found === undefined) return Response.empty({ status: 404 });
  if (verified.get(name) !== found.mtimeMs) {
    if ((yield* attempt(() => hashOf(path))) !== name) {
      yield* attempt(() => rm(path, { force: true }));
      return Response.empty({ status: 404 });
    }
    verified.set(name, found.mtimeMs);
  }
  if (from > found.size) return Response.empty({ status: 416 });
  const body = Readable.toWeb(createReadStream(path, { start: from }));
  return Response.stream(
    Stream.fromReadableStream({
      evaluate: () => body as ReadableStream<Uint8Array>,
      onError: (cause) => new ClusterError({ reason: "folder", message: reasonOf(cause) }),
    }),
    {
      status: from > 0 ? 206 : 200,
      contentType: "application/octet-stream",
      contentLength: found.size - from,
      headers: from > 0 ? { "content-range": `bytes ${from}-${found.size - 1}/${found.size}` } : {},
    },
  );
});

/** Keeps a blob whose bytes have the hash that names it. */
const receive = Effect.fnUntraced(function* (path: string, name: string, bytes: Stream.Stream<Uint8Array, unknown>) {
  const hash = createHash("sha256");
  const write = attempt(() =>
    wholeFile(path, async (partial) => {
      const file = await open(partial, "wx");
      const pieces = Stream.toAsyncIterable(bytes);
      try {
        for await (const piece of pieces) {
          hash.update(piece);
          await file.writeFile(piece);
        }
      } finally {
        await file.close();
      }
      if (hash.digest("hex") !== name) throw new Error("the bytes have another hash");
    })
  );
  return yield* Effect.match(write, {
    onSuccess: () => Response.empty({ status: 204 }),
    onFailure: ({ message }) => Response.text(`${message}\n`, { status: /ENOSPC|EDQUOT/.test(message) ? 507 : 422 }),
  });
});

const answer = (
  store: BlobStore,
  tokens: { readonly write: string; readonly read: string | undefined },
) => {
  const verified = new Map<string, number>();
  return Effect.gen(function* () {
    const { method, url, headers, stream } = yield* HttpServerRequest;
    const { authorization } = headers;
    const isWriter = hasBearer(authorization, tokens.write);
    const isReader = tokens.read !== undefined && hasBearer(authorization, tokens.read);
    if (!isWriter && !isReader) return Response.empty({ status: 401 });
    const name = url.slice(1);
    if (!isBlobName(name)) return Response.text("Expected 64 hexadecimal digits\n", { status: 400 });
    const path = store.pathOf(name);
    if (method === "HEAD") return Response.empty({ status: (yield* store.has(name)) ? 200 : 404 });
    if (method === "GET") {
      const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? "bytes=0-")?.[1] ?? 0);
      return yield* send(path, name, from, verified);
    }
    if (method !== "PUT") return Response.empty({ status: 405, headers: { allow: "GET, HEAD, PUT" } });
    if (!isWriter) return Response.text("This token reads alone\n", { status: 403 });
    return yield* receive(path, name, stream);
  }).pipe(
    Effect.catchTag("ClusterError", ({ message }) => Effect.succeed(Response.text(`${message}\n`, { status: 500 }))),
  );
};

/** The most seconds that the end of a command waits for what workers read; they go on with what they have. */
const grace = 2;

/** Serves a store on a port of this machine until the scope closes; returns the port, which 0 lets the system choose. */
export const serveStore = Effect.fn("Cluster.serveStore")(function* (
  store: BlobStore,
  port: number,
): Effect.fn.Return<number, Failure, Scope.Scope> {
  const [write, read] = [yield* storeToken(storeTokens.write), yield* storeToken(storeTokens.read)];
  if (write === undefined) {
    const message = `Cannot serve the store: ${storeTokens.write} or ${storeTokens.write}_FILE is missing`;
    return yield* new UsageError({ message });
  }
  const place = { host: "127.0.0.1", port, grace, arrival: 0 };
  const { server, port: chosen, drain } = yield* openHttpServer(place).pipe(
    Effect.mapError(({ cause }) =>
      new UsageError({ message: `Cannot serve the store on port ${port}: ${reasonOf(cause)}` })
    ),
  );
  yield* server.serve(answer(store, { write, read }));
  yield* Effect.addFinalizer(() => drain);
  const { report } = yield* StandardStreams;
  yield* report(`the store is served: --store http://127.0.0.1:${chosen}`);
  return chosen;
});
