/** Reads files of records for a page: once, line by line, hashing all lines and keeping only the selected ones. */
import * as Schema from "@effect/schema";
import { Effect, Result, Stream } from "effect";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { exists, pieces } from "../../files/text_file.ts";
import type { Failure } from "../../settings/command.ts";
import { decodeLines } from "../../records/ndjson.ts";
import { presentFields } from "../../records/present_fields.ts";
import { decodeRecord } from "../../records/record.ts";
import type { RecordSchema } from "../../records/schema.ts";
import type { Kept } from "./walk.ts";

/** A folder from which no page can be made. */
export class PageError extends Schema.TaggedError<PageError>()("PageError", { message: Schema.String }) {}

/** A line of a file. */
export interface FileLine {
  readonly line: number;
  readonly text: string;
}

/** The result of reading a file, and the SHA-256 of all of it. */
export interface Scanned<A = FileLine> {
  readonly file: string;
  readonly sha256: string;
  readonly lines: ReadonlyArray<A>;
}

/** The lines of `folder/file` that `keeps` selects, of what `read` leaves of its bytes; undefined if there is no such file. */
export const scan = Effect.fnUntraced(function* (
  folder: string,
  file: string,
  keeps: (text: string) => boolean = () => true,
  read: (bytes: Stream.Stream<Uint8Array, Failure>) => Stream.Stream<Uint8Array, Failure> = (bytes) => bytes,
): Effect.fn.Return<Scanned | undefined, Failure> {
  const path = join(folder, file);
  if (!(yield* exists(path))) return undefined;
  const hash = createHash("sha256");
  const bytes = Stream.tap(pieces(path), (chunk) => Effect.sync(() => void hash.update(chunk)));
  const lines: FileLine[] = [];
  yield* Stream.runForEach(
    decodeLines(read(bytes), path, (text, line) => Result.succeed({ text, line })),
    (one) => Effect.sync(() => void (keeps(one.text) && lines.push(one))),
  );
  return { file, sha256: hash.digest("hex"), lines };
});

/** Decodes lines as a record type; optional fields are checked if present. */
export const recordsOf = <A extends object>(
  folder: string,
  scanned: Scanned | undefined,
  noun: RecordSchema<A>,
  needs: ReadonlyArray<keyof A & string> = noun.fields.filter(({ optional }) => !optional).map(({ name }) => name),
): Effect.Effect<ReadonlyArray<Kept<A>>, Failure> =>
  Effect.forEach(scanned?.lines ?? [], ({ text, line }) => {
    const file = scanned?.file ?? "";
    const place = { source: join(folder, file), line };
    return Effect.map(
      Effect.fromResult(decodeRecord(noun, presentFields(noun, needs), text, place)),
      (record): Kept<A> => ({ file, line, text, record }),
    );
  });

/** The rows of `folder/file` (none if it is missing) and the result of reading it. */
export const rowsIn = Effect.fnUntraced(function* <A extends object>(
  folder: string,
  file: string,
  noun: RecordSchema<A>,
): Effect.fn.Return<{ readonly rows: ReadonlyArray<A>; readonly scanned: Scanned | undefined }, Failure> {
  const scanned = yield* scan(folder, file);
  return { rows: (yield* recordsOf(folder, scanned, noun)).map(({ record }) => record), scanned };
});
