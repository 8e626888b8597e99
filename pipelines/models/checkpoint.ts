/**
 * A model on disk: a Hugging Face directory that transformers and vLLM load unchanged. Opening checks every parameter's file, shape and
 * element type against `config.json` before any weights are read; it reads only the files in `model.safetensors.index.json`, else
 * `model.safetensors`. Written files are independent of time, place and machine: equal weights give equal bytes.
 */
import * as Effect from "effect/Effect";
import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import {
  companionFiles,
  formatJson,
  indexFile,
  readBytes,
  readCheckpointText,
  readOptional,
  stateFolder,
  weightsFile,
  writeDirectory,
  writeManifest,
  writeText,
} from "../files/checkpoint_directory.ts";
import { isThere } from "../files/text_file.ts";
import { finite } from "./finite_tensor.ts";
import { type ModelConfig, parseModelConfig } from "./model_config.ts";
import { type Json, parseObject } from "../files/json.ts";
import { formatPython } from "../files/python_json.ts";
import { parameterSpecs } from "./parameter_specs.ts";
import * as Safetensors from "../files/safetensors.ts";
import { openSafetensors, writeSafetensors } from "../files/safetensors.ts";
import { elementCount, type ElementType, writtenTypes } from "../files/safetensors_header.ts";
import { readIndex } from "../files/weights_index.ts";
import { hasOwnHead } from "./tied_head.ts";

const { readError } = Safetensors;
type CheckpointError = Safetensors.CheckpointError;

/** An open model: `read` gives a parameter as float32 [elements] in row-major order; `names` are in `parameterSpecs` order. */
export interface Checkpoint {
  readonly dir: string;
  readonly config: ModelConfig;
  readonly generation: Json;
  readonly names: ReadonlyArray<string>;
  /** Notes for the user, one line each: that the index overrides a file beside it, that a head is not tied. */
  readonly notes: ReadonlyArray<string>;
  readonly read: (name: string) => Effect.Effect<Float32Array<ArrayBuffer>, CheckpointError>;
}

/** The content of a new checkpoint; tokenizer and generation files are copied byte for byte from `sourceDir`. */
export interface CheckpointContent<E = never, R = never, E2 = never, R2 = never> {
  readonly config: ModelConfig;
  readonly sourceDir?: string;
  readonly tensors: ReadonlyArray<Safetensors.Tensor<E, R>>;
  /** Adds files (`trainer_state/`) to the directory before it is renamed. */
  readonly also?: (dir: string) => Effect.Effect<void, E2, R2>;
  /** Whether `trainer_state/manifest.json` lists the SHA-256 of every other file. */
  readonly manifest?: boolean;
  /** The weights' element type; training requires float32. */
  readonly type?: ElementType;
  /** Larger weights, in bytes, are written as shards with an index. */
  readonly maxFileBytes?: number;
}

const defaultMaxFileBytes = 5e9;

/** Reads a model's configuration from a Hugging Face directory, without weights. */
export const readConfig = Effect.fnUntraced(function* (dir: string): Effect.fn.Return<
  { readonly config: ModelConfig; readonly generation: ReturnType<typeof parseObject> | undefined },
  CheckpointError
> {
  const configPath = join(dir, "config.json");
  const generationPath = join(dir, "generation_config.json");
  const generationText = yield* readOptional(generationPath);
  const parsed = parseModelConfig(
    { file: configPath, text: yield* readCheckpointText(configPath) },
    generationText === undefined ? undefined : { file: generationPath, text: generationText },
  );
  if (!parsed.ok) {
    const { file, field, value, expected } = parsed.fault;
    return yield* readError(file, "", `"${field}" to be ${expected}`, value);
  }
  const generation = generationText === undefined ? undefined : parseObject(generationPath, generationText);
  return { config: parsed.config, generation };
});

