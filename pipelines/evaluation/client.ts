/**
 * Sends one request to a completions server until it is answered. Dropped connections, truncated or malformed replies, 408, 409, 425, 429
 * and 5xx are retried after a wait. Every other refusal is an error that names the URL, the status and the server's message. A second whole
 * but unusable reply in a row is an error too, since another try would give the same. A field that the server refuses as unknown is left
 * out from then on. No message shows the key, or a password in the URL.
 */
import * as Schema from "@effect/schema";
import { Clock, Effect, Result } from "effect";
import { Key } from "../../data/random.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import type { Settings } from "../settings/settings.ts";
import { masked, visible, visibleLine } from "../files/plain_text.ts";
import { reasonOf } from "../files/text_file.ts";
import { bodyOf, type CompletionChoice, type Job, notWhole, readChoices, refusedField } from "./completion.ts";
import { backOff, retryAfter } from "../files/retry.ts";

/** A server refused a request, or failed too often; earlier responses are kept. */
export class EndpointError extends Schema.TaggedError<EndpointError>()("EndpointError", {
  /** `refused` fails again on every retry; `failed` may succeed. */
  reason: Schema.Literals(["refused", "failed"]),
  message: Schema.String,
}) {}

/** Sends requests to a server; `ask` returns at least one response and at most those of the job. */
export interface Client {
  readonly ask: (job: Job) => Effect.Effect<ReadonlyArray<CompletionChoice>, EndpointError>;
}

/** The settings of a server. */
export type ServerSettings =
  & Pick<
    Settings,
    "temperature" | "topP" | "topK" | "seed" | "logprobs" | "requestsPerMinute" | "timeout" | "retries"
  >
  & { readonly servedModel: string };

/** A failed try: `passes` says whether a retry may succeed, `wait` is the time that the server asked for. */
interface Failed {
  readonly problem: string;
  readonly passes: boolean;
  readonly wait?: number | undefined;
  /** The field that the server refused as unknown. */
  readonly field?: string | undefined;
  /** Whether the reply was whole but had no usable response. */
  readonly unusable?: boolean;
}

const passing = [408, 409, 425, 429];

/** A client for the completions at `url`; `apiKey` is sent as a bearer token. */
export const makeClient = (url: string, settings: ServerSettings, apiKey: string | undefined): Client => {
  const refused = new Set<string>();
  // No request starts before this time, set by the request limit or by a server's `Retry-After`; it applies to all requests.
  let nextAt = 0;
  const gate = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis;
    const at = Math.max(now, nextAt);
    nextAt = settings.requestsPerMinute === undefined ? nextAt : at + 60_000 / settings.requestsPerMinute;
    if (at > now) yield* Effect.sleep(at - now);
  });
  // Reports a failing server, but not once per request.
  let quietUntil = 0;
  const complain = Effect.fnUntraced(function* (line: string) {
    const now = yield* Clock.currentTimeMillis;
    if (now < quietUntil) return;
    quietUntil = now + 10_000;
    const { report } = yield* StandardStreams;
    yield* report(line);
  });
  const headers = {
    "Content-Type": "application/json",
    ...(apiKey !== undefined && { Authorization: `Bearer ${apiKey}` }),
  };

  const once = Effect.fnUntraced(function* (job: Job): Effect.fn.Return<ReadonlyArray<CompletionChoice>, Failed> {
    yield* gate;
    const body = bodyOf(job, settings, refused);
    const dropped = (cause: unknown): Failed => ({ problem: reasonOf(cause), passes: true });
    const reply = yield* Effect.tryPromise({
      try: (signal) =>
        fetch(url, { method: "POST", headers, body: JSON.stringify(body), signal })
          .then((response) => response.text().then((text) => ({ response, text }))),
      catch: dropped,
    }).pipe(
      Effect.timeoutOrElse({
        duration: 1000 * settings.timeout,
        orElse: () => Effect.fail<Failed>({ problem: `no answer in ${settings.timeout} s (--timeout)`, passes: true }),
      }),
    );
    const { response: { status, headers: replyHeaders }, text } = reply;
    if (status === 200) {
      const read = readChoices(text, job.indices.length);
      if (Result.isFailure(read)) {
        const seen = /^\s*\{/.test(text) ? "" : `, but "${visibleLine(masked(text, apiKey), 80)}"`;
        return yield* Effect.fail<Failed>({
          problem: `a reply that cannot be used: ${visibleLine(masked(read.failure, apiKey))}${seen}`,
          passes: true,
          unusable: read.failure !== notWhole,
        });
      }
      if (read.success.bad !== undefined) {
        yield* complain(`a response that cannot be used is asked for again: ${read.success.bad}`);
      }
      return read.success.choices;
    }
    const now = yield* Clock.currentTimeMillis;
    const problem = `status ${status}: ${visibleLine(masked(text, apiKey))}`;
    const passes = status >= 500 || passing.includes(status);
    return yield* Effect.fail<Failed>({
      problem,
      passes,
      wait: passes ? retryAfter(replyHeaders.get("retry-after"), now) : undefined,
      field: status === 400 || status === 422 ? refusedField(text, body) : undefined,
    });
  });

  const ask = Effect.fnUntraced(function* (job: Job): Effect.fn.Return<ReadonlyArray<CompletionChoice>, EndpointError> {
    const { report } = yield* StandardStreams;
    const key = Key.fold(Key.make(settings.seed), "retry", job.prompt.problemId, job.indices[0]);
    let unusable = false;
    for (let tries = 1;; tries++) {
      const answer = yield* Effect.result(once(job));
      if (Result.isSuccess(answer)) return answer.success;
      const { passes, wait, field } = answer.failure;
      const problem = visible(masked(answer.failure.problem, apiKey));
      if (field !== undefined) {
        if (!refused.has(field)) yield* report(`the server does not take "${field}": it is left out`);
        refused.add(field);
        tries--;
        continue;
      }
      const name = `"${job.prompt.problemId}" at ${masked(url)}`;
      if (!passes) {
        const message = `Cannot sample for problem ${name}: ${problem}`;
        return yield* new EndpointError({ reason: "refused", message });
      }
      if (unusable && answer.failure.unusable === true) {
        const message = `Cannot sample for problem ${name}, twice in a row ${problem}`;
        return yield* new EndpointError({ reason: "failed", message });
      }
      unusable = answer.failure.unusable === true;
      if (tries > settings.retries) {
        const message = `Cannot sample for problem ${name}, tried ${tries} times (--retries): ${problem}`;
        return yield* new EndpointError({ reason: "failed", message });
      }
      const pause = backOff(key, tries, wait);
      // A server's wait applies to all requests; `pause` is that wait, bounded.
      if (wait !== undefined) nextAt = Math.max(nextAt, (yield* Clock.currentTimeMillis) + pause);
      yield* Effect.logDebug(`${problem}; "${job.prompt.problemId}" again in ${Math.round(pause)} ms`);
      if (tries >= 3) yield* complain(`the server failed ${tries} times for ${name}, going on: ${problem}`);
      yield* Effect.sleep(pause);
    }
  });
  return { ask };
};
