/**
 * `deno task import --from NAME FILE`: responses that others drew and graded as records, so that `verify`, `pass-at-k` and `show` take them. What a
 * file says of right and wrong is kept as it stands; `verify` grades anew. Lines stream; Parquet and packed files are read whole. One name for
 * two problems is an error: their responses would count as those of one.
 */
import { Effect, Result, Stream, Struct } from "effect";
import { basename, resolve } from "node:path";
import { isObject } from "../../data/is_object.ts";
import { isParquet, readRows } from "../files/source.ts";
import { pieces } from "../files/text_file.ts";
import type { Fault, Imported, Importer, Read, Row } from "../records/imports/importer.ts";
import { importers } from "../records/imports/mod.ts";
import { FlatRow } from "../records/rows.ts";
import * as Command from "../settings/command.ts";
import { makeCommand } from "../settings/command.ts";
import { imports, problems } from "../settings/groups.ts";
import { withDefault } from "../settings/setting.ts";
import { decodeLines } from "../records/ndjson.ts";
import { decodeRecord, encode } from "../records/record.ts";
import { StandardStreams } from "../files/standard_streams.ts";

const names = Object.keys(importers);

const shown = (value: unknown): string => {
  const json = JSON.stringify(value, (_, inner) => typeof inner === "bigint" ? `${inner}` : inner) ?? "nothing";
  return json.length > 60 ? `${json.slice(0, 59)}…` : json;
};

const refused = (file: string, place: string, { field, expected, found }: Fault) =>
  new Command.UsageError({
    message: `Cannot import "${file}", ${place}: field "${field}" must be ${expected}, found ${shown(found)}`,
  });

/** A row as it is read, with its place in words. */
type ReadAt = (row: Row, place: string) => Result.Result<ReadonlyArray<Imported>, Command.Failure>;

/** The responses of a file of lines. */
const fromLines = <E extends Command.Failure>(bytes: Stream.Stream<Uint8Array, E>, source: string, read: ReadAt) =>
  decodeLines(
    bytes,
    source,
    (text, line) =>
      Result.flatMap(decodeRecord(FlatRow, [], text, { source, line }), (row) => read(row, `line ${line}`)),
  ).pipe(Stream.flatMap((some) => Stream.fromIterable(some)));

/** The responses of rows that are all at hand; a bad one gives nothing at all. */
const fromAll = (rows: Iterable<readonly [Row, string]>, read: ReadAt) =>
  Stream.fromArrayEffect(
    Effect.map(Effect.forEach(rows, ([row, place]) => Effect.fromResult(read(row, place))), (some) => some.flat()),
  );

/** The responses of a Parquet file, or of a packed one of lines; rows count from 0. */
const fromRows = (file: string, read: ReadAt) =>
  Stream.unwrap(
    Effect.map(readRows(file), (rows) =>
      fromAll(
        rows.map((value, row) => [isObject(value) ? value : {}, `row ${row}`] as const),
        read,
      )),
  );

/** The responses of a file that may be no list of JSON objects. */
const fromText = (
  bytes: Stream.Stream<Uint8Array, Command.Failure>,
  source: string,
  read: ReadAt,
  rowsOfText: NonNullable<Importer["rowsOfText"]>,
) =>
  Stream.unwrap(Effect.gen(function* () {
    const whole = Buffer.concat(yield* Stream.runCollect(bytes));
    const text = yield* Effect.try({
      try: () => new TextDecoder("utf-8", { fatal: true }).decode(whole),
      catch: () => new Command.UsageError({ message: `Cannot read "${source}": it is not UTF-8` }),
    });
    const rows = rowsOfText(text);
    return rows === undefined
      ? fromLines(Stream.succeed(whole), source, read)
      : fromAll(rows.map(({ row, line }) => [row, `line ${line}`] as const), read);
  }));

/** Refuses responses under the name of a problem that was another one before. */
const oneProblemEach = () => {
  const known = new Map<string, { readonly asked: string; readonly where: string }>();
  return (records: ReadonlyArray<Imported>, file: string, place: string): Command.UsageError | undefined => {
    for (const { problemId, question, goldAnswer } of records) {
      const asked = JSON.stringify([question, goldAnswer]);
      const before = known.get(problemId);
      if (before === undefined) known.set(problemId, { asked, where: `"${file}", ${place}` });
      else if (before.asked !== asked) {
        const which = `problem "${problemId}" asks ${shown(question)} there and something else in ${before.where}`;
        const advice = "import each file under its own --task, or under the name that its program gave it";
        return new Command.UsageError({ message: `Cannot import "${file}", ${place}: ${which}; ${advice}` });
      }
    }
    return undefined;
  };
};

/** A reader of one file; `collide` remembers the problems of all. */
const readerOf = (file: string, read: Read, collide: ReturnType<typeof oneProblemEach>): ReadAt => (row, place) =>
  Result.flatMap(
    Result.mapError(read(row, basename(file)), (fault): Command.Failure => refused(file, place, fault)),
    (records) => {
      const collision = collide(records, file, place);
      return collision === undefined ? Result.succeed(records) : Result.fail(collision);
    },
  );

/** `deno task import`. */
export const importCommand = makeCommand({
  name: "import",
  summary: `Responses of other programs as records: ${names.join(", ")}`,
  settings: {
    ...Struct.pick(imports, ["from"]),
    ...Struct.pick(problems, ["task"]),
    split: withDefault(problems.split, "test"),
    ...imports,
  },
  required: ["from"],
  positional: { name: "FILE", summary: "their files (default: stdin)", optional: true, many: true },
  run: Effect.fnUntraced(function* ({ from, task, split, metric }, files) {
    const { input, inputName, write, report } = yield* StandardStreams;
    const named = files.map((file) => file === "-" ? file : resolve(file));
    const twice = files.find((_, i) => named.indexOf(named[i]) < i);
    if (twice !== undefined) {
      return yield* new Command.UsageError({ message: `Cannot import "${twice}": it is given twice` });
    }
    const told = new Set<string>();
    const { reader, rowsOfText } = importers[from];
    const read = reader({ task, split, metric, tell: (line) => void told.add(line) });
    const collide = oneProblemEach();
    const recordsOf = (file: string): Stream.Stream<Imported, Command.Failure> => {
      const source = file === "-" ? inputName : file;
      const readAt = readerOf(source, read, collide);
      if (file !== "-" && (isParquet(file) || /\.gz$/i.test(file))) return fromRows(file, readAt);
      const bytes: Stream.Stream<Uint8Array, Command.Failure> = file === "-" ? input : pieces(file);
      return rowsOfText === undefined ? fromLines(bytes, source, readAt) : fromText(bytes, source, readAt, rowsOfText);
    };
    const records = Stream.flatMap(Stream.fromIterable(files.length === 0 ? ["-"] : files), recordsOf);
    yield* Stream.runForEachArray(records, (some) => write(some.map((record) => `${encode(record)}\n`).join(""))).pipe(
      Effect.catchTag("PipeClosed", () => Effect.void),
    );
    for (const line of told) yield* report(line);
  }),
});
