/**
 * The three standard streams of a Unix filter as one replaceable reference: bytes in, text out, messages on stderr. A closed reader (`|
 * head`) is `PipeClosed`, which a command treats as a normal end. Messages cannot control a terminal (`plain_text.ts`). Tests replace the
 * reference by memory.
 */
import { Context, Effect, Stream } from "effect";
import * as Schema from "@effect/schema";
import { masked, visible } from "./plain_text.ts";

/** The reader of stdout has closed the pipe; a filter ends quietly with status 0. */
export class PipeClosed extends Schema.TaggedError<PipeClosed>()("PipeClosed", { message: Schema.String }) {}

/** Stdin or stdout failed for a reason other than a closed pipe. */
export class StandardStreamError extends Schema.TaggedError<StandardStreamError>()("StandardStreamError", {
  message: Schema.String,
}) {}

/** The streams of a command; `write` returns when the text is accepted, which gives back-pressure. */
export interface Streams {
  readonly input: Stream.Stream<Uint8Array, StandardStreamError>;
  readonly inputName: string;
  readonly write: (text: string) => Effect.Effect<void, PipeClosed | StandardStreamError>;
  /** Whether stderr is a terminal, which allows a progress bar. */
  readonly isTerminal: boolean;
  readonly report: (line: string) => Effect.Effect<void>;
}

const encoder = new TextEncoder();

const writeAll = async (text: string): Promise<void> => {
  let rest = encoder.encode(text);
  while (rest.length > 0) rest = rest.subarray(await Deno.stdout.write(rest));
};

const ofProcess: Streams = {
  inputName: "<stdin>",
  isTerminal: Deno.stderr.isTerminal(),
  input: Stream.suspend(() =>
    Stream.fromReadableStream({
      evaluate: () => Deno.stdin.readable,
      onError: (cause) => new StandardStreamError({ message: `Cannot read stdin: ${String(cause)}` }),
      releaseLockOnEnd: true,
    })
  ),
  write: (text) =>
    Effect.tryPromise({
      try: () => writeAll(text),
      catch: (cause) =>
        cause instanceof Deno.errors.BrokenPipe
          ? new PipeClosed({ message: "The reader of stdout has gone" })
          : new StandardStreamError({ message: `Cannot write stdout: ${String(cause)}` }),
    }),
  report: (line) =>
    Effect.sync(() => {
      let rest = encoder.encode(`${visible(masked(line))}\n`);
      while (rest.length > 0) rest = rest.subarray(Deno.stderr.writeSync(rest));
    }).pipe(Effect.catchCause(() => Effect.void)),
};

/** The current standard streams: those of the process unless a test replaces them. */
export const StandardStreams = Context.Reference<Streams>("signum/pipelines/files/StandardStreams", {
  defaultValue: () => ofProcess,
});

/** Streams in memory: the given text is stdin, and output and messages are collected. */
export const memory = (stdin: string) => {
  const written: string[] = [];
  const reported: string[] = [];
  const streams: Streams = {
    inputName: "<stdin>",
    isTerminal: false,
    input: Stream.succeed(encoder.encode(stdin)),
    write: (text) => Effect.sync(() => void written.push(text)),
    report: (line) => Effect.sync(() => void reported.push(visible(masked(line)))),
  };
  return { streams, stdout: () => written.join(""), stderr: () => reported.join("\n") };
};

/** Whether stdout is a terminal, which allows bold and underlined text. */
export const OutputIsTerminal = Context.Reference<boolean>("signum/pipelines/files/OutputIsTerminal", {
  defaultValue: () => Deno.stdout.isTerminal(),
});
