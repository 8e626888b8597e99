/**
 * Requests to the servers that draw rollouts: JSON in and out, with the retries of a server that is busy or still starting. No message shows a
 * key. A refusal is an error at once.
 */
import * as Schema from "@effect/schema";
import { Clock, Effect, Result } from "effect";
import { Key } from "../../data/random.ts";
import { parseObject } from "../files/json.ts";
import { masked, visibleLine } from "../files/plain_text.ts";
import { backOff, retryAfter } from "../files/retry.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import { reasonOf } from "../files/text_file.ts";

/** A server of rollouts refused a request, or gave an answer that cannot be used. */
export class RolloutError extends Schema.TaggedError<RolloutError>()("RolloutError", { message: Schema.String }) {}

/** A server: its address without a path, and the keys of requests and of updates. */
export interface RolloutServer {
  readonly url: string;
  readonly apiKey: string | undefined;
  readonly updateKey: string | undefined;
}

/** A request: without a body it is a GET. */
export interface RolloutRequest {
  readonly path: string;
  readonly body?: object;
  /** Whether it replaces weights, which has a key of its own. */
  readonly isUpdate?: boolean;
}

/** Seconds until an answer must be there, and until a server that does not answer is given up. */
const [timeout, patience] = [1800, 1800];

const passing = [408, 409, 425, 429];

interface Failed {
  readonly problem: string;
  readonly passes: boolean;
  readonly wait?: number | undefined;
}

const fetched = Effect.fnUntraced(function* ({ url }: RolloutServer, key: string | undefined, request: RolloutRequest) {
  const { path, body } = request;
  const headers = {
    ...(body !== undefined && { "content-type": "application/json" }),
    ...(key !== undefined && { authorization: `Bearer ${key}` }),
  };
  const sent = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
  const { response, text } = yield* Effect.tryPromise({
    try: (signal) =>
      fetch(`${url}${path}`, { ...sent, headers, signal, redirect: "error" })
        .then((response) => response.text().then((text) => ({ response, text }))),
    catch: (cause): Failed => ({ problem: reasonOf(cause), passes: true }),
  }).pipe(
    Effect.timeoutOrElse({
      duration: 1000 * timeout,
      orElse: () => Effect.fail<Failed>({ problem: `no answer in ${timeout} s`, passes: true }),
    }),
  );
  if (response.ok) return text;
  const passes = response.status >= 500 || passing.includes(response.status);
  const wait = passes ? retryAfter(response.headers.get("retry-after"), yield* Clock.currentTimeMillis) : undefined;
  return yield* Effect.fail<Failed>({ problem: `status ${response.status}: ${text}`, passes, wait });
});

/** The answer to a request as a text, tried again while the server is busy or not there. */
const textFrom = Effect.fnUntraced(function* (
  server: RolloutServer,
  request: RolloutRequest,
): Effect.fn.Return<string, RolloutError> {
  const { report } = yield* StandardStreams;
  const key = request.isUpdate === true ? server.updateKey ?? server.apiKey : server.apiKey;
  const until = (yield* Clock.currentTimeMillis) + 1000 * patience;
  const draw = Key.fold(Key.make(0), "rollouts", request.path);
  for (let tries = 1;; tries++) {
    const answer = yield* Effect.result(fetched(server, key, request));
    if (Result.isSuccess(answer)) return answer.success;
    const { problem, passes, wait } = answer.failure;
    const said = shown(server, problem);
    if (!passes || (yield* Clock.currentTimeMillis) > until) return yield* unusable(server, request, problem);
    if (tries === 4) yield* report(`${server.url} does not answer yet, trying on: ${said}`);
    yield* Effect.sleep(Math.min(10_000, backOff(draw, tries, wait)));
  }
});

/** A server's words on one line, without keys. */
const shown = ({ apiKey, updateKey }: RolloutServer, problem: string): string =>
  visibleLine(masked(masked(problem, apiKey), updateKey));

/** An answer that cannot be used. */
export const unusable = (server: RolloutServer, { path }: RolloutRequest, problem: string): RolloutError =>
  new RolloutError({ message: `Cannot draw rollouts at ${server.url}${path}: ${shown(server, problem)}` });

/** The answer to a request as a JSON object: a list is its field `list`, and nothing is an empty object. */
export const askServer = Effect.fnUntraced(function* (server: RolloutServer, request: RolloutRequest) {
  const text = yield* textFrom(server, request);
  const trimmed = text.trim();
  const whole = trimmed === "" ? "{}" : trimmed.startsWith("[") ? `{"list":${trimmed}}` : trimmed;
  const parsed = parseObject(request.path, whole);
  return parsed.ok ? parsed.object : yield* unusable(server, request, `expected JSON, found ${visibleLine(text, 80)}`);
});
