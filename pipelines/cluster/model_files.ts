/**
 * A model directory as blobs: one for each file that loading reads, and a list of their names and hashes, whose own hash stands for the
 * model. A shard that two checkpoints share is kept once, and a worker copies only what its cache lacks.
 */
import { Effect } from "effect";
import * as Schema from "@effect/schema";
import { mkdir, utimes } from "node:fs/promises";
import { basename, join } from "node:path";
import { home } from "../files/home.ts";
import { type CheckpointError, sha256File } from "../files/safetensors.ts";
import { exists, FileError, namesIn, reasonOf } from "../files/text_file.ts";
import { type BlobStore, removeUnused } from "./blob_store.ts";
import { ClusterError } from "./cluster_error.ts";
import { BlobName, canonicalJson } from "./job.ts";

/** A file of a model directory: a plain name, no path. */
const isFileName = (name: string): boolean => name === basename(name) && !name.startsWith(".") && !/[\\/:]/.test(name);

// A record leaves out keys that its own schema of keys refuses, so the names are checked as a whole.
const Files = Schema.Record(Schema.String, BlobName)
  .check(Schema.makeFilter((files) => Object.keys(files).every(isFileName), { expected: "plain file names" }));
const decodeFiles = Schema.decodeUnknownEffect(Schema.fromJsonString(Files));

const isRead = (name: string): boolean => isFileName(name) && /\.(safetensors|json|jinja|txt)$/.test(name);

/** A model in the store: the hash of its list, and where each of its blobs came from. */
export interface KeptModel {
  readonly list: string;
  readonly sources: ReadonlyArray<readonly [blob: string, put: Effect.Effect<unknown, ClusterError>]>;
}

/** Keeps the files of a model directory, or those of them that are `wanted`. */
export const keepModel = Effect.fn("Cluster.keepModel")(function* (
  store: BlobStore,
  dir: string,
  wanted: (name: string) => boolean = () => true,
): Effect.fn.Return<KeptModel, ClusterError | FileError> {
  const names = (yield* namesIn(dir)).filter((name) => isRead(name) && wanted(name));
  const puts = names.map((name) => store.putFile(join(dir, name)));
  const hashes = yield* Effect.all(puts);
  const text = canonicalJson(Object.fromEntries(names.map((name, i) => [name, hashes[i]])));
  const list = yield* store.put(text);
  const sources = hashes.map((blob, i): KeptModel["sources"][number] => [blob, puts[i]]);
  return { list, sources: [...sources, [list, store.put(text)]] };
});

/** The folder of this machine's copies of models. */
const cacheFolder = (): string => join(home(), "cluster", "models");

/** Sets the time of a copy's last use, from which `sweepModels` tells which one nobody uses; says whether the copy is there. */
export const markModelUsed = (dir: string): Effect.Effect<boolean> =>
  Effect.promise(() => utimes(dir, new Date(), new Date()).then(() => true, () => false));

/** Removes this machine's copies that nobody used since `before` (ms); returns how many. A copy that is asked for again is made again. */
export const sweepModels = (before: number, folder: string = cacheFolder()): Effect.Effect<number, FileError> =>
  Effect.tryPromise({
    try: () => removeUnused(folder, before),
    catch: (cause) =>
      new FileError({ message: `Cannot clean up the copies of models in "${folder}": ${reasonOf(cause)}` }),
  });

/** The directory of a model on this machine, by the hash of its list; files that are not there yet are copied from the store. */
export const fetchModel = Effect.fn("Cluster.fetchModel")(function* (
  store: BlobStore,
  list: string,
  dir: string = join(cacheFolder(), list),
): Effect.fn.Return<string, ClusterError | FileError | CheckpointError> {
  const text = new TextDecoder().decode(yield* store.get(list));
  const files = yield* Effect.mapError(
    decodeFiles(text),
    () => new ClusterError({ reason: "damaged", message: `Cannot read model "${list}": it is no list of files` }),
  );
  yield* Effect.promise(() => mkdir(dir, { recursive: true }));
  yield* markModelUsed(dir);
  for (const [name, blob] of Object.entries(files)) {
    const path = join(dir, name);
    // A copy with other bytes is made again.
    const isSame = (yield* exists(path)) && (yield* sha256File(path)) === blob;
    if (!isSame) yield* store.getFile(blob, path);
  }
  return dir;
});

/** Gives this machine's copies of models by the hash of their list: verified at the first use, marked as used at each. */
export const modelCopies = (store: BlobStore) => {
  const dirs = new Map<string, string>();
  return Effect.fnUntraced(function* (list: string) {
    const known = dirs.get(list);
    if (known !== undefined && (yield* markModelUsed(known))) return known;
    const dir = yield* fetchModel(store, list);
    dirs.set(list, dir);
    return dir;
  });
};
