/**
 * Reads the input of a report: lines of NDJSON, each a JSON object, from files, or from stdin without files or for `-`. A folder stands for
 * its `evaluations.ndjson` or, for a training run, its `metrics.ndjson`, or a file of each of its steps where a report reads that; its rows get the folder's name as their label, so that several
 * evaluations or runs can be compared.
 */
import * as Schema from "@effect/schema";
import { Effect, Result, Stream } from "effect";
import { basename, join, resolve } from "node:path";
import { stepFolder } from "../files/run_directory.ts";
import { exists, isFolder, reasonOf } from "../files/text_file.ts";
import { decodeLines } from "../records/ndjson.ts";
import { decodeRecord, encode } from "../records/record.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import type { Line, StepFile } from "./report.ts";
import { recordedSteps } from "./responses/run_responses.ts";
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

/** A file, and what its rows get beside their own fields. */
interface Part {
  readonly file: string;
  readonly more: Readonly<Record<string, unknown>>;
}

/** The files that a folder stands for: the steps of a run where they are asked for, its evaluations, else the metrics of its training. */
const partsOf = Effect.fnUntraced(function* (folder: string, steps: StepFile | undefined, label: string) {
  const metrics = join(folder, "metrics.ndjson");
  const evaluations = join(folder, evaluationsFile);
  if (steps === undefined || !(yield* exists(join(folder, "steps")))) {
    const file = !(yield* exists(evaluations)) && (yield* exists(metrics)) ? metrics : evaluations;
    return [{ file, more: { label } }];
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

/** The lines of one file, or of stdin. */
const linesOf = Effect.fnUntraced(function* ({ file, more }: Part) {
  const { input, inputName } = yield* StandardStreams;
  const source = file === "-" ? inputName : file;
  const decodeLine = (text: string, line: number) =>
    Result.map(decodeRecord(FlatRow, [], text, { source, line }), (row): Line => {
      if (Object.keys(more).length === 0) return { text, row, source, line };
      const named = { ...row, ...more };
      return { text: encode(named), row: named, source, line };
    });
  return yield* file === "-"
    ? Stream.runCollect(decodeLines(input, source, decodeLine))
    : Stream.runCollect(decodeLines(fileBytes(file), source, decodeLine));
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
