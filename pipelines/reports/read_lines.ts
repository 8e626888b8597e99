/**
 * Reads the input of a report: lines of NDJSON, each a JSON object, from files, or from stdin without files or for `-`. A folder stands for
 * its `evaluations.ndjson` or, for a training run, its `metrics.ndjson` with its `tests.ndjson`, or a file of each of its steps where a report
 * reads that; its rows get the folder's name as their label, so that several evaluations or runs can be compared.
 */
import { Effect, Result, Stream } from "effect";
import { basename, join, resolve } from "node:path";
import { stepFolder } from "../files/run_directory.ts";
import { exists, isFolder, pieces } from "../files/text_file.ts";
import { decodeLines } from "../records/ndjson.ts";
import { decodeRecord, encode } from "../records/record.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import { TestRow, testsFile } from "../training/end_tests.ts";
import type { Line, StepFile } from "./report.ts";
import { recordedSteps } from "./responses/run_responses.ts";
import { withTests } from "./run_rows.ts";
import { FlatRow } from "../records/rows.ts";

/** The file of an evaluation's rows. */
export const evaluationsFile = "evaluations.ndjson";

/** A file, what its rows get beside their own fields, and a file of tests that join its rows. */
interface Part {
  readonly file: string;
  readonly more: Readonly<Record<string, unknown>>;
  readonly tests?: string;
}

/** The files that a folder stands for: the steps of a run where they are asked for, its evaluations, else the metrics of its training. */
const partsOf = Effect.fnUntraced(function* (folder: string, steps: StepFile | undefined, label: string) {
  const metrics = join(folder, "metrics.ndjson");
  const evaluations = join(folder, evaluationsFile);
  if (steps === undefined || !(yield* exists(join(folder, "steps")))) {
    const trained = !(yield* exists(evaluations)) && (yield* exists(metrics));
    const part: Part = trained
      ? { file: metrics, more: { label }, tests: join(folder, testsFile) }
      : { file: evaluations, more: { label } };
    return [part];
  }
  const parts = (yield* recordedSteps(folder)).map((step): Part => ({
    file: join(folder, stepFolder(step), `${steps}.ndjson`),
    more: { step, label },
  }));
  return yield* Effect.filter(parts, ({ file }) => exists(file));
});

/** The name of a folder, or its path if two have the same name. */
const labelOf = (folder: string, folders: ReadonlyArray<string>): string => {
  const name = (path: string) => basename(resolve(path));
  return folders.filter((other) => name(other) === name(folder)).length > 1 ? folder : name(folder);
};

/** The tests of a run that stand apart, as lines; none where there are none. */
const testLines = Effect.fnUntraced(function* (file: string, more: Part["more"]) {
  if (!(yield* exists(file))) return [];
  const decodeLine = (text: string, line: number) =>
    Result.map(decodeRecord(TestRow, ["step", "testAccuracy"], text, { source: file, line }), (row) => {
      const named = { ...row, ...more };
      return { text: encode(named), row: named, source: file, line, step: row.step };
    });
  return yield* Stream.runCollect(decodeLines(pieces(file), file, decodeLine));
});

const joined = (test: Line, line: Line | undefined): Line => {
  if (line === undefined) return test;
  const row = { ...line.row, ...test.row };
  return { ...line, row, text: encode(row) };
};

/** The lines of one file, or of stdin. */
const linesOf = Effect.fnUntraced(function* ({ file, more, tests }: Part) {
  const { input, inputName } = yield* StandardStreams;
  const source = file === "-" ? inputName : file;
  const decodeLine = (text: string, line: number) =>
    Result.map(decodeRecord(FlatRow, [], text, { source, line }), (row): Line => {
      if (Object.keys(more).length === 0) return { text, row, source, line };
      const named = { ...row, ...more };
      return { text: encode(named), row: named, source, line };
    });
  const rows = yield* file === "-"
    ? Stream.runCollect(decodeLines(input, source, decodeLine))
    : Stream.runCollect(decodeLines(pieces(file), source, decodeLine));
  return tests === undefined ? rows : withTests(rows, yield* testLines(tests, more), ({ row }) => row.step, joined);
});

/** All lines of the files, in order; of a run's folder those of `steps`, if given. */
export const readLines = Effect.fnUntraced(function* (files: ReadonlyArray<string>, steps?: StepFile) {
  const folders = yield* Effect.filter(files, isFolder);
  const parts = yield* Effect.forEach(
    files.length === 0 ? ["-"] : files,
    (given) =>
      folders.includes(given)
        ? partsOf(given, steps, labelOf(given, folders))
        : Effect.succeed<ReadonlyArray<Part>>([{ file: given, more: {} }]),
  );
  return (yield* Effect.forEach(parts.flat(), linesOf)).flat();
});
