/**
 * NDJSON over byte chunks. The complete lines of each chunk are decoded together, so that a long input costs one step per chunk rather than
 * per line. A chunk with a bad line emits nothing: output ends at a chunk boundary.
 */
import * as Schema from "@effect/schema";
import { Effect, Result, Stream } from "effect";
import { Buffer } from "node:buffer";

/** A line that is not UTF-8. */
export class NdjsonError extends Schema.TaggedError<NdjsonError>()("NdjsonError", { message: Schema.String }) {}

/** Decodes one line; `line` counts from 1 and blank lines count. */
export type DecodeLine<A, E> = (text: string, line: number) => Result.Result<A, E>;

interface Cut {
  readonly pending: ReadonlyArray<Uint8Array>;
  readonly line: number;
}

const newline = new Uint8Array([10]);

const decoder = new TextDecoder("utf-8", { fatal: true });

/** The text of bytes, or the number (from 1) of the first line that is not UTF-8. */
const decodeText = (bytes: Uint8Array): Result.Result<string, number> => {
  const text = Result.try(() => decoder.decode(bytes));
  if (Result.isSuccess(text)) return Result.succeed(text.success);
  let from = 0;
  for (let line = 1;; line++) {
    const newline = bytes.indexOf(10, from);
    const one = bytes.subarray(from, newline < 0 ? bytes.length : newline);
    if (newline < 0 || Result.isFailure(Result.try(() => decoder.decode(one)))) return Result.fail(line);
    from = newline + 1;
  }
};

/** Records of a byte stream, in order. The last line needs no newline; blank lines are skipped. */
export const decodeLines = <A, E, E2, R>(
  bytes: Stream.Stream<Uint8Array, E2, R>,
  source: string,
  decode: DecodeLine<A, E>,
): Stream.Stream<A, E | E2 | NdjsonError, R> =>
  Stream.suspend(() => {
    const step = (cut: Cut, chunk: Uint8Array, records: A[]): Result.Result<Cut, E | NdjsonError> => {
      const end = chunk.lastIndexOf(10);
      if (end < 0) return Result.succeed({ pending: [...cut.pending, chunk], line: cut.line });
      const lines = chunk.subarray(0, end);
      const text = decodeText(cut.pending.length === 0 ? lines : Buffer.concat([...cut.pending, lines]));
      if (Result.isFailure(text)) {
        const message = `Cannot read "${source}", line ${cut.line + text.failure}: it is not UTF-8`;
        return Result.fail(new NdjsonError({ message }));
      }
      let line = cut.line;
      for (const one of text.success.split("\n")) {
        line++;
        if (one.trim() === "") continue;
        const decoded = decode(one, line);
        if (Result.isFailure(decoded)) return Result.fail(decoded.failure);
        records.push(decoded.success);
      }
      return Result.succeed({ pending: end + 1 < chunk.length ? [chunk.subarray(end + 1)] : [], line });
    };
    const start: Cut = { pending: [], line: 0 };
    return Stream.concat(bytes, Stream.succeed(newline)).pipe(
      Stream.mapAccumArrayEffect(() => start, (cut: Cut, chunks) => {
        const records: A[] = [];
        let state = cut;
        for (const chunk of chunks) {
          const next = step(state, chunk, records);
          if (Result.isFailure(next)) return Effect.fail(next.failure);
          state = next.success;
        }
        return Effect.succeed([state, records] as const);
      }),
    );
  });
