/**
 * Files and folders that may be missing. Missing means ENOENT and nothing else: a folder that may not be read, or a path that leads through a
 * file, is an error, because taking it for missing would begin a run again or leave out what is there.
 */
import * as Schema from "@effect/schema";
import { Effect, Stream } from "effect";
import { readdir, readFile, stat } from "node:fs/promises";

/** A file or folder cannot be looked at or read. */
export class FileError extends Schema.TaggedError<FileError>()("FileError", { message: Schema.String }) {}

/** What was thrown, as a person reads it. */
export const reasonOf = (cause: unknown): string =>
  cause instanceof Deno.errors.NotFound ? "there is no such file" : cause instanceof Error ? cause.message : `${cause}`;

/** What a promise gives, or undefined where it fails because the file or folder is missing. Other failures stay. */
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

/** Whether there is a file or a folder, as a promise that fails where that cannot be told. */
export const isThere = (path: string): Promise<boolean> =>
  unlessMissing(stat(path)).then((found) => found !== undefined);

/** Whether there is a file or a folder. */
export const exists = (path: string): Effect.Effect<boolean, FileError> =>
  Effect.map(look(path, isThere), (found) => found === true);

/** Whether there is a folder. */
export const isFolder = (path: string): Effect.Effect<boolean, FileError> =>
  Effect.map(look(path, stat), (found) => found?.isDirectory() ?? false);

/** The names in a folder, in order; none where there is no folder. */
export const namesIn = (folder: string): Effect.Effect<ReadonlyArray<string>, FileError> =>
  Effect.map(look(folder, (path) => readdir(path)), (names) => names?.toSorted() ?? []);

/** The bytes of a file, or undefined where there is none. */
export const readBytes = (path: string): Effect.Effect<Uint8Array | undefined, FileError> =>
  look(path, (file) => readFile(file));

/** The bytes of a file that must be there, piece by piece. */
export const pieces = (path: string): Stream.Stream<Uint8Array, FileError> => {
  const failed = (cause: unknown) => new FileError({ message: `Cannot read "${path}": ${reasonOf(cause)}` });
  return Stream.unwrap(
    Effect.map(
      Effect.tryPromise({ try: () => Deno.open(path), catch: failed }),
      ({ readable }) => Stream.fromReadableStream({ evaluate: () => readable, onError: failed }),
    ),
  );
};

/** The text of a file, or undefined where there is none. */
export const readText = (path: string): Effect.Effect<string | undefined, FileError> =>
  look(path, (file) => readFile(file, "utf8"));
