/** The index of a model whose weights lie in several files (`model.safetensors.index.json`). */
import * as Effect from "effect/Effect";
import * as Result from "effect/Result";
import { basename, join } from "node:path";
import { indexFile, readOptional } from "./checkpoint_directory.ts";
import { isObject, jsonExcerpt, parseObject } from "./json.ts";
import { type CheckpointError, readError } from "./safetensors.ts";

/** The file of each tensor; undefined for a directory without an index. Fails if the index does not name .safetensors files beside it. */
export const readIndex = Effect.fnUntraced(
  function* (dir: string): Effect.fn.Return<ReadonlyMap<string, string> | undefined, CheckpointError> {
    const path = join(dir, indexFile);
    const text = yield* readOptional(path);
    return text === undefined ? undefined : yield* Effect.fromResult(placesIn(path, text));
  },
);

const placesIn = (path: string, text: string): Result.Result<ReadonlyMap<string, string>, CheckpointError> => {
  const wrong = (tensor: string, expected: string, found: string) =>
    Result.fail(readError(path, tensor, expected, found));
  const parsed = parseObject(path, text);
  if (!parsed.ok) return wrong("", "a JSON object", parsed.fault.value);
  const map = parsed.object.weight_map;
  if (!isObject(map)) {
    return wrong("", '"weight_map" from tensor to file', map === undefined ? "none" : jsonExcerpt(map));
  }
  const places = new Map<string, string>();
  for (const [name, file] of Object.entries(map)) {
    // A name with a folder could lead out of the directory.
    if (typeof file !== "string" || file !== basename(file) || !file.endsWith(".safetensors")) {
      return wrong(name, "the name of a .safetensors file beside the index", jsonExcerpt(file));
    }
    places.set(name, file);
  }
  return Result.succeed(places);
};
