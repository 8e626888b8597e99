/**
 * What a stage did, so that it can be asked to do it again: `recorded` runs a stage inside of a run, keeps its output as NDJSON and says in
 * one `StageRecord` what it read, under which settings, on which device and what came out; `replay` runs it again from the kept input and
 * names the first byte that differs. Files are named from the run's folder and by SHA-256, so a record holds no path, clock or host.
 */
import { Effect, Stream } from "effect";
import { createHash } from "node:crypto";
import type { SettingKey, Settings } from "../settings/settings.ts";
import type { Failure } from "../settings/command.ts";
import { encode, type ListTexts } from "./record.ts";
import type { RunDirectory, RunError } from "../files/run_directory.ts";
import * as Stage from "../stages/stage.ts";

/** A file of records inside of a run: its name there and the SHA-256 of its bytes. */
export interface RecordFile {
  readonly name: string;
  readonly sha256: string;
}

/** One application of a stage. `key` is what its randomness was drawn from; `input` is null for a stage that begins a pipe. */
export interface StageRecord {
  readonly stage: string;
  readonly code: string;
  readonly config: Readonly<Partial<Settings>>;
  readonly key: { readonly seed: number; readonly step: number };
  readonly input: RecordFile | null;
  readonly output: RecordFile;
  readonly device: string;
}

/** What is true of every stage of a run: its folder, the version of the code, the device and the place in training. */
export interface Recording {
  readonly run: RunDirectory;
  readonly code: string;
  readonly device: string;
  readonly seed: number;
  readonly step: number;
}

/** Where two texts first differ: the byte (from 0), the line (from 1), and what stands there in each. */
export interface Difference {
  readonly file: string;
  readonly byte: number;
  readonly line: number;
  readonly expected: string;
  readonly found: string;
}

/** The SHA-256 of a text's UTF-8 bytes, in hexadecimal. */
export const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** Records as NDJSON; `lists` remembers the texts of number lists that several records hold. */
export const toText = (records: Iterable<object>, lists?: ListTexts): string => {
  let text = "";
  for (const record of records) text += `${encode(record, lists)}\n`;
  return text;
};

/** The first difference between what a file holds and what was made again, or undefined. */
export const firstDifference = (file: string, expected: string, found: string): Difference | undefined => {
  if (expected === found) return undefined;
  let at = 0;
  while (at < expected.length && expected[at] === found[at]) at++;
  const before = expected.slice(0, at);
  return {
    file,
    byte: new TextEncoder().encode(before).length,
    line: before.split("\n").length,
    expected: expected.slice(at, at + 40),
    found: found.slice(at, at + 40),
  };
};

/**
 * Runs a stage on `input` and keeps its records as the run's file `output`. `inputFile` is the file that holds `input`, as the record of the
 * stage before says it.
 */
export const recorded = Effect.fnUntraced(function* <In, Out extends object, K extends SettingKey, Q extends K, R>(
  stage: Stage.Stage<In, Out, K, Q, R>,
  input: Iterable<In>,
  inputFile: RecordFile | null,
  config: Partial<Pick<Settings, K>>,
  output: string,
  recording: Recording,
): Effect.fn.Return<{ records: ReadonlyArray<Out>; record: StageRecord }, Stage.StageError | RunError, R> {
  const { run, code, device, seed, step } = recording;
  const records = yield* Stream.runCollect(Stage.run(stage, input, config));
  const text = toText(records);
  yield* run.writeText(output, text);
  const record: StageRecord = {
    stage: stage.name,
    code,
    config,
    key: { seed, step },
    input: inputFile,
    output: { name: output, sha256: sha256(text) },
    device,
  };
  return { records, record };
});

/** Runs a recorded stage again from the run's files; gives the first byte that differs, or undefined where none does. */
export const replay = Effect.fnUntraced(function* <In, Out extends object, K extends SettingKey, Q extends K, R>(
  stage: Stage.Stage<In, Out, K, Q, R>,
  record: StageRecord,
  run: RunDirectory,
): Effect.fn.Return<Difference | undefined, Failure, R> {
  const expected = yield* fileText(run, record.output);
  const input = record.input === null ? "" : yield* fileText(run, record.input);
  const records = Stage.read(stage, Stream.succeed(new TextEncoder().encode(input)), record.input?.name ?? "");
  const again = yield* Stream.runCollect(Stage.run(stage, records, record.config as Partial<Pick<Settings, K>>));
  return firstDifference(record.output.name, expected, toText(again));
});

const fileText = Effect.fnUntraced(function* (run: RunDirectory, file: RecordFile) {
  const text = yield* run.readText(file.name);
  const found = text === undefined ? "no file" : sha256(text);
  if (text === undefined || found !== file.sha256) {
    return yield* new Stage.StageError({
      stage: "replay",
      message: `Cannot replay from "${run.pathOf(file.name)}": expected SHA-256 ${file.sha256}, found ${found}`,
    });
  }
  return text;
});