/** Opens a Hugging Face directory and checks everything except the values of the weights. */
export const openCheckpoint = Effect.fn("Checkpoint.open")(
  function* (dir: string): Effect.fn.Return<Checkpoint, CheckpointError> {
    const { config: stated, generation } = yield* readConfig(dir);
    const places = yield* readIndex(dir);
    const fileNames = [...new Set(places === undefined ? [weightsFile] : places.values())];
    const files = new Map(
      yield* Effect.forEach(
        fileNames,
        (name) => Effect.map(openSafetensors(join(dir, name)), (file) => [name, file] as const),
      ),
    );
    const holder = (name: string) => files.get(places === undefined ? weightsFile : places.get(name) ?? "");
    const { config, notes } = yield* fromTensors(stated, dir, holder);
    const specs = parameterSpecs(config);
    yield* checkTensors(dir, config, holder);
    for (const file of files.values()) yield* checkExtra(file, config);
    return {
      dir,
      config,
      generation: generation?.ok ? generation.object : {},
      names: specs.map(({ name }) => name),
      notes: [...yield* indexNotes(dir, places), ...notes],
      read: (name) => holder(name)?.read(name) ?? readError(join(dir, indexFile), name, "the tensor", "no such tensor"),
    };
  },
);

type Holder = (name: string) => Safetensors.Safetensors | undefined;

/**
 * The configuration corrected by the tensors present: a head that differs from the embedding is untied, and a value head may have a bias.
 */
const fromTensors = Effect.fnUntraced(function* (
  config: ModelConfig,
  dir: string,
  holder: Holder,
): Effect.fn.Return<{ readonly config: ModelConfig; readonly notes: ReadonlyArray<string> }, CheckpointError> {
  if (config.valueHead) {
    const valueBias = holder("score.bias")?.entries.has("score.bias") === true;
    return { config: valueBias ? { ...config, valueBias } : config, notes: [] };
  }
  const head = holder("lm_head.weight");
  const embedding = holder("model.embed_tokens.weight");
  if (!config.tied || head === undefined || embedding === undefined) return { config, notes: [] };
  if (!(yield* hasOwnHead(head, embedding))) return { config, notes: [] };
  const note =
    `"${dir}": config.json ties the head to the embedding, but "lm_head.weight" has other numbers; it is used, as transformers does`;
  return { config: { ...config, tied: false, raw: { ...config.raw, tie_word_embeddings: false } }, notes: [note] };
});

/** Checks that every parameter is present with its shape in a float format. */
const checkTensors = Effect.fnUntraced(function* (
  dir: string,
  config: ModelConfig,
  holder: Holder,
): Effect.fn.Return<void, CheckpointError> {
  for (const { name, shape } of parameterSpecs(config)) {
    const file = holder(name);
    const entry = file?.entries.get(name);
    const path = file?.path ?? join(dir, indexFile);
    if (entry === undefined) {
      return yield* readError(path, name, `the tensor [${shape.join(", ")}]`, "no such tensor");
    }
    const expected = `F32, F16 or BF16 [${shape.join(", ")}]`;
    if (!readable.includes(entry.dtype) || entry.shape.join() !== shape.join()) {
      return yield* readError(path, name, expected, `${entry.dtype} [${entry.shape.join(", ")}]`);
    }
  }
});

/** Fails if a tensor belongs to no parameter, since the model would be a different one. */
const checkExtra = Effect.fnUntraced(function* (
  file: Safetensors.Safetensors,
  config: ModelConfig,
): Effect.fn.Return<void, CheckpointError> {
  const known = new Set(parameterSpecs(config).map(({ name }) => name));
  for (const name of file.entries.keys()) {
    if (known.has(name) || isSpare(name, config)) continue;
    return yield* readError(file.path, name, `only the parameters of ${config.family}`, "one more tensor");
  }
});

/** Notes a `model.safetensors` that the index does not name: the index is used here, but transformers reads the file. */
const indexNotes = Effect.fnUntraced(function* (dir: string, places: ReadonlyMap<string, string> | undefined) {
  if (places === undefined || [...places.values()].includes(weightsFile)) return [];
  const beside = join(dir, weightsFile);
  if (!(yield* Safetensors.attempt("read", beside, () => isThere(beside)))) return [];
  return [`"${dir}": weights are read from the files that ${indexFile} names, not from ${weightsFile} beside it`];
});

/**
 * Writes a directory of weights and all other files that transformers needs. Returns the model's SHA-256: of `model.safetensors`, or for
 * shards of their names and hashes, one per line. Replaces an earlier checkpoint at `dir`; fails if the directory holds anything else.
 */
