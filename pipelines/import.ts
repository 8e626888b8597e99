/**
 * `deno task import --from NAME FILE`: responses that others drew and graded as records, so that `verify`, `pass-at-k` and `show` take them. What a
 * file says of right and wrong is kept as it stands; `verify` grades anew. Lines stream; Parquet is read whole.
 */
import { Effect, Result, Stream } from "effect";
import { readRows } from "../data/source.ts";
import type { Fault, Imported, Read, Row } from "./imports/importer.ts";
import { importers } from "./imports/mod.ts";
import { FlatRow } from "./reports/rows.ts";
import * as Command from "./runtime/command.ts";
import { decodeLines } from "./runtime/ndjson.ts";
import { decode, encode } from "./runtime/record.ts";
import { StandardStreams } from "./runtime/standard_streams.ts";

const names = Object.keys(importers);

const shown = (value: unknown): string => {
  const json = JSON.stringify(value, (_, inner) => typeof inner === "bigint" ? `${inner}` : inner) ?? "nothing";
  return json.length > 60 ? `${json.slice(0, 59)}…` : json;
};

const refused = (file: string, place: string, { field, expected, found }: Fault) =>
  new Command.UsageError({
    message: `Cannot import "${file}", ${place}: field "${field}" must be ${expected}, found ${shown(found)}`,
  });

const reasonOf = (cause: unknown): string =>
  cause instanceof Deno.errors.NotFound ? "there is no such file" : cause instanceof Error ? cause.message : `${cause}`;

const bytesOf = (file: string) => {
  const failed = (cause: unknown) => new Command.UsageError({ message: `Cannot read "${file}": ${reasonOf(cause)}` });
  return Stream.unwrap(
    Effect.map(
      Effect.tryPromise({ try: () => Deno.open(file), catch: failed }),
      ({ readable }) => Stream.fromReadableStream({ evaluate: () => readable, onError: failed }),
    ),
  );
};

/** The responses of a file of lines. */
const fromLines = <E extends Command.Failure>(bytes: Stream.Stream<Uint8Array, E>, source: string, read: Read) =>
  decodeLines(bytes, source, (text, line): Result.Result<ReadonlyArray<Imported>, Command.Failure> =>
    Result.flatMap(
      decode(FlatRow, [], text, { source, line }),
      (row) => Result.mapError(read(row), (fault) => refused(source, `line ${line}`, fault)),
    )).pipe(Stream.flatMap((some) => Stream.fromIterable(some)));

const isRow = (value: unknown): value is Row => typeof value === "object" && value !== null;

/** The responses of a Parquet file; rows count from 0. */
const fromParquet = (file: string, read: Read) =>
  Stream.unwrap(Effect.map(readRows(file), (rows) =>
    Stream.fromIterable(rows.entries()).pipe(
      Stream.mapEffect(([row, value]) =>
        Effect.fromResult(
          Result.mapError(read(isRow(value) ? value : {}), (fault) => refused(file, `row ${row}`, fault)),
        )
      ),
      Stream.flatMap((some) => Stream.fromIterable(some)),
    )));

/** `deno task import`. */
export const importCommand = Command.make({
  name: "import",
  summary: `Responses of other programs as records: ${names.join(", ")}`,
  settings: ["from", "task", "split"],
  required: ["from"],
  defaults: { split: "test" },
  positional: { name: "FILE", summary: "their files (default: stdin)", optional: true, many: true },
  run: Effect.fnUntraced(function* ({ from, task, split }, files) {
    const { input, inputName, write } = yield* StandardStreams;
    const read = importers[from].reader({ task, split });
    const records = Stream.fromIterable(files.length === 0 ? ["-"] : files).pipe(
      Stream.flatMap((file): Stream.Stream<Imported, Command.Failure> =>
        file === "-"
          ? fromLines(input, inputName, read)
          : file.endsWith(".parquet")
          ? fromParquet(file, read)
          : fromLines(bytesOf(file), file, read)
      ),
    );
    yield* Stream.runForEachArray(records, (some) => write(some.map((record) => `${encode(record)}\n`).join(""))).pipe(
      Effect.catchTag("PipeClosed", () => Effect.void),
    );
  }),
});
