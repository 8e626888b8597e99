/**
 * Reads the input of a report: lines of NDJSON, each a JSON object, from files, or from stdin without files or for `-`. A folder stands for
 * its `evaluations.ndjson` or, for a training run, its `metrics.ndjson` with its `tests.ndjson`; its rows get the folder's name as their label,
 * so that several evaluations or runs can be compared.
 */
import * as Schema from "@effect/schema";
import { Effect, Result, Stream } from "effect";
import { basename, join, resolve } from "node:path";
import { exists, isFolder, reasonOf } from "../files/text_file.ts";
import { decodeLines } from "../records/ndjson.ts";
import { decodeRecord, encode } from "../records/record.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import { TestRow, testsFile } from "../training/end_tests.ts";
import type { Line } from "./report.ts";
import { withTests } from "./run_rows.ts";
import { FlatRow } from "../records/rows.ts";

/** A report cannot be made from its input, or a file cannot be read or written. */
export class ReportError extends Schema.TaggedError<ReportError>()("ReportError", { message: Schema.String }) {}

const fileBytes = (file: string) =>
  Stream.fromEffect(Effect.tryPromise({
    try: () => Deno.readFile(file),
    catch: (cause) => new ReportError({ message: `Cannot read "${file}": ${reasonOf(cause)}` }),
  }));

/** The file of an evaluation's rows. */
export const evaluationsFile = "evaluations.ndjson";

const metricsFile = "metrics.ndjson";

/** The file that a folder stands for: its evaluations, else the metrics of its training. */
const fileOf = Effect.fnUntraced(function* (folder: string) {
  const metrics = join(folder, metricsFile);
  const evaluations = join(folder, evaluationsFile);
  return !(yield* exists(evaluations)) && (yield* exists(metrics)) ? metrics : evaluations;
});

/** The name of a folder, or its path if two have the same name. */
const labelOf = (folder: string, folders: ReadonlyArray<string>): string => {
  const name = (path: string) => basename(resolve(path));
  return folders.filter((other) => name(other) === name(folder)).length > 1 ? folder : name(folder);
};

/** The tests of a run's folder that stand apart, as lines; none where there are none. */
const testLines = Effect.fnUntraced(function* (folder: string, label: string) {
  const file = join(folder, testsFile);
  if (!(yield* exists(file))) return [];
  const decodeLine = (text: string, line: number) =>
    Result.map(decodeRecord(TestRow, ["step", "testAccuracy"], text, { source: file, line }), (row) => {
      const named = { ...row, label };
      return { text: encode(named), row: named, source: file, line, step: row.step };
    });
  return yield* Stream.runCollect(decodeLines(fileBytes(file), file, decodeLine));
});

const joined = (test: Line, line: Line | undefined): Line => {
  if (line === undefined) return test;
  const row = { ...line.row, ...test.row };
  return { ...line, row, text: encode(row) };
};

/** All lines of the files, in order. */
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
    const rows = yield* read;
    const tests = folder === undefined || label === undefined || file !== join(folder, metricsFile)
      ? []
      : yield* testLines(folder, label);
    lines.push(...withTests(rows, tests, ({ row }) => row.step, joined));
  }
  return lines;
});
