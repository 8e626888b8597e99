/**
 * The progress of a long command: a bar on a terminal, else a line every few seconds. It is written to stderr and no result depends on it.
 * The remaining time is estimated from the mean speed so far, as soon as that says something.
 */
import { SingleBar } from "cli-progress";
import { Clock, Effect, type Scope } from "effect";
import { visibleLine } from "./plain_text.ts";
import { StandardStreams } from "./standard_streams.ts";

/** A running count. */
export interface Progress {
  /** Adds to the count; `note` describes the current work in a few words. */
  readonly advance: (by: number, note?: string) => Effect.Effect<void>;
  /** Says what is being done between two counts: at once on a terminal, else in a line every half minute. */
  readonly note: (note: string) => Effect.Effect<void>;
  /** Reports a line that stays, above the bar where there is one. */
  readonly say: (line: string) => Effect.Effect<void>;
}

/** Where a count begins. */
export interface Begin {
  /** What was done before, by a command that this one continues; it says nothing of the speed. */
  readonly done?: number;
  /** Whether the first piece takes longer than the others, since it compiles: the time left is then known from the second on. */
  readonly firstIsSlow?: boolean;
  /**
   * How many pieces are under way at once. Those that end first are the short ones, and say nothing of the speed: the time left is known
   * once as many have ended, or a quarter of all that were to do.
   */
  readonly together?: number;
}

const secondsBetweenLines = 5;
const secondsBetweenNotes = 30;

/** Seconds as readable text: `42 s`, `3 min 5 s`, `2 h 10 min`, `12 days`. */
export const duration = (seconds: number): string => {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole >= 100 * 3600) return `${Math.round(whole / 86_400)} days`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
};

/** The progress line: `sample 120/1024 (11 %), 25 s left, step 3`. `left` is in seconds; undefined if unknown. */
export const lineOf = (label: string, done: number, total: number, left: number | undefined, note: string): string => {
  const share = total > 0 ? Math.floor((100 * done) / total) : 100;
  const time = left === undefined ? "" : `, ${duration(left)} left`;
  return `${label} ${done}/${total} (${share} %)${time}${note === "" ? "" : `, ${note}`}`;
};

/** The count and the speed since `origin`, which a slow first piece moves behind itself; times are in seconds. */
const counter = (total: number, start: number, { done = 0, firstIsSlow = false, together = 1 }: Begin) => {
  const enough = Math.min(together, Math.ceil((total - done) / 4));
  let [count, origin] = [done, firstIsSlow ? undefined : { at: start, count: done }];
  return {
    count: () => count,
    add: (by: number, now: number) => {
      count += by;
      origin ??= { at: now, count };
    },
    left: (now: number): number | undefined =>
      origin === undefined || count === origin.count || count - done < enough || count >= total
        ? undefined
        : (now - origin.at) * (total - count) / (count - origin.count),
  };
};

const barOf = (label: string, total: number, done: number) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const format = `${label} {bar} {value}/{total} {left} {note}`;
      const bar = new SingleBar({ format, barsize: 30, clearOnComplete: true, hideCursor: false, fps: 5 });
      bar.start(total, done, { left: "", note: "" });
      return bar;
    }),
    (bar) => Effect.sync(() => bar.stop()),
  );

/** Counts to `total` until the scope closes. */
export const makeProgress = Effect.fnUntraced(function* (
  label: string,
  total: number,
  begin: Begin = {},
): Effect.fn.Return<Progress, never, Scope.Scope> {
  const { report, isTerminal } = yield* StandardStreams;
  const seconds = Effect.map(Clock.currentTimeMillis, (ms) => ms / 1000);
  const start = yield* seconds;
  const counted = counter(total, start, begin);
  if (isTerminal) {
    const bar = yield* barOf(label, total, counted.count());
    const draw = (by: number, note: string) =>
      Effect.map(seconds, (now) => {
        if (by > 0) counted.add(by, now);
        const left = counted.left(now);
        bar.update(counted.count(), {
          left: left === undefined ? "" : `${duration(left)} left`,
          note: visibleLine(note),
        });
      });
    // A bar that stops clears its line.
    const say = (line: string) =>
      Effect.sync(() => bar.stop()).pipe(
        Effect.andThen(report(line)),
        Effect.andThen(Effect.sync(() => bar.start(total, counted.count(), { left: "", note: "" }))),
      );
    return { advance: (by, note = "") => draw(by, note), note: (note) => draw(0, note), say };
  }
  let last = start;
  const line = (now: number, between: number, note: string) => {
    if (now - last < between || now - start < secondsBetweenLines) return Effect.void;
    last = now;
    return report(lineOf(label, counted.count(), total, counted.left(now), note));
  };
  return {
    advance: (by, note = "") =>
      Effect.flatMap(seconds, (now) => {
        counted.add(by, now);
        return line(now, counted.count() < total ? secondsBetweenLines : 0, note);
      }),
    note: (note) => Effect.flatMap(seconds, (now) => line(now, secondsBetweenNotes, note)),
    say: report,
  };
});
