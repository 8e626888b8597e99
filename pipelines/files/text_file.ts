/**
 * Files and folders that may be missing. Only ENOENT means missing. An unreadable folder, or a path that leads through a file, is an error;
 * treating it as missing would restart a run or skip existing data.
 */
import * as Schema from "@effect/schema";
import { Effect, Stream } from "effect";
import { open, readdir, readFile, stat } from "node:fs/promises";

/** A file or folder cannot be inspected or read. */
export class FileError extends Schema.TaggedError<FileError>()("FileError", { message: Schema.String }) {}

/** The message of a thrown value. */
export const reasonOf = (cause: unknown): string =>
  cause instanceof Deno.errors.NotFound ? "there is no such file" : cause instanceof Error ? cause.message : `${cause}`;

/** The result of a promise, or undefined if it fails with ENOENT. Other failures remain. */
export const unlessMissing = <A>(promise: Promise<A>): Promise<A | undefined> =>
  promise.catch((cause) => {
    if (cause?.code === "ENOENT") return undefined;
    throw cause;
  });

const look = <A>(path: string, run: (path: string) => Promise<A>): Effect.Effect<A | undefined, FileError> =>
  Effect.tryPromise({
    try: () => unlessMissing(run(path)),
    catch: (cause) => new FileError({ message: `Cannot read "${path}": ${reasonOf(cause)}` }),
  });

/** Whether a file or folder exists, as a promise that rejects if that cannot be determined. */
export const isThere = (path: string): Promise<boolean> =>
  unlessMissing(stat(path)).then((found) => found !== undefined);

/** Whether a file or folder exists. */
export const exists = (path: string): Effect.Effect<boolean, FileError> =>
  Effect.map(look(path, isThere), (found) => found === true);

/** Whether a path is an existing folder. */
export const isFolder = (path: string): Effect.Effect<boolean, FileError> =>
  Effect.map(look(path, stat), (found) => found?.isDirectory() ?? false);

/** What changes when a file is written: its size and the time, in milliseconds; undefined if it is missing. */
export const stampOf = (path: string): Effect.Effect<string | undefined, FileError> =>
  Effect.map(look(path, stat), (found) => found && `${found.size} ${found.mtimeMs}`);

/** The sorted names in a folder; empty if it is missing. */
export const namesIn = (folder: string): Effect.Effect<ReadonlyArray<string>, FileError> =>
  Effect.map(look(folder, (path) => readdir(path)), (names) => names?.toSorted() ?? []);

/** The bytes of a file; undefined if it is missing. */
export const readBytes = (path: string): Effect.Effect<Uint8Array | undefined, FileError> =>
  look(path, (file) => readFile(file));

/** The bytes of an existing file in chunks. */
export const pieces = (path: string): Stream.Stream<Uint8Array, FileError> => {
  const failed = (cause: unknown) => new FileError({ message: `Cannot read "${path}": ${reasonOf(cause)}` });
  return Stream.unwrap(
    Effect.map(
      Effect.tryPromise({ try: () => Deno.open(path), catch: failed }),
      ({ readable }) => Stream.fromReadableStream({ evaluate: () => readable, onError: failed }),
    ),
  );
};

/** Writes a file and syncs it. */
export const writeSynced = async (path: string, content: string | Uint8Array): Promise<void> => {
  const file = await open(path, "w");
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
};

/** The text of a file; undefined if it is missing. */
export const readText = (path: string): Effect.Effect<string | undefined, FileError> =>
  look(path, (file) => readFile(file, "utf8"));
