/**
 * The process around a command, in one place: exit status, signals, and that nothing but records reaches stdout. Some packages write to
 * `console.debug` or `console.log`, which are stdout; from here on every console line goes to stderr, and so do Effect's logs.
 */
import { Cause, Effect, Exit, Fiber, Layer, Logger, References } from "effect";
import type { Failure } from "../settings/command.ts";
import { visibleLine } from "../files/plain_text.ts";
import { StandardStreams } from "../files/standard_streams.ts";

/** Sends every method of `console` that would write to stdout to stderr. */
export const consoleToStderr = (): void => {
  const { error } = console;
  for (const name of ["log", "info", "debug", "dir", "table"] as const) console[name] = error.bind(console);
};

const showsMore = (): boolean => Deno.env.get("SIGNUM_LOG") === "debug";

/** Effect's logs as single lines on stderr; `SIGNUM_LOG=debug` shows more. */
const layerLogs: Layer.Layer<never> = Layer.mergeAll(
  Layer.succeed(Logger.LogToStderr, true),
  Logger.layer([Logger.consoleLogFmt]),
  Layer.succeed(
    References.MinimumLogLevel,
    showsMore() ? "Debug" : "Info",
  ),
);

const lineOf = (cause: Cause.Cause<Failure>): string => {
  const failure = cause.reasons.find(Cause.isFailReason);
  if (failure !== undefined) return failure.error.message;
  const defect = Cause.squash(cause);
  if (!(defect instanceof Error)) return `Unexpected failure: ${visibleLine(String(defect))}`;
  const where = showsMore() ? `\n${defect.stack}` : " (SIGNUM_LOG=debug shows where)";
  return `Unexpected failure: ${defect.name}: ${visibleLine(defect.message)}${where}`;
};

/** Milliseconds within which signals are one. */
const samePress = 1000;

/**
 * Runs a program as the process: status 0 when it succeeds, 1 and one line on stderr when it fails, 130 or 143 after SIGINT or SIGTERM,
 * once everything that it holds is released. A later signal ends at once; what comes within a second is the same key press, since a terminal
 * signals this process and `deno task` passes its own signal on.
 */
export const main = async (program: Effect.Effect<void, Failure>): Promise<never> => {
  const fiber = Effect.runFork(program.pipe(Effect.provide(layerLogs)));
  let [status, stoppedAt]: [number | undefined, number] = [undefined, 0];
  const stop = (signal: number) => () => {
    const now = performance.now();
    if (status !== undefined) return now - stoppedAt > samePress ? Deno.exit(status) : undefined;
    [status, stoppedAt] = [128 + signal, now];
    Effect.runFork(Fiber.interrupt(fiber));
  };
  Deno.addSignalListener("SIGINT", stop(2));
  Deno.addSignalListener("SIGTERM", stop(15));
  const exit = await Effect.runPromise(Fiber.await(fiber));
  if (Exit.isFailure(exit) && status === undefined) {
    const { report } = await Effect.runPromise(Effect.service(StandardStreams));
    await Effect.runPromise(report(lineOf(exit.cause)));
  }
  Deno.exit(status ?? (Exit.isSuccess(exit) ? 0 : 1));
};
