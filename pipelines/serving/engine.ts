/**
 * The one owner of the model: a loop that admits requests to the running pool, decodes until the next sync, hands out what is new, scores
 * given texts between two rounds, and replaces the weights when nothing runs. Requests reach it by lists that it reads before each round,
 * so they may come and go at any time.
 */
import { Clock, Deferred, Effect, Latch, Queue } from "effect";
import type * as Cause from "effect/Cause";
import { setImmediate } from "node:timers";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import type { Sequence } from "../learning/packed_rows.ts";
import { topLogProbs, type TopScores } from "../learning/top_log_probs.ts";
import type { Model } from "../models/model.ts";
import { type Advance, type OpenPool, openPool, type OpenRequest, type PoolLoad } from "../sampling/open_pool.ts";
import { type ApiError, statusError, tooMany } from "./api_error.ts";

/** A response that is being drawn: its new tokens as they come. `leave` frees its slot; after the end it does nothing. */
export interface Drawing {
  readonly advances: Queue.Queue<Advance, ApiError | Cause.Done>;
  readonly leave: () => void;
}

/** A text to score: log-probs of the response, and `top` alternatives, of the softmax at `temperature`. */
export interface ScoreRequest {
  readonly sequence: Sequence;
  readonly temperature: number;
  readonly top: number;
}

/** What an engine has done, and does. */
export interface EngineLoad extends PoolLoad {
  /** Responses that have no slot, here and in the pool. */
  readonly queued: number;
  readonly rounds: number;
  readonly responseTokens: number;
  readonly scoredTokens: number;
}

/** Draws and scores with one model. */
export interface Engine {
  /**
   * All of the requests, or a refusal if they, or the `scorings` that come with them, do not fit into the queue. Neighbours with one prompt
   * share it.
   */
  readonly draw: (
    requests: ReadonlyArray<OpenRequest>,
    scorings: number,
  ) => Effect.Effect<ReadonlyArray<Drawing>, ApiError>;
  /** Scores a text of a request that `draw` has let in. */
  readonly score: (request: ScoreRequest) => Effect.Effect<TopScores, ApiError>;
  /** Runs `work` when no response is being drawn; those that wait start after it. */
  readonly exclusively: <A, E>(work: Effect.Effect<A, E>) => Effect.Effect<A, E>;
  readonly load: () => EngineLoad;
  /** The loop. It ends with a failure of the device. */
  readonly run: Effect.Effect<never, DeviceError>;
}

/** Limits of an engine; none changes a byte of a response. */
export interface EngineLimits {
  readonly batch?: number | undefined;
  readonly cache?: number | undefined;
  /** The most tokens of a prompt with its response. */
  readonly context: number;
  /** The most responses that wait. */
  readonly queue: number;
  /** Seconds until a response must be there. */
  readonly timeout: number;
}

interface Ticket extends Drawing {
  readonly request: OpenRequest;
  readonly deadline: number;
  index: number | undefined;
}

interface Scoring extends ScoreRequest {
  readonly done: Deferred.Deferred<TopScores, ApiError>;
}

/** What waits for the loop. */
interface Inbox {
  readonly waiting: Ticket[];
  readonly running: Map<number, Ticket>;
  readonly left: Ticket[];
  readonly scorings: Scoring[];
  readonly works: Array<Effect.Effect<void>>;
  readonly wake: Latch.Latch;
  readonly counts: { rounds: number; responseTokens: number; scoredTokens: number };
}

/** Lets sockets be read and written between two rounds, or two texts. */
export const othersTurn = Effect.callback<void>((resume) => {
  setImmediate(() => resume(Effect.void));
});

/** The most scorings between two rounds. */
const scoringsPerRound = 16;

const noAnswer = () => statusError(408, "no answer in time (--timeout)", "timeout");

const notNumbers = () => statusError(500, "the model gives log-probs that are not finite");

/** Opens an engine; `run` must run for anything to be answered. */
export const openEngine = Effect.fnUntraced(function* (model: Model, limits: EngineLimits) {
  const pool = yield* Effect.acquireRelease(
    Effect.sync(() => openPool(model, model.config.stopTokens, limits.context, limits)),
    (opened) => Effect.sync(() => opened.release()),
  );
  const inbox: Inbox = {
    waiting: [],
    running: new Map(),
    left: [],
    scorings: [],
    works: [],
    wake: yield* Latch.make(false),
    counts: { rounds: 0, responseTokens: 0, scoredTokens: 0 },
  };
  const load = (): EngineLoad => {
    const now = pool.load();
    return { ...now, queued: now.waiting + inbox.waiting.length, ...inbox.counts };
  };
  const engine: Engine = {
    draw: (requests, scorings) =>
      inbox.scorings.length > 0 && inbox.scorings.length + scorings > limits.queue
        ? Effect.fail(tooMany(limits.queue))
        : draw(inbox, limits, load, requests),
    score: (request) => score(inbox, limits, request),
    exclusively: <A, E>(work: Effect.Effect<A, E>) =>
      Effect.gen(function* () {
        const done = yield* Deferred.make<A, E>();
        inbox.works.push(Effect.asVoid(Deferred.complete(done, work)));
        yield* inbox.wake.open;
        return yield* Deferred.await(done);
      }),
    load,
    run: Effect.forever(turn(model, pool, inbox)),
  };
  return engine;
});

