/** What a route answers: a status with a body, or with a stream of texts. */
import { Effect, Stream } from "effect";
import { type ApiError, errorBody, statusError } from "./api_error.ts";

/** An answer to an HTTP request. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Stream.Stream<string>;
}

/** A JSON answer. */
export const jsonReply = (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Reply => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(body),
});

/** A text answer. */
export const textReply = (body: string, type: string): Reply => ({
  status: 200,
  headers: { "content-type": type },
  body,
});

/** A refusal. */
export const errorReply = (error: ApiError): Reply =>
  jsonReply(errorBody(error), error.status, {
    ...(error.retryAfter !== undefined && { "retry-after": `${error.retryAfter}` }),
    ...(error.status === 401 && { "www-authenticate": "Bearer" }),
  });

const event = (data: unknown): string => `data: ${JSON.stringify(data)}\n\n`;

/** Server-sent events, one for each value, and "[DONE]". A failure on the way is an event with an `error`, the last one. */
export const eventReply = (values: Stream.Stream<unknown, ApiError>): Reply => ({
  status: 200,
  headers: { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store" },
  body: values.pipe(
    Stream.map(event),
    Stream.concat(Stream.succeed("data: [DONE]\n\n")),
    Stream.catch((error) => Stream.succeed(event(errorBody(error)))),
    Stream.catchCause(() => Stream.succeed(event(errorBody(statusError(500, "an unexpected failure"))))),
  ),
});

/** Replies with whatever an effect gives or fails with. */
export const replied = (effect: Effect.Effect<Reply, ApiError>): Effect.Effect<Reply> =>
  Effect.catchTag(effect, "ApiError", (error) => Effect.succeed(errorReply(error)));
