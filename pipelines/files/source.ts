/**
 * Reads problems from disk. A task's files are searched in the folder or file that the user names, else in `SIGNUM_DATA`, else in
 * `SIGNUM_HOME/data`, else in `.signum/data`, laid out as the paper's data: `math/train.parquet`, `math/test.parquet`,
 * `aime2025/test.parquet`, `amc23/test.parquet`; `.jsonl` and `.jsonl.gz` work as well. Numbers are exact (`exact_json.ts`, `parquet.ts`),
 * and text must be UTF-8. The task's pure `parse` interprets the rows.
 */
import * as Schema from "@effect/schema";
import { Config, Effect, Option, Result } from "effect";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { parseExactly } from "../../data/exact_json.ts";
import { rowsOf } from "../../data/parquet.ts";
import { heldOut } from "../../data/tasks/holdout.ts";
import type { Dropped, Files, Problem, Split, Task } from "../../data/task.ts";
import { defaultHome } from "./home.ts";
import { unlessMissing } from "./text_file.ts";

/** Problems cannot be loaded: the data are `missing`, a file is `unreadable`, or a `row` is no valid problem. */
export class SourceError extends Schema.TaggedError<SourceError>()("SourceError", {
  reason: Schema.Literals(["missing", "unreadable", "row"]),
  file: Schema.String,
  message: Schema.String,
}) {}

/** The problems of a split in stored order, the dropped ones with reasons, and their file (null if generated). */
export interface Loaded {
  readonly problems: ReadonlyArray<Problem>;
  readonly dropped: ReadonlyArray<Dropped>;
  readonly file: string | null;
}

/**
 * `data` names a file or a folder; `limit` keeps the first problems of the split as stored; `holdout` takes this share of the training file for
 * the test split; `seed` is for generated problems, and so is `alike`, the most
 * problems that are alike: with it `limit` may ask for more than the split has.
 */
export interface LoadOptions {
  readonly data?: string | undefined;
  readonly limit?: number | undefined;
  readonly holdout?: number | undefined;
  readonly seed?: number | undefined;
  readonly alike?: number | undefined;
}

/** The extensions of data files without the point; if a split has several files, the first of these counts. */
export const dataEndings: ReadonlyArray<string> = ["parquet", "jsonl", "ndjson", "jsonl.gz", "ndjson.gz"];

/** Whether a text is the name of a data file; the case of the extension does not matter. */
export const isDataFile = (text: string): boolean =>
  dataEndings.some((ending) => text.toLowerCase().endsWith(`.${ending}`));

/** The problems of a task's split. */
export const loadProblems = Effect.fn("Source.load")(
  function* (task: Task, split: Split, options: LoadOptions = {}): Effect.fn.Return<Loaded, SourceError> {
    if (!task.splits.includes(split)) {
      const message = `Cannot load task "${task.name}": it has no split "${split}", only ${task.splits.join(" and ")}`;
      return yield* new SourceError({ reason: "missing", file: "", message });
    }
    const source = task.source;
    if (source.kind === "generated") {
      const { limit, seed, holdout, alike } = options;
      if (holdout !== undefined) return yield* noHoldout(task.name, holdout, "its problems are made");
      if (alike !== undefined && task.alikeBy === undefined) return yield* notAlike(task.name, alike);
      const count = alike === undefined
        ? Math.min(source.sizes[split], limit ?? Infinity)
        : limit ?? source.sizes[split];
      const problems = source.problems(split, count, seed, alike);
      if (problems.length === count) return { problems, dropped: [], file: null };
      const message =
        `Cannot load task "${task.name}": asked for ${count} ${split} problems, it made ${problems.length}`;
      return yield* new SourceError({ reason: "missing", file: "", message });
    }
    if (options.alike !== undefined) return yield* notAlike(task.name, options.alike);
    if (options.seed !== undefined) {
      const message =
        `Cannot load task "${task.name}" with problem seed ${options.seed} (--problem-seed): its problems are read, not made`;
      return yield* new SourceError({ reason: "missing", file: "", message });
    }
    const { holdout } = options;
    const file = yield* locate(task.name, source, holdout === undefined ? split : "train", options.data);
    if (holdout !== undefined) yield* withoutTests(task, source, file, holdout, options.data);
    const parsed = source.parse(yield* readRows(file), { file, split });
    if (!parsed.ok) {
      return yield* new SourceError({ reason: "row", file, message: parsed.error.message });
    }
    if (parsed.problems.length === 0) return yield* unreadable(file, emptyOf(parsed.dropped));
    const problems = holdout === undefined ? parsed.problems : heldOut(parsed.problems, holdout)[split];
    if (problems.length === 0) {
      return yield* noHoldout(task.name, holdout ?? 0, `no problem of "${file}" falls to the ${split} split`);
    }
    return { problems: problems.slice(0, options.limit), dropped: parsed.dropped, file };
  },
);

