/**
 * Atomic directories: the files are written to a temporary directory beside the target, synced, and renamed; a manifest can hold every
 * file's SHA-256. Replacing an earlier directory takes two renames, between which only the old one exists, as `replaced` in
 * `.NAME.partial-…`; training avoids this by giving every checkpoint its own name. A link to a directory remains a link. The next writer
 * removes what killed writers left; a lock file held by the operating system distinguishes them from live ones.
 */
import * as Effect from "effect/Effect";
import {
  copyFile,
  link,
  lstat,
  mkdir,
  mkdtemp,
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
import { isThere, unlessMissing, writeSynced } from "./text_file.ts";

const { CheckpointError, readError } = Safetensors;
type CheckpointError = Safetensors.CheckpointError;

/** The path of the manifest within a directory. */
const manifestFile = "trainer_state/manifest.json";

/** The file of a model's weights, and the index of sharded weights. */
export const weightsFile = "model.safetensors";
export const indexFile = "model.safetensors.index.json";

/** The folder in a checkpoint of what training keeps beside the weights. */
export const stateFolder = "trainer_state";

/** The files of a model besides config and weights. */
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
 * Creates a directory from what `fill` writes into a temporary one, and returns the result of `fill`. An earlier directory at `dir` is
 * replaced if `isOurs` holds for all its entries; otherwise the write fails.
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
    // A folder inside, because only the owner can read a temporary directory, and a checkpoint has normal permissions.
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

/** Rewrites an error on a temporary file as one on its target. */
const atPlace = <E>(error: E, partial: string, place: string): E | CheckpointError =>
  error instanceof CheckpointError && error.file.startsWith(partial)
    ? new CheckpointError({ ...error, file: `${place}${error.file.slice(partial.length)}` })
    : error;

/** The directory to write: the target of a link, if `dir` is one. */
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

/** A temporary directory and its lock, held while the writer lives. */
interface Apart {
  readonly apart: string;
  readonly lock: Deno.FsFile;
}

const makeApart = async (prefix: string): Promise<Apart> => {
  for (;;) {
    const apart = await mkdtemp(prefix);
    const lock = await Deno.open(join(apart, lockFile), { write: true, create: true });
    // Before the lock is taken, another writer may take the directory for a dead one and remove it.
    if (await lock.tryLock(true) && await isThere(join(apart, lockFile))) return { apart, lock };
    lock.close();
  }
};

/** Removes the temporary directories of killed writers of `place`: those whose lock is free. One without a lock is just being created. */
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

/** Removes a temporary directory that the caller has locked. The replaced directory in it is kept if `place` does not exist. */
const discard = async (apart: string, place: string): Promise<void> => {
  const isOnly = await isThere(join(apart, asideFolder)) && !(await isThere(place));
  if (isOnly) return;
  // The lock goes last: it identifies a directory that a killed writer left.
  for (const part of [partialFolder, asideFolder, ""]) await rm(join(apart, part), { recursive: true, force: true });
};

/** Writes `trainer_state/manifest.json`: the SHA-256 of every other file by relative path. */
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

/** Checks every file of a directory against its manifest; fails if one is missing or differs. */
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

/** Reads a whole file. */
export const readBytes = (path: string) =>
  Effect.andThen(Safetensors.requireFile(path), Safetensors.attempt("read", path, () => readFile(path)));

/** Reads a whole text file; fails if it is not UTF-8 rather than substitute characters. */
export const readCheckpointText = (path: string): Effect.Effect<string, CheckpointError> =>
  Effect.flatMap(readBytes(path), (bytes) =>
    Effect.try({
      try: () => utf8.decode(bytes),
      catch: () => readError(path, "", "UTF-8", "other bytes"),
    }));

// A byte order mark is kept as text; the JSON parsers skip it.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads a whole text file; undefined if it is missing. */
export const readOptional = (path: string): Effect.Effect<string | undefined, CheckpointError> =>
  Effect.flatMap(
    Safetensors.attempt("read", path, () => isThere(path)),
    (there) => there ? readCheckpointText(path) : Effect.succeed(undefined),
  );

/** Writes a file and syncs it. */
export const writeText = (path: string, content: string | Uint8Array) =>
  Safetensors.attempt("write", path, () => writeSynced(path, content));

/** A value as indented JSON text. */
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
    return yield* Safetensors.writeError(place, "", expected, `"${foreign}" in it`);
  }
});

/**
 * Renames a finished directory to its target. An earlier one is moved aside first, because rename only replaces empty directories, and so
 * is one that another writer creates in between.
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
