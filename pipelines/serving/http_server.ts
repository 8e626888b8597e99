/**
 * HTTP alone: requests in, replies out, on Effect's server (`files/http_listener.ts`). Everything else of this room knows only `HttpCall` and `Reply`.
 * A client that goes away interrupts the effect, or the stream, that answers it.
 */
import * as Schema from "@effect/schema";
import { Effect, type Scope, Stream } from "effect";
import * as ByteSize from "effect/ByteSize";
import { MaxBodySize } from "effect/http/HttpIncomingMessage";
import { HttpServerRequest } from "effect/http/HttpServerRequest";
import * as HttpServerResponse from "effect/http/HttpServerResponse";
import { IncomingMessage } from "node:http";
import { openHttpServer } from "../files/http_listener.ts";
import { reasonOf } from "../files/text_file.ts";
import { type ApiError, badRequest, statusError } from "./api_error.ts";
import { errorReply, type Reply } from "./reply.ts";
import { bodyText } from "./request_body.ts";

/** The server cannot listen. */
export class ListenError extends Schema.TaggedError<ListenError>()("ListenError", { message: Schema.String }) {}

/** A request. `path` has no query; names of headers are in lower case. */
export interface HttpCall {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Effect.Effect<string, ApiError>;
}

/** Where a server listens, and its limits. */
export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  readonly bodyBytes: number;
  /** The most seconds that the end waits for answers. */
  readonly grace: number;
}

/** Seconds in which a request must have arrived. */
const arrival = 60;

const encoder = new TextEncoder();

const responseOf = ({ status, headers, body }: Reply) =>
  typeof body === "string"
    ? HttpServerResponse.text(body, { status, headers, contentType: headers["content-type"] })
    : HttpServerResponse.stream(Stream.map(body, (text) => encoder.encode(text)), {
      status,
      headers,
      contentType: headers["content-type"],
    });

const gone = statusError(499, "the client has gone");

/**
 * Fails when the client closes the connection. Deno reports that to Effect's server only once an answer has begun, so an answer that is not a
 * stream would be computed to its end.
 */
const clientGone = (source: object): Effect.Effect<never, ApiError> =>
  Effect.callback((resume) => {
    if (!(source instanceof IncomingMessage)) return Effect.void;
    const { socket } = source;
    const close = () => resume(Effect.fail(gone));
    socket.once("close", close);
    return Effect.sync(() => socket.off("close", close));
  });

/** Listens until the scope ends; gives the port. */
export const listen = Effect.fnUntraced(function* (
  { host, port, bodyBytes, grace }: ListenOptions,
  handle: (call: HttpCall) => Effect.Effect<Reply>,
): Effect.fn.Return<number, ListenError, Scope.Scope> {
  const tooLarge = statusError(413, `the body has more than ${bodyBytes} bytes`);
  const app = Effect.gen(function* () {
    const request = yield* HttpServerRequest;
    const { headers, method, url } = request;
    const isTooLarge = Number(headers["content-length"] ?? 0) > bodyBytes;
    const body = isTooLarge ? Effect.fail(tooLarge) : request.arrayBuffer.pipe(
      Effect.provideService(MaxBodySize, ByteSize.bytes(bodyBytes)),
      Effect.mapError(() => headers["content-length"] === undefined ? tooLarge : badRequest("the body cannot be read")),
      Effect.flatMap((bytes) => Effect.fromResult(bodyText(bytes))),
    );
    const handled = handle({ method, path: url.split("?")[0], headers, body });
    const reply = yield* Effect.raceFirst(handled, clientGone(request.source)).pipe(
      Effect.catchTag("ApiError", (error) => Effect.succeed(errorReply(error))),
    );
    return responseOf(reply);
  });
  const failed = ({ cause }: { readonly cause: unknown }) =>
    new ListenError({ message: `Cannot listen at "${host}" (--host), port ${port} (--port): ${reasonOf(cause)}` });
  const { server, port: chosen, drain } = yield* openHttpServer({ host, port, grace, arrival }).pipe(
    Effect.mapError(failed),
  );
  yield* server.serve(app);
  yield* Effect.addFinalizer(() => drain);
  return chosen;
});