const noHoldout = (name: string, holdout: number, why: string) =>
  new SourceError({
    reason: "missing",
    file: "",
    message: `Cannot hold out ${holdout} (--holdout) of the problems of task "${name}": ${why}`,
  });

/** Fails where the test split has a file of its own, out of which nothing is held. */
const withoutTests = Effect.fnUntraced(
  function* (task: Task, source: Files, file: string, holdout: number, data: string | undefined) {
    if (!task.splits.includes("train") || !task.splits.includes("test")) {
      return yield* noHoldout(task.name, holdout, `it has the split ${task.splits.join(" and ")} alone`);
    }
    const tests = yield* Effect.catchIf(
      locate(task.name, source, "test", data),
      ({ reason }) => reason === "missing",
      () => Effect.succeed(undefined),
    );
    if (tests !== undefined && tests !== file) {
      return yield* noHoldout(task.name, holdout, `"${tests}" holds its test problems`);
    }
  },
);

const notAlike = (task: string, alike: number) =>
  new SourceError({
    reason: "missing",
    file: "",
    message: `Cannot load task "${task}" with --alike ${alike}: it does not say which of its problems are alike`,
  });

const emptyOf = (dropped: ReadonlyArray<Dropped>): string =>
  dropped.length === 0
    ? "it has no rows, so there is no problem"
    : `none of its ${dropped.length} rows is a problem: ${dropped[0].reason}`;

/** The file of the split, or an error that lists every searched path. */
const locate = Effect.fnUntraced(
  function* (
    name: string,
    source: Files,
    split: Split,
    data: string | undefined,
  ): Effect.fn.Return<string, SourceError> {
    const places = data === undefined ? yield* usualPlaces(source) : placesOf(data, source.folder);
    const looked: Array<string> = data === undefined ? [] : [data];
    if (data !== undefined && (yield* kindOf(data)) === "file") return data;
    for (const place of places) {
      for (const ending of dataEndings) {
        const candidate = join(place, `${split}.${ending}`);
        looked.push(candidate);
        if ((yield* kindOf(candidate)) === "file") return candidate;
      }
    }
    const advice = source.folder === null
      ? "name a file with --data FILE"
      : `set SIGNUM_DATA to a folder that holds ${source.folder}/${split}.parquet or .jsonl, or name a file with --data FILE`;
    const message = `Cannot find the ${split} problems of task "${name}": looked at ${
      looked.map((path) => `"${path}"`).join(", ") || "nothing, since no file is named"
    }; ${advice}`;
    return yield* new SourceError({ reason: "missing", file: looked[0] ?? "", message });
  },
);

const placesOf = (root: string, folder: string | null): ReadonlyArray<string> =>
  folder === null ? [root] : [join(root, folder), root];

const environment = (name: string): Effect.Effect<string | undefined> =>
  Config.option(Config.String(name)).pipe(
    Effect.map((value) => Option.getOrUndefined(value) || undefined),
    Effect.orElseSucceed(() => undefined),
  );

const usualPlaces = Effect.fnUntraced(function* (source: Files) {
  if (source.folder === null) return [];
  const data = yield* environment("SIGNUM_DATA");
  if (data !== undefined) return [join(data, source.folder)];
  const home = yield* environment("SIGNUM_HOME");
  const roots = new Set([home ?? defaultHome, defaultHome]);
  return [...roots].map((root) => join(root, "data", source.folder ?? ""));
});

