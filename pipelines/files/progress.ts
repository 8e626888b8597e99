/**
 * The progress of a long command: a bar on a terminal, else a line every few seconds. It is written to stderr and no result depends on it.
 * The remaining time is estimated from the mean speed so far.
 */
import { SingleBar } from "cli-progress";
import { Clock, Effect, type Scope } from "effect";
import { visibleLine } from "./plain_text.ts";
import { StandardStreams } from "./standard_streams.ts";

/** A running count. */
export interface Progress {
  /** Adds to the count; `note` describes the current work in a few words. */
  readonly advance: (by: number, note?: string) => Effect.Effect<void>;
}

const secondsBetweenLines = 5;

/** Seconds as readable text: `42 s`, `3 min 5 s`, `2 h 10 min`, `12 days`. */
export const duration = (seconds: number): string => {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  if (whole >= 100 * 3600) return `${Math.round(whole / 86_400)} days`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
};

/** The progress line: `sample 120/1024 (11 %), 25 s left, step 3`. */
export const lineOf = (label: string, done: number, total: number, elapsed: number, note: string): string => {
  const share = total > 0 ? Math.floor((100 * done) / total) : 100;
  const left = done > 0 && done < total ? `, ${duration((elapsed * (total - done)) / done)} left` : "";
  return `${label} ${done}/${total} (${share} %)${left}${note === "" ? "" : `, ${note}`}`;
};

/** Counts to `total` until the scope closes. */
export const makeProgress = Effect.fnUntraced(function* (
  label: string,
  total: number,
): Effect.fn.Return<Progress, never, Scope.Scope> {
  const { report, isTerminal } = yield* StandardStreams;
  const seconds = Effect.map(Clock.currentTimeMillis, (ms) => ms / 1000);
  const start = yield* seconds;
  let done = 0;
  if (isTerminal) {
    const bar = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const format = `${label} {bar} {value}/{total} {left} {note}`;
        const made = new SingleBar({ format, barsize: 30, clearOnComplete: true, hideCursor: false, fps: 5 });
        made.start(total, 0, { left: "", note: "" });
        return made;
      }),
      (made) => Effect.sync(() => made.stop()),
    );
    return {
      advance: (by, note = "") =>
        Effect.map(seconds, (now) => {
          done += by;
          const left = done < total ? `${duration(((now - start) * (total - done)) / done)} left` : "";
          bar.update(done, { left, note: visibleLine(note) });
        }),
    };
  }
  let last = start;
  return {
    advance: (by, note = "") =>
      Effect.flatMap(seconds, (now) => {
        done += by;
        if (done < total && now - last < secondsBetweenLines) return Effect.void;
        if (now - start < secondsBetweenLines) return Effect.void;
        last = now;
        return report(lineOf(label, done, total, now - start, note));
      }),
  };
});
