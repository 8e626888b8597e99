/** Identifies the weights of a Hugging Face directory. */
import * as Effect from "effect/Effect";
import { join } from "node:path";
import { sha256 } from "../records/text.ts";
import { weightsFile } from "./checkpoint_directory.ts";
import * as Safetensors from "./safetensors.ts";
import { readIndex } from "./weights_index.ts";

/** The SHA-256 of a Hugging Face directory's weights: of the single file, or of the list of the shards' hashes. */
export const weightsDigest = Effect.fnUntraced(
  function* (dir: string): Effect.fn.Return<string, Safetensors.CheckpointError> {
    const places = yield* readIndex(dir);
    if (places === undefined) return yield* Safetensors.sha256File(join(dir, weightsFile));
    const files = [...new Set(places.values())].toSorted();
    const hashes = yield* Effect.forEach(files, (file) => Safetensors.sha256File(join(dir, file)));
    return sha256(files.map((file, i) => `${hashes[i]}  ${file}\n`).join(""));
  },
);
