/**
 * A model on the device: configuration, weights and rotary table; loading, copying and reading back. The passes read weights as stored, in
 * float32 or 16 bits. A trained model keeps float32 weights for the optimizer beside a 16-bit copy; a read-only model has only the copy.
 * The copy's bits are the same in both cases.
 */
import * as Effect from "effect/Effect";
import { join } from "node:path";
import * as Elementary from "../../data/elementary/mod.ts";
import type { DeviceError } from "../../kernels/gpu/device_info.ts";
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import { formatOf, type StorageType } from "../../kernels/gpu/half_precision.ts";
import type { Tensor } from "../../kernels/gpu/tensor.ts";
import { activationsFault } from "./activations.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { purposeIn } from "./memory_purposes.ts";
import { type ModelConfig, withValueHead } from "./model_config.ts";
import type { PaddedVocabulary } from "../settings/padded_vocabulary.ts";
import * as Parameters from "./parameters.ts";
import { releaseParameters } from "./parameters.ts";
import { ropeTable } from "./rope_table.ts";
import { type CheckpointError, readError, type Tensor as FileTensor } from "../files/safetensors.ts";

/** A model whose weights are on the device. */
export interface Model {
  readonly encoder: Encoder;
  readonly config: ModelConfig;
  /** The weights that the optimizer updates and that files are written from: float32, except in a read-only 16-bit model. */
  readonly parameters: Parameters.ParameterSet;
  /** The 16-bit copy for the passes, if `parameters` are float32 and the storage type is not. */
  readonly copy: Parameters.ParameterSet | undefined;
  readonly storage: StorageType;
  /** The storage type of activations, keys and values (`activations.ts`). */
  readonly activations: StorageType;
  readonly weights: Parameters.ModelTensors;
  /** A rotary table of at least `positions` positions. */
  readonly table: (positions: number) => Tensor;
  /** Releases the rotary table's buffer; the next pass allocates another. */
  readonly dropTable: () => void;
}

/** The storage types of weights in passes and of activations; float32 by default. */
export interface StorageOptions {
  readonly storage?: StorageType | undefined;
  readonly activations?: StorageType | undefined;
}

/** Builds a model around a parameter set. */
export const fromParameters = (
  encoder: Encoder,
  config: ModelConfig,
  parameters: Parameters.ParameterSet,
  { storage = "f32", activations = "f32" }: StorageOptions = {},
): Model => {
  let table: Tensor | undefined;
  const copied = storage !== "f32" && parameters.arenas.every(({ format }) => format === undefined);
  const copy = copied ? Parameters.zeros(encoder, parameters.layout, purposeIn(config, "weights"), storage) : undefined;
  const model: Model = {
    encoder,
    config,
    parameters,
    copy,
    storage,
    activations,
    weights: Parameters.modelTensors(config, copy ?? parameters),
    table: (positions) => {
      if (table !== undefined && table.rows >= positions) return table;
      model.dropTable();
      const rows = Math.max(64, Elementary.pow(2, Math.ceil(Elementary.log2(positions))));
      table = encoder.upload(() => interleave(config, rows), rows, config.headWidth);
      return table;
    },
    dropTable: () => {
      if (table !== undefined) encoder.release(table);
      table = undefined;
    },
  };
  refresh(model);
  return model;
};

/** Updates the 16-bit copy, if there is one, after the float32 weights have changed. */
export const refresh = ({ encoder, parameters, copy }: Model): void => {
  if (copy !== undefined) Parameters.narrow(encoder, parameters, copy);
};

const interleave = (config: ModelConfig, rows: number): Float32Array<ArrayBuffer> => {
  const { cosine, sine } = ropeTable(config, rows);
  const half = config.headWidth / 2;
  const words = new Float32Array(rows * config.headWidth);
  for (let row = 0; row < rows; row++) {
    words.set(cosine.subarray(row * half, (row + 1) * half), row * 2 * half);
    words.set(sine.subarray(row * half, (row + 1) * half), (row * 2 + 1) * half);
  }
  return words;
};

/** The use of a loaded model. A critic has a value head, initialised to zero if the file has none. */
export type Role = "policy" | "reference" | "critic";

/** Loading options: storage, and whether the model is trained or read-only. */
export interface LoadOptions extends StorageOptions {
  readonly trained?: boolean;
  /** The treatment of ids that the tokenizer does not know (default: logits of -infinity). */
  readonly paddedVocabulary?: PaddedVocabulary | undefined;
  /** For a reference, the number of ids that the policy knows: its softmax covers at most these, even without a tokenizer of its own. */
  readonly knownTokens?: number | undefined;
}

/** Loads a checkpoint's weights. */
export const loadModel = Effect.fn("Model.load")(function* (
  encoder: Encoder,
  checkpoint: Checkpoint,
  role: Role = "policy",
  { storage = "f32", activations = "f32", trained = false }: LoadOptions = {},
): Effect.fn.Return<Model, CheckpointError> {
  const { config: own } = checkpoint;
  const fault = activationsFault(own, encoder.info, activations);
  if (fault !== undefined) {
    return yield* readError(join(checkpoint.dir, "config.json"), "", fault.expected, fault.found);
  }
  const config = role === "critic" && !own.valueHead ? withValueHead(own) : own;
  const purpose = role === "reference" ? role : purposeIn(config, "weights");
  const layout = Parameters.parameterLayout(config);
  const format = trained ? undefined : formatOf(storage);
  const parameters = Parameters.zeros(encoder, layout, purpose, format);
  const names = new Set(checkpoint.names);
  yield* Parameters.fill(
    encoder,
    parameters,
    ({ spec }) => names.has(spec.name) ? checkpoint.read(spec.name) : undefined,
  );
  return fromParameters(encoder, config, parameters, { storage, activations });
});

/** Copies a model's weights on the device. */
export const clone = (model: Model): Model => {
  const { encoder, config, storage, activations } = model;
  const { layout, arenas } = model.parameters;
  const parameters = Parameters.zeros(encoder, layout, purposeIn(config, "weights"), arenas[0]?.format);
  arenas.forEach((arena, index) => encoder.copy(arena, parameters.arenas[index]));
  return fromParameters(encoder, config, parameters, { storage, activations });
};

/** Releases a model's buffers. */
export const releaseModel = ({ encoder, parameters, copy, dropTable }: Model): void => {
  dropTable();
  releaseParameters(encoder, parameters);
  if (copy !== undefined) releaseParameters(encoder, copy);
};

/** Sets of up to this many words are read back at once: one wait instead of one per parameter. */
const wholeWords = 1 << 26;

/** The parameters of a set as tensors for a file, read from the device when the file is written. */
export const fileTensors = (
  encoder: Encoder,
  set: Parameters.ParameterSet,
  prefix = "",
): ReadonlyArray<FileTensor<DeviceError>> => {
  const words = set.layout.sizes.reduce((sum, size) => sum + size, 0);
  let arenas: ReadonlyArray<Float32Array<ArrayBuffer>> | undefined;
  const whole = Effect.suspend(() =>
    arenas !== undefined
      ? Effect.succeed(arenas)
      : Effect.map(Effect.forEach(set.arenas, (arena) => encoder.read(arena)), (read) => arenas = read)
  );
  return set.layout.places.map((place) => ({
    name: `${prefix}${place.spec.name}`,
    shape: place.spec.shape,
    read: words > wholeWords
      ? Effect.suspend(() => encoder.read(Parameters.flat(set, place)))
      : Effect.map(whole, (read) => read[place.arena].slice(place.offset, place.offset + place.words)),
  }));
};
