/**
 * A directory that is there whole or not at all: its files are put together in a temporary directory beside its place,
 * synced, and renamed there; a manifest can hold every file's SHA-256. Where an earlier directory is replaced there is a
 * moment between two renames in which only the one moved aside (`replaced` in `.NAME.partial-…`) is there; training avoids it by
 * giving every checkpoint its own name. A link to a directory stays a link. What a killed writer left beside the place goes when the
 * next one writes there; the operating system's lock in it tells a killed one from one at work.
 */
import * as Effect from "effect/Effect";
import {
  copyFile,
  link,
  lstat,
  mkdir,
  mkdtemp,
  open as openFile,
  readdir,
  readFile,
  readlink,
  realpath,
  rename,
  rm,
} from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { parseObject } from "./json.ts";
import * as Safetensors from "./safetensors.ts";
import { isThere, unlessMissing } from "./text_file.ts";

const { CheckpointError } = Safetensors;
type CheckpointError = Safetensors.CheckpointError;

/** Where a directory's manifest is, from the directory. */
export const manifestFile = "trainer_state/manifest.json";

/** The file of a model's weights, and the one that says which of several files holds a tensor. */
export const weightsFile = "model.safetensors";
export const indexFile = "model.safetensors.index.json";

/** The files beside config and weights that belong to a model. */
export const companionFiles: ReadonlyArray<string> = [
  "tokenizer.json",
  "tokenizer_config.json",
  "special_tokens_map.json",
  "added_tokens.json",
  "vocab.json",
  "merges.txt",
  "chat_template.jinja",
  "generation_config.json",
];

/**
 * Makes a directory of what `fill` writes into the temporary one it is given, and returns what `fill` returns. An earlier
 * directory at `dir` is replaced if `isOurs` holds for all that lies in it; else that is the error.
 */
export const writeDirectory = Effect.fnUntraced(function* <A, E, R>(
  dir: string,
  isOurs: (name: string) => boolean,
  fill: (partial: string) => Effect.Effect<A, E, R>,
): Effect.fn.Return<A, CheckpointError | E, R> {
  const place = yield* placeOf(dir);
  yield* refuseForeign(place, isOurs);
  const make = Safetensors.attempt("write", place, async () => {
    await mkdir(dirname(place), { recursive: true });
    await sweepKilled(place);
    return await makeApart(prefixOf(place));
  });
  const work = ({ apart }: Apart) => {
    // One folder deeper, because a temporary directory is for its owner only and a checkpoint is not.
    const partial = join(apart, partialFolder);
    return Effect.gen(function* () {
      yield* Safetensors.attempt("write", place, () => mkdir(partial));
      const result = yield* fill(partial).pipe(Effect.mapError((error) => atPlace(error, partial, place)));
      yield* Safetensors.syncFolder(partial);
      yield* replace(partial, place);
      return result;
    });
  };
  return yield* Effect.acquireUseRelease(
    make,
    work,
    ({ apart, lock }) => Effect.promise(() => discard(apart, place).finally(() => lock.close())),
  );
});

/** An error on a file of the temporary directory, as one on the file that it was to become. */
const atPlace = <E>(error: E, partial: string, place: string): E | CheckpointError =>
  error instanceof CheckpointError && error.file.startsWith(partial)
    ? new CheckpointError({ ...error, file: `${place}${error.file.slice(partial.length)}` })
    : error;

/** Where a directory is written: through a link that stands in its place, to what it leads to. */
const placeOf = (dir: string) =>
  Safetensors.attempt("write", dir, async () => {
    const place = resolve(dir);
    const isLink = (await unlessMissing(lstat(place)))?.isSymbolicLink() ?? false;
    if (!isLink) return place;
    return await realpath(place).catch(async () => resolve(dirname(place), await readlink(place)));
  });

const lockFile = "lock";
const partialFolder = "directory";
const asideFolder = "replaced";
const prefixOf = (place: string): string => join(dirname(place), `.${basename(place)}.partial-`);

/** A temporary directory, and the lock in it that is held as long as its writer lives. */
interface Apart {
  readonly apart: string;
  readonly lock: Deno.FsFile;
}

const makeApart = async (prefix: string): Promise<Apart> => {
  for (;;) {
    const apart = await mkdtemp(prefix);
    const lock = await Deno.open(join(apart, lockFile), { write: true, create: true });
    // Another writer may come between the two, take it for a killed one's, and remove it.
    if (await lock.tryLock(true) && await isThere(join(apart, lockFile))) return { apart, lock };
    lock.close();
  }
};

/** Removes what killed writers of `place` left: temporary directories whose lock is free. One without a lock is just being made. */
const sweepKilled = async (place: string): Promise<void> => {
  const prefix = basename(prefixOf(place));
  for (const name of await readdir(dirname(place))) {
    if (!name.startsWith(prefix)) continue;
    const left = join(dirname(place), name);
    const lock = await Deno.open(join(left, lockFile), { write: true }).catch(() => undefined);
    if (lock === undefined) continue;
    try {
      if (await lock.tryLock(true)) await discard(left, place);
    } finally {
      lock.close();
    }
  }
};

/** Removes a temporary directory, which the caller has locked; the one moved aside into it stays where it is all that there is of the place. */
const discard = async (apart: string, place: string): Promise<void> => {
  const isOnly = await isThere(join(apart, asideFolder)) && !(await isThere(place));
  if (isOnly) return;
  // The lock goes last: without it nobody could tell that what is left is a killed writer's.
  for (const part of [partialFolder, asideFolder, ""]) await rm(join(apart, part), { recursive: true, force: true });
};

