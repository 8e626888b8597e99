/**
 * NDJSON over byte chunks: complete lines are cut out of each chunk and decoded together, so that a long input costs one step a chunk, not
 * one a line. A chunk that holds a bad line gives nothing at all: an output never ends in the middle of what one read brought.
 */
import { Effect, Result, Stream } from "effect";

/** Decodes one line; `line` counts from 1 and blank lines count. */
export type DecodeLine<A, E> = (text: string, line: number) => Result.Result<A, E>;

interface Cut {
  readonly pending: ReadonlyArray<Uint8Array>;
  readonly line: number;
}

const newline = new Uint8Array([10]);

const join = (parts: ReadonlyArray<Uint8Array>): Uint8Array => {
  if (parts.length === 1) return parts[0];
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
};

/** Records of a byte stream, in order; the last line needs no newline, lines of white space are skipped. */
export const decodeLines = <A, E, E2, R>(
  bytes: Stream.Stream<Uint8Array, E2, R>,
  decode: DecodeLine<A, E>,
): Stream.Stream<A, E | E2, R> =>
  Stream.suspend(() => {
    const decoder = new TextDecoder("utf-8");
    const step = (cut: Cut, chunk: Uint8Array, records: A[]): Result.Result<Cut, E> => {
      const end = chunk.lastIndexOf(10);
      if (end < 0) return Result.succeed({ pending: [...cut.pending, chunk], line: cut.line });
      const text = decoder.decode(join([...cut.pending, chunk.subarray(0, end)]));
      let line = cut.line;
      for (const one of text.split("\n")) {
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