const kindOf = (path: string): Effect.Effect<"file" | "folder" | "nothing", SourceError> =>
  Effect.map(
    Effect.tryPromise({ try: () => unlessMissing(stat(path)), catch: (cause) => unreadable(path, cause) }),
    (found) => found?.isFile() ? "file" : found?.isDirectory() ? "folder" : "nothing",
  );

const unreadable = (file: string, why: unknown, line?: number) =>
  new SourceError({
    reason: "unreadable",
    file,
    message: `Cannot read ${line === undefined ? "" : `line ${line} of `}"${file}": ${
      why instanceof Error ? why.message : why
    }`,
  });

/** Whether a file's name is that of a Parquet file. */
export const isParquet = (file: string): boolean => file.toLowerCase().endsWith(".parquet");

const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** The limit of a compressed file's uncompressed size, in bytes. */
const mostBytes = 2 ** 31;

const unpacked = (file: string, bytes: Uint8Array): Effect.Effect<Uint8Array, SourceError> =>
  Effect.try({
    try: () => gunzipSync(bytes, { maxOutputLength: mostBytes }),
    catch: (cause) => {
      const isTooLong = cause instanceof Error && "code" in cause && cause.code === "ERR_BUFFER_TOO_LARGE";
      return unreadable(file, isTooLong ? `unpacked it has more than ${mostBytes} bytes; unpack it in parts` : cause);
    },
  });

/** The rows of a Parquet file, or of a JSONL file, which may be compressed by gzip. */
export const readRows = Effect.fn("Source.readRows")(
  function* (file: string): Effect.fn.Return<ReadonlyArray<unknown>, SourceError> {
    const failed = (cause: unknown) => unreadable(file, cause);
    const bytes = yield* Effect.tryPromise({ try: () => readFile(file), catch: failed });
    if (!isParquet(file)) {
      if (!isGzip(bytes)) return yield* parseLines(file, bytes);
      return yield* parseLines(file, yield* unpacked(file, bytes));
    }
    const buffer = new Uint8Array(bytes).buffer;
    return yield* Effect.tryPromise({ try: () => alone(() => rowsOf(buffer)), catch: failed });
  },
);

/**
 * The result of `read`. hyparquet decodes the columns of a broken file concurrently and awaits only the first failure; the other rejections
 * would be unhandled and end the process.
 */
const alone = async <A>(read: () => Promise<A>): Promise<A> => {
  const quiet = (event: PromiseRejectionEvent): void => event.preventDefault();
  globalThis.addEventListener("unhandledrejection", quiet);
  try {
    return await read();
  } finally {
    // Unhandled rejections are reported at the end of this turn.
    setTimeout(() => globalThis.removeEventListener("unhandledrejection", quiet), 0);
  }
};

// A byte order mark is skipped at the start of a file and is text elsewhere.
const [openingUtf8, utf8] = [false, true].map((ignoreBOM) => new TextDecoder("utf-8", { fatal: true, ignoreBOM }));

/** Parses one JSON value per line; skips blank lines. Reads by lines, because a file may exceed the maximum string length. */
const parseLines = Effect.fnUntraced(
  function* (file: string, bytes: Uint8Array): Effect.fn.Return<ReadonlyArray<unknown>, SourceError> {
    const rows: Array<unknown> = [];
    for (let [line, from] = [1, 0]; from < bytes.length; line++) {
      const newline = bytes.indexOf(10, from);
      const part = bytes.subarray(from, newline < 0 ? bytes.length : newline);
      const text = Result.try(() => (line === 1 ? openingUtf8 : utf8).decode(part));
      if (Result.isFailure(text)) return yield* unreadable(file, "it is not UTF-8", line);
      from += part.length + 1;
      if (text.success.trim() === "") continue;
      rows.push(
        yield* Effect.try({
          try: (): unknown => parseExactly(text.success),
          catch: (cause) => unreadable(file, cause, line),
        }),
      );
    }
    return rows;
  },
);
