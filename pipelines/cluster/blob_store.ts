/**
 * The store of a cluster: bytes by their SHA-256, in a folder that all machines share (`DIR/blobs/ab/abcd…`). A blob is complete or absent: it
 * is written under a temporary name, synced and renamed. Reading verifies the hash; a damaged blob is removed, so that whoever can make it
 * again does. Each use sets its time, from which `sweep` tells what nobody has used for long.
 */
import { Effect } from "effect";
import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { copyFile, mkdir, open, readdir, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isThere, reasonOf, unlessMissing } from "../files/text_file.ts";
import { ClusterError } from "./cluster_error.ts";
import { isBlobName } from "./job.ts";

/** A folder of blobs. */
export interface BlobStore {
  readonly folder: string;
  /** The path of a blob's file, present or not; only for names of 64 hexadecimal digits. */
  readonly pathOf: (name: string) => string;
  readonly has: (name: string) => Effect.Effect<boolean, ClusterError>;
  /** Keeps bytes and returns their name. */
  readonly put: (bytes: Uint8Array | string) => Effect.Effect<string, ClusterError>;
  /** Keeps a file's bytes without reading them into memory. */
  readonly putFile: (path: string) => Effect.Effect<string, ClusterError>;
  /** The bytes of a blob, verified. */
  readonly get: (name: string) => Effect.Effect<Uint8Array, ClusterError>;
  /** Copies a blob into a new file, verified. */
  readonly getFile: (name: string, path: string) => Effect.Effect<void, ClusterError>;
  /** Removes blobs that are of no more use. */
  readonly remove: (names: ReadonlyArray<string>) => Effect.Effect<void, ClusterError>;
  /** Removes blobs that nobody used since `before` (ms) and the partial files of killed writers; returns how many. */
  readonly sweep: (before: number) => Effect.Effect<number, ClusterError>;
}

/** The SHA-256 of a file's bytes, read in pieces. */
export const hashOf = async (path: string): Promise<string> => {
  const hash = createHash("sha256");
  for await (const piece of createReadStream(path)) hash.update(piece);
  return hash.digest("hex");
};

const isFull = (cause: unknown): boolean =>
  cause instanceof Error && "code" in cause && (cause.code === "ENOSPC" || cause.code === "EDQUOT");

/** Fills a new file beside `path` and renames it; nothing is left of it if that fails. */
export const wholeFile = async (path: string, fill: (partial: string) => Promise<void>): Promise<void> => {
  const partial = join(dirname(path), `.partial-${randomBytes(8).toString("hex")}`);
  try {
    await mkdir(dirname(path), { recursive: true });
    await fill(partial);
    const file = await open(partial, "r+");
    await file.sync().finally(() => file.close());
    await rename(partial, path);
  } catch (cause) {
    await rm(partial, { force: true }).catch(() => undefined);
    throw cause;
  }
};

const failed = (action: string, name: string, folder: string) => (cause: unknown): ClusterError => {
  if (cause instanceof ClusterError) return cause;
  return isFull(cause)
    ? new ClusterError({
      reason: "full",
      message: `Cannot ${action} "${name}": the disk of the store "${folder}" is full`,
    })
    : new ClusterError({
      reason: "folder",
      message: `Cannot ${action} "${name}" in the store "${folder}": ${reasonOf(cause)}`,
    });
};

