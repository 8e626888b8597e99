/**
 * Content-addressed tensors: an artifact is the file `DIR/<sha256>.safetensors`, so a record refers to gigabytes by 64 hexadecimal digits.
 * A file is complete or absent: it is written under a temporary name, synced, and renamed. Reading verifies the hash.
 */
import * as Schema from "@effect/schema";
import { Effect } from "effect";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { home } from "./home.ts";
import * as Safetensors from "./safetensors.ts";
import { openSafetensors, writeSafetensors } from "./safetensors.ts";
import { namesIn, reasonOf } from "./text_file.ts";

/** An artifact is missing, does not match its name, or cannot be written. */
export class ArtifactError extends Schema.TaggedError<ArtifactError>()("ArtifactError", {
  reason: Schema.Literals(["name", "missing", "damaged", "folder"]),
  message: Schema.String,
}) {}

/** A folder of artifacts. */
export interface ArtifactStore {
  readonly folder: string;
  /** The path of an artifact's file, present or not. */
  readonly pathOf: (id: string) => string;
  /** Writes tensors and returns the artifact's id. */
  readonly put: <E, R>(
    tensors: ReadonlyArray<Safetensors.Tensor<E, R>>,
  ) => Effect.Effect<string, Safetensors.CheckpointError | E, R>;
  /** Opens an artifact after verifying its hash. */
  readonly get: (id: string) => Effect.Effect<Safetensors.Safetensors, ArtifactError | Safetensors.CheckpointError>;
  readonly has: (id: string) => Effect.Effect<boolean, ArtifactError>;
  /** Removes an artifact, if present. */
  readonly remove: (id: string) => Effect.Effect<void>;
  /** Removes all other artifacts and the partial files of killed writers; only for the owner of the folder. */
  readonly retain: (ids: ReadonlyArray<string>) => Effect.Effect<void, ArtifactError>;
}

const isId = (id: string): boolean => /^[0-9a-f]{64}$/.test(id);

/** The default of `--artifacts`. */
export const defaultFolder = (below: string = home()): string => join(below, "artifacts");

/** Opens a folder of artifacts and creates it if missing. */
export const openArtifactStore = Effect.fnUntraced(function* (
  folder: string = defaultFolder(),
): Effect.fn.Return<ArtifactStore, ArtifactError> {
  yield* Effect.tryPromise({
    try: () => mkdir(folder, { recursive: true }),
    catch: (cause) =>
      new ArtifactError({ reason: "folder", message: `Cannot make folder "${folder}": ${reasonOf(cause)}` }),
  });
  const pathOf = (id: string) => join(folder, `${id}.safetensors`);
  const entries = Effect.mapError(
    namesIn(folder),
    ({ message }) => new ArtifactError({ reason: "folder", message }),
  );
  const has = (id: string) => Effect.map(entries, (names) => isId(id) && names.includes(`${id}.safetensors`));
  const get = Effect.fnUntraced(function* (id: string) {
    const fail = (reason: "name" | "missing" | "damaged", what: string) =>
      new ArtifactError({ reason, message: `Cannot read artifact "${id}": ${what}` });
    if (!isId(id)) return yield* fail("name", "expected 64 hexadecimal digits");
    if (!(yield* has(id))) return yield* fail("missing", `no such file in "${folder}"`);
    const found = yield* Safetensors.sha256File(pathOf(id));
    if (found !== id) return yield* fail("damaged", `the bytes of "${pathOf(id)}" have SHA-256 ${found}`);
    return yield* openSafetensors(pathOf(id));
  });
  return {
    folder,
    pathOf,
    put: (tensors) =>
      Effect.map(writeSafetensors(folder, (sha256) => `${sha256}.safetensors`, tensors), ({ sha256 }) => sha256),
    get,
    has,
    remove: (id) => isId(id) ? Effect.promise(() => rm(pathOf(id), { force: true })) : Effect.void,
    retain: (ids) =>
      Effect.flatMap(entries, (names) =>
        Effect.promise(async () => {
          const kept = new Set(ids.map((id) => `${id}.safetensors`));
          const ours = (name: string) => name.startsWith(".partial-") || isId(name.replace(/\.safetensors$/, ""));
          for (const name of names) {
            if (ours(name) && !kept.has(name)) await rm(join(folder, name), { recursive: true, force: true });
          }
        })),
  };
});