/** Writes `trainer_state/manifest.json`: the SHA-256 of every other file of the directory, by its path there. */
export const writeManifest = Effect.fnUntraced(function* (dir: string): Effect.fn.Return<void, CheckpointError> {
  const path = join(dir, manifestFile);
  yield* Safetensors.attempt("write", path, () => mkdir(dirname(path), { recursive: true }));
  const names = yield* listFiles(dir);
  const hashes = yield* Effect.forEach(
    names.filter((name) => name !== manifestFile).toSorted(),
    (name) => Effect.map(Safetensors.sha256File(join(dir, name)), (sha256) => [name, sha256] as const),
  );
  yield* writeText(path, formatJson(Object.fromEntries(hashes)));
  yield* Safetensors.syncFolder(dirname(path));
});

/** Checks every file of a directory against its manifest; one that is missing or differs is the error. */
export const verifyManifest = Effect.fn("Checkpoint.verifyManifest")(
  function* (dir: string): Effect.fn.Return<void, CheckpointError> {
    const path = join(dir, manifestFile);
    const parsed = parseObject(path, yield* readCheckpointText(path));
    if (!parsed.ok) return yield* readError(path, "", "a JSON object", parsed.fault.value);
    for (const [name, expected] of Object.entries(parsed.object)) {
      const found = yield* Safetensors.sha256File(join(dir, name));
      if (found !== expected) return yield* readError(join(dir, name), "", `SHA-256 ${expected}`, found);
    }
  },
);

/** A whole file. */
export const readBytes = (path: string) =>
  Effect.andThen(Safetensors.requireFile(path), Safetensors.attempt("read", path, () => readFile(path)));

/** A whole text file; one that is not UTF-8 is an error, because a character that stands for what could not be read would be taken for text. */
export const readCheckpointText = (path: string): Effect.Effect<string, CheckpointError> =>
  Effect.flatMap(readBytes(path), (bytes) =>
    Effect.try({
      try: () => utf8.decode(bytes),
      catch: () =>
        new CheckpointError({ action: "read", file: path, tensor: "", expected: "UTF-8", found: "other bytes" }),
    }));

// A mark of byte order is part of the text; what reads JSON passes over it.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A whole text file, or undefined where there is none. */
export const readOptional = (path: string): Effect.Effect<string | undefined, CheckpointError> =>
  Effect.flatMap(
    Safetensors.attempt("read", path, () => isThere(path)),
    (there) => there ? readCheckpointText(path) : Effect.succeed(undefined),
  );

/** Writes a text file and syncs it. */
export const writeText = (path: string, text: string) => writeBytes(path, new TextEncoder().encode(text));

/** Writes a file and syncs it. */
export const writeBytes = (path: string, bytes: Uint8Array) =>
  Safetensors.attempt("write", path, async () => {
    const file = await openFile(path, "w");
    await file.writeFile(bytes);
    await file.sync();
    await file.close();
  });

/** A value as the JSON text of a file that people read. */
export const formatJson = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

const listFiles = (dir: string) =>
  Safetensors.attempt("read", dir, async () => {
    const found = await readdir(dir, { recursive: true, withFileTypes: true });
    return found.filter((entry) => entry.isFile()).map((entry) =>
      join(entry.parentPath, entry.name).slice(dir.length + 1)
    );
  });

/** Fills the directory `to` with the files of another: links to them, or copies where the file system makes no links. */
export const linkFiles = Effect.fnUntraced(
  function* (from: string, to: string): Effect.fn.Return<void, CheckpointError> {
    for (const name of yield* listFiles(from)) {
      const place = join(to, name);
      yield* Safetensors.attempt("write", place, async () => {
        await mkdir(dirname(place), { recursive: true });
        await link(join(from, name), place).catch(() => copyFile(join(from, name), place));
      });
    }
  },
);

const refuseForeign = Effect.fnUntraced(function* (
  place: string,
  isOurs: (name: string) => boolean,
): Effect.fn.Return<void, CheckpointError> {
  const names = (yield* Safetensors.attempt("write", place, () => unlessMissing(readdir(place)))) ?? [];
  const foreign = names.find((name) => !isOurs(name));
  if (foreign !== undefined) {
    const expected = "a new directory, an empty one or an earlier checkpoint";
    return yield* new CheckpointError({
      action: "write",
      file: place,
      tensor: "",
      expected,
      found: `"${foreign}" in it`,
    });
  }
});

/**
 * Puts a finished directory in its place; an earlier one is moved aside first, because rename only replaces empty ones. Where another writer
 * puts its own there in between, that one is moved aside in its turn.
 */
const replace = Effect.fnUntraced(function* (partial: string, place: string): Effect.fn.Return<void, CheckpointError> {
  const aside = join(dirname(partial), asideFolder);
  yield* Safetensors.attempt("write", place, async () => {
    for (;;) {
      const old = await unlessMissing(rename(place, aside).then(() => true)) ?? false;
      const failed = await rename(partial, place).then(() => undefined, (cause) => cause);
      if (failed === undefined) return;
      const isTaken = failed.code === "ENOTEMPTY" || failed.code === "EEXIST";
      if (!isTaken && old) await rename(aside, place).catch(() => undefined);
      if (!isTaken) throw failed;
      await rm(aside, { recursive: true, force: true });
    }
  });
  yield* Safetensors.syncFolder(dirname(place));
  yield* Safetensors.attempt("write", place, () => rm(aside, { recursive: true, force: true }));
}, Effect.uninterruptible);

const readError = (file: string, tensor: string, expected: string, found: string) =>
  new CheckpointError({ action: "read", file, tensor, expected, found });