/** Opens the store in `folder`, creating it if missing. */
export const openBlobStore = Effect.fnUntraced(function* (folder: string): Effect.fn.Return<BlobStore, ClusterError> {
  const blobs = join(folder, "blobs");
  const attempt = <A>(action: string, name: string, run: () => Promise<A>) =>
    Effect.tryPromise({ try: run, catch: failed(action, name, folder) });
  yield* attempt("make", "blobs", () => mkdir(blobs, { recursive: true }));
  const pathOf = (name: string) => join(blobs, name.slice(0, 2), name);
  const named = (name: string) =>
    isBlobName(name) ? Effect.void : Effect.fail(
      new ClusterError({ reason: "name", message: `Cannot read blob "${name}": expected 64 hexadecimal digits` }),
    );
  const used = (path: string) => utimes(path, new Date(), new Date()).catch(() => undefined);
  const missing = (name: string) =>
    new ClusterError({ reason: "missing", message: `Cannot read blob "${name}": the store "${folder}" has none` });
  /** A blob whose bytes are wrong helps nobody: without it, its maker makes it again. */
  const damaged = async (name: string, found: string) => {
    await rm(pathOf(name), { force: true });
    const message =
      `Cannot read blob "${name}" of the store "${folder}": its bytes have SHA-256 ${found}; it is removed`;
    return new ClusterError({ reason: "damaged", message });
  };
  return {
    folder,
    pathOf,
    has: (name) => Effect.andThen(named(name), attempt("find blob", name, () => isThere(pathOf(name)))),
    put: (bytes) => {
      const name = createHash("sha256").update(bytes).digest("hex");
      return Effect.as(
        attempt("write blob", name, async () => {
          const path = pathOf(name);
          if (await isThere(path)) return await used(path);
          await wholeFile(path, async (partial) => {
            const file = await open(partial, "wx");
            await file.writeFile(bytes).finally(() => file.close());
          });
        }),
        name,
      );
    },
    putFile: (path) =>
      attempt("write", path, async () => {
        const name = await hashOf(path);
        if (await isThere(pathOf(name))) await used(pathOf(name));
        else {
          await wholeFile(pathOf(name), async (partial) => {
            await copyFile(path, partial);
            const found = await hashOf(partial);
            if (found !== name) throw new Error("the file changed while it was read");
          });
        }
        return name;
      }),
    get: (name) =>
      Effect.andThen(
        named(name),
        attempt("read blob", name, async () => {
          const bytes = await unlessMissing(readFile(pathOf(name)));
          if (bytes === undefined) throw missing(name);
          const found = createHash("sha256").update(bytes).digest("hex");
          if (found !== name) throw await damaged(name, found);
          await used(pathOf(name));
          return bytes;
        }),
      ),
    getFile: (name, path) =>
      Effect.andThen(
        named(name),
        attempt("read blob", name, async () => {
          if (!(await isThere(pathOf(name)))) throw missing(name);
          await wholeFile(path, async (partial) => {
            await copyFile(pathOf(name), partial);
            const found = await hashOf(partial);
            if (found !== name) throw await damaged(name, found);
          });
          await used(pathOf(name));
        }),
      ),
    remove: (names) =>
      Effect.forEach(
        names,
        (name) => Effect.andThen(named(name), attempt("remove blob", name, () => rm(pathOf(name), { force: true }))),
        {
          discard: true,
        },
      ),
    sweep: (before) => attempt("sweep", "blobs", () => sweepFolder(blobs, before)),
  };
});

/** Removes the folders below `folder` that are named by a hash and whose time is before `before` (ms); returns how many. */
export const removeUnused = async (folder: string, before: number): Promise<number> => {
  let count = 0;
  for (const name of (await unlessMissing(readdir(folder))) ?? []) {
    const path = join(folder, name);
    const found = isBlobName(name) ? await unlessMissing(stat(path)) : undefined;
    if (found === undefined || found.mtimeMs >= before) continue;
    await rm(path, { recursive: true, force: true });
    count++;
  }
  return count;
};

const sweepFolder = async (blobs: string, before: number): Promise<number> => {
  let count = 0;
  for (const entry of await readdir(blobs, { recursive: true, withFileTypes: true })) {
    const isOurs = entry.name.startsWith(".partial-") || isBlobName(entry.name);
    if (!entry.isFile() || !isOurs) continue;
    const path = join(entry.parentPath, entry.name);
    const found = await unlessMissing(stat(path));
    if (found === undefined || found.mtimeMs >= before) continue;
    await rm(path, { force: true });
    if (isBlobName(entry.name)) count++;
  }
  return count;
};