const draw = Effect.fnUntraced(function* (
  inbox: Inbox,
  { queue, timeout }: EngineLimits,
  load: () => EngineLoad,
  requests: ReadonlyArray<OpenRequest>,
): Effect.fn.Return<ReadonlyArray<Drawing>, ApiError> {
  const { queued, running, slots } = load();
  if (queued + requests.length > queue + Math.max(0, slots - running)) return yield* tooMany(queue);
  const deadline = (yield* Clock.currentTimeMillis) + 1000 * timeout;
  const tickets: Ticket[] = [];
  for (const request of requests) {
    const ticket: Ticket = {
      request,
      deadline,
      index: undefined,
      advances: yield* Queue.unbounded<Advance, ApiError | Cause.Done>(),
      leave: () => {
        inbox.left.push(ticket);
        inbox.wake.openUnsafe();
      },
    };
    tickets.push(ticket);
  }
  inbox.waiting.push(...tickets);
  yield* inbox.wake.open;
  return tickets;
});

/** Waits for a scoring; one that nobody waits for any more is not done. */
const score = ({ scorings, wake }: Inbox, { timeout }: EngineLimits, request: ScoreRequest) =>
  Effect.gen(function* () {
    const scoring: Scoring = { ...request, done: yield* Deferred.make<TopScores, ApiError>() };
    scorings.push(scoring);
    yield* wake.open;
    return yield* Deferred.await(scoring.done).pipe(
      Effect.onInterrupt(() =>
        Effect.sync(() => {
          const place = scorings.indexOf(scoring);
          if (place >= 0) scorings.splice(place, 1);
        })
      ),
      Effect.timeoutOrElse({ duration: 1000 * timeout, orElse: () => Effect.fail(noAnswer()) }),
    );
  });

/** One turn of the loop: whoever left, whoever came, scorings, and a round of decoding. */
const turn = Effect.fnUntraced(function* (model: Model, pool: OpenPool, inbox: Inbox) {
  yield* othersTurn;
  for (const ticket of inbox.left.splice(0)) leave(pool, inbox, ticket);
  yield* expire(pool, inbox);
  const isReplacing = inbox.works.length > 0;
  if (isReplacing && pool.isIdle()) yield* Effect.all(inbox.works.splice(0));
  // No more than there are slots, so that a replacement of the weights waits for few.
  while (inbox.works.length === 0 && inbox.waiting.length > 0 && hasRoom(pool)) admit(pool, inbox);
  for (const scoring of inbox.scorings.splice(0, scoringsPerRound)) yield* scored(model, inbox, scoring);
  if (!pool.isIdle()) return yield* decoded(pool, inbox);
  if (inbox.waiting.length + inbox.left.length + inbox.scorings.length + inbox.works.length > 0) return;
  yield* inbox.wake.await;
  yield* inbox.wake.close;
});

const hasRoom = (pool: OpenPool): boolean => {
  const { running, waiting, slots } = pool.load();
  return running + waiting < slots;
};

const admit = (pool: OpenPool, { waiting, running }: Inbox): void => {
  const ticket = waiting.shift();
  if (ticket === undefined) return;
  ticket.index = pool.add(ticket.request);
  running.set(ticket.index, ticket);
};

const leave = (pool: OpenPool, { waiting, running }: Inbox, ticket: Ticket): void => {
  const place = waiting.indexOf(ticket);
  if (place >= 0) waiting.splice(place, 1);
  if (ticket.index === undefined || !running.delete(ticket.index)) return;
  pool.remove(ticket.index);
};

const expire = Effect.fnUntraced(function* (pool: OpenPool, inbox: Inbox) {
  const now = yield* Clock.currentTimeMillis;
  const late = [...inbox.waiting, ...inbox.running.values()].filter(({ deadline }) => deadline < now);
  for (const ticket of late) {
    leave(pool, inbox, ticket);
    yield* Queue.fail(ticket.advances, noAnswer());
  }
});

const scored = Effect.fnUntraced(function* (model: Model, { counts }: Inbox, scoring: Scoring) {
  const { sequence, temperature, top, done } = scoring;
  const [scores] = yield* topLogProbs(model, [sequence], temperature, top);
  counts.scoredTokens += scores.logProbs.length;
  yield* scores.logProbs.every(Number.isFinite) ? Deferred.succeed(done, scores) : Deferred.fail(done, notNumbers());
});

const decoded = Effect.fnUntraced(function* (pool: OpenPool, inbox: Inbox) {
  const { running, counts } = inbox;
  const advances = yield* pool.round;
  counts.rounds++;
  for (const advance of advances) {
    counts.responseTokens += advance.responseTokens.length;
    const ticket = running.get(advance.index);
    if (ticket === undefined) continue;
    if (advance.finish !== undefined) running.delete(advance.index);
    if (!advance.logProbs.every(Number.isFinite)) {
      leave(pool, inbox, ticket);
      yield* Queue.fail(ticket.advances, notNumbers());
      continue;
    }
    yield* Queue.offer(ticket.advances, advance);
    if (advance.finish !== undefined) yield* Queue.end(ticket.advances);
  }
});
