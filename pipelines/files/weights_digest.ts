/** Identifies the weights of a Hugging Face directory. */
import * as Effect from "effect/Effect";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { sha256 } from "../records/text.ts";
import { indexFile, weightsFile } from "./checkpoint_directory.ts";
import { isObject } from "./json.ts";
import * as Safetensors from "./safetensors.ts";
import { isThere } from "./text_file.ts";

/** The SHA-256 of a Hugging Face directory's weights: of the single file, or of the list of the shards' hashes. */
export const weightsDigest = Effect.fnUntraced(
  function* (dir: string): Effect.fn.Return<string, Safetensors.CheckpointError> {
    const index = join(dir, indexFile);
    const isSharded = yield* Safetensors.attempt("read", index, () => isThere(index));
    if (!isSharded) return yield* Safetensors.sha256File(join(dir, weightsFile));
    const map: unknown = yield* Safetensors.attempt(
      "read",
      index,
      () => readFile(index, "utf8").then((text) => JSON.parse(text).weight_map),
    );
    const files = [...new Set(isObject(map) ? Object.values(map).map(String) : [])].toSorted();
    const hashes = yield* Effect.forEach(files, (file) => Safetensors.sha256File(join(dir, file)));
    return sha256(files.map((file, i) => `${hashes[i]}  ${file}\n`).join(""));
  },
);