export const writeModelDirectory = Effect.fn("Checkpoint.write")(
  function* <E = never, R = never, E2 = never, R2 = never>(
    dir: string,
    content: CheckpointContent<E, R, E2, R2>,
  ): Effect.fn.Return<{ readonly sha256: string }, CheckpointError | E | E2, R | R2> {
    const { sourceDir, type = "float32" } = content;
    const fill = Effect.fnUntraced(
      function* (partial: string): Effect.fn.Return<string, CheckpointError | E | E2, R | R2> {
        yield* writeText(join(partial, "config.json"), formatPython(typedConfig(content.config.raw, type)));
        if (sourceDir !== undefined) {
          const present = yield* Safetensors.attempt("read", sourceDir, () => readdir(sourceDir));
          for (const name of companionFiles.filter((file) => present.includes(file))) {
            yield* writeText(join(partial, name), yield* readBytes(join(sourceDir, name)));
          }
        }
        const sha256 = yield* writeWeights(partial, content.tensors, type, content.maxFileBytes ?? defaultMaxFileBytes);
        if (content.also !== undefined) yield* content.also(partial);
        if (content.manifest === true) yield* writeManifest(partial);
        return sha256;
      },
    );
    return { sha256: yield* writeDirectory(dir, isCheckpointFile, fill) };
  },
);

const readable = ["F32", "F16", "BF16"];

/** Whether a tensor is ignored: the copy of a tied embedding, or a buffer of old Llama files. */
const isSpare = (name: string, config: ModelConfig): boolean =>
  (name === "lm_head.weight" && (config.tied || config.valueHead)) || name.endsWith(".rotary_emb.inv_freq");

/** The configuration with the written element type, under the keys that it uses. */
const typedConfig = (raw: Json, type: ElementType): Json => ({
  ...raw,
  ...("torch_dtype" in raw ? { torch_dtype: type } : {}),
  ...("dtype" in raw || !("torch_dtype" in raw) ? { dtype: type } : {}),
});

const writeWeights = Effect.fnUntraced(function* <E, R>(
  dir: string,
  unchecked: ReadonlyArray<Safetensors.Tensor<E, R>>,
  type: ElementType,
  maxFileBytes: number,
): Effect.fn.Return<string, CheckpointError | E, R> {
  const tensors = unchecked.map((tensor) => finite(tensor, join(dir, weightsFile), type));
  const size = ({ shape }: { readonly shape: ReadonlyArray<number> }) => writtenTypes[type].bytes * elementCount(shape);
  const shards = fillShards(tensors, size, maxFileBytes);
  if (shards.length <= 1) return (yield* writeSafetensors(dir, () => weightsFile, tensors, type)).sha256;
  const number = (index: number) => String(index).padStart(5, "0");
  const places: Array<readonly [string, string]> = [];
  const lines: Array<string> = [];
  for (const [index, shard] of shards.entries()) {
    const name = `model-${number(index + 1)}-of-${number(shards.length)}.safetensors`;
    const { sha256 } = yield* writeSafetensors(dir, () => name, shard, type);
    places.push(...shard.map((tensor) => [tensor.name, name] as const));
    lines.push(`${sha256}  ${name}\n`);
  }
  const total = tensors.reduce((sum, tensor) => sum + size(tensor), 0);
  const sorted = places.toSorted(([a], [b]) => a < b ? -1 : 1);
  const index = { metadata: { total_size: total }, weight_map: Object.fromEntries(sorted) };
  yield* writeText(join(dir, indexFile), formatJson(index));
  return createHash("sha256").update(lines.join("")).digest("hex");
});

/** Splits tensors in order into shards of at most `maxBytes`; a larger tensor has a shard of its own. */
const fillShards = <T>(
  tensors: ReadonlyArray<T>,
  size: (tensor: T) => number,
  maxBytes: number,
): ReadonlyArray<ReadonlyArray<T>> => {
  const shards: Array<Array<T>> = [];
  let room = 0;
  for (const tensor of tensors) {
    const bytes = size(tensor);
    if (shards.length === 0 || bytes > room) {
      shards.push([]);
      room = maxBytes;
    }
    shards[shards.length - 1].push(tensor);
    room -= bytes;
  }
  return shards;
};

const isCheckpointFile = (name: string): boolean =>
  name === "config.json" || name === indexFile || name === stateFolder || name === "critic" ||
  name === "README.md" ||
  companionFiles.includes(name) || /^model(-\d+-of-\d+)?\.safetensors$/.test(name);
