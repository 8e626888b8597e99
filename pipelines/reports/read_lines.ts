/**
 * The input of a report: lines of NDJSON from files, or from stdin where no file is named (or `-` is), each a JSON object. A folder stands for
 * its `evaluations.ndjson`, or that of a training for its `metrics.ndjson`; the rows then have the folder's name as their label, so that several
 * evaluations or trainings stand side by side.
 */
import * as Schema from "@effect/schema";
import { Effect, Result, Stream } from "effect";
import { basename, join, resolve } from "node:path";
import { exists, isFolder, reasonOf } from "../files/text_file.ts";
import { decodeLines } from "../records/ndjson.ts";
import { decodeRecord, encode } from "../records/record.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import type { Line } from "./report.ts";
import { FlatRow } from "../records/rows.ts";

/** A report that cannot be made of its input, or a file that cannot be read or written. */
export class ReportError extends Schema.TaggedError<ReportError>()("ReportError", { message: Schema.String }) {}

const fileBytes = (file: string) =>
  Stream.fromEffect(Effect.tryPromise({
    try: () => Deno.readFile(file),
    catch: (cause) => new ReportError({ message: `Cannot read "${file}": ${reasonOf(cause)}` }),
  }));

/** Where an evaluation keeps its rows. */
export const evaluationsFile = "evaluations.ndjson";

/** What a folder stands for: its evaluations, else the metrics of the training that it holds. */
const fileOf = Effect.fnUntraced(function* (folder: string) {
  const metrics = join(folder, "metrics.ndjson");
  const evaluations = join(folder, evaluationsFile);
  return !(yield* exists(evaluations)) && (yield* exists(metrics)) ? metrics : evaluations;
});

/** A folder's own name, or its path where two have one name. */
const labelOf = (folder: string, folders: ReadonlyArray<string>): string => {
  const name = (path: string) => basename(resolve(path));
  return folders.filter((other) => name(other) === name(folder)).length > 1 ? folder : name(folder);
};

/** All lines, file after file. */
export const readLines = Effect.fnUntraced(function* (files: ReadonlyArray<string>) {
  const { input, inputName } = yield* StandardStreams;
  const lines: Line[] = [];
  const folders = yield* Effect.filter(files, isFolder);
  for (const given of files.length === 0 ? ["-"] : files) {
    const folder = folders.includes(given) ? given : undefined;
    const file = folder === undefined ? given : yield* fileOf(folder);
    const source = file === "-" ? inputName : file;
    const label = folder === undefined ? undefined : labelOf(folder, folders);
    const decodeLine = (text: string, line: number) =>
      Result.map(decodeRecord(FlatRow, [], text, { source, line }), (row): Line => {
        if (label === undefined) return { text, row, source, line };
        const named = { ...row, label };
        return { text: encode(named), row: named, source, line };
      });
    const read = file === "-"
      ? Stream.runCollect(decodeLines(input, source, decodeLine))
      : Stream.runCollect(decodeLines(fileBytes(file), source, decodeLine));
    lines.push(...(yield* read));
  }
  return lines;
});
