/** The input of a report: lines of NDJSON from files, or from stdin where no file is named (or `-` is), each a JSON object. */
import * as Schema from "@effect/schema";
import { Effect, Result, Stream } from "effect";
import { decodeLines } from "../runtime/ndjson.ts";
import { decode } from "../runtime/record.ts";
import { StandardStreams } from "../runtime/standard_streams.ts";
import type { Line } from "./report.ts";
import { FlatRow } from "./rows.ts";

/** A report that cannot be made of its input, or a file that cannot be read or written. */
export class ReportError extends Schema.TaggedError<ReportError>()("ReportError", { message: Schema.String }) {}

const reasonOf = (cause: unknown): string =>
  cause instanceof Deno.errors.NotFound ? "there is no such file" : cause instanceof Error ? cause.message : `${cause}`;

const fileBytes = (file: string) =>
  Stream.fromEffect(Effect.tryPromise({
    try: () => Deno.readFile(file),
    catch: (cause) => new ReportError({ message: `Cannot read "${file}": ${reasonOf(cause)}` }),
  }));

/** All lines, file after file. */
export const readLines = Effect.fnUntraced(function* (files: ReadonlyArray<string>) {
  const { input, inputName } = yield* StandardStreams;
  const lines: Line[] = [];
  for (const file of files.length === 0 ? ["-"] : files) {
    const source = file === "-" ? inputName : file;
    const decodeLine = (text: string, line: number) =>
      Result.map(decode(FlatRow, [], text, { source, line }), (row): Line => ({ text, row, source, line }));
    const read = file === "-"
      ? Stream.runCollect(decodeLines(input, source, decodeLine))
      : Stream.runCollect(decodeLines(fileBytes(file), source, decodeLine));
    lines.push(...(yield* read));
  }
  return lines;
});
