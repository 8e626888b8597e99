/**
 * A model on the device: its configuration, its weights, its rotary table; how it is loaded, copied and read back. The passes read weights as
 * they are stored: float32, or 16 bits. A model that is trained keeps the float32 that the optimizer steps beside a 16-bit copy of it; one
 * that is only read has the copy alone. Either way the copy has the same bits.
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
import { CheckpointError, type Tensor as FileTensor } from "../files/safetensors.ts";

/** A model whose weights are on the device. */
export interface Model {
  readonly encoder: Encoder;
  readonly config: ModelConfig;
  /** What the optimizer steps and files are written from: float32, but for a model that is only read in 16 bits. */
  readonly parameters: Parameters.ParameterSet;
  /** The 16-bit copy that the passes read, where `parameters` are float32 and the storage type is not. */
  readonly copy: Parameters.ParameterSet | undefined;
  readonly storage: StorageType;
  /** How activations, keys and values are stored (`activations.ts`). */
  readonly activations: StorageType;
  readonly weights: Parameters.ModelTensors;
  /** Rotary table that covers at least `positions` positions. */
  readonly table: (positions: number) => Tensor;
  /** Gives the rotary table's buffer back; the next pass makes another. */
  readonly dropTable: () => void;
}

/** As what the passes read weights, and as what they keep activations; float32 where it is not said. */
export interface StorageOptions {
  readonly storage?: StorageType | undefined;
  readonly activations?: StorageType | undefined;
}

/** A model around a set of parameters. */
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

/** Rounds the 16-bit copy anew after the float32 weights have changed; nothing where there is none. */
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

/** What a loaded model is for: a critic has a value head, of zeros where the file has none. */
export type Role = "policy" | "reference" | "critic";

/** How a model is loaded: how it is stored, and whether it is trained or only read. */
export interface LoadOptions extends StorageOptions {
  readonly trained?: boolean;
  /** What becomes of ids that the tokenizer does not know (default: their logits are -infinity). */
  readonly paddedVocabulary?: PaddedVocabulary | undefined;
  /** For a reference, how many ids the policy knows: it is normalised over no more, whether its directory has a tokenizer or not. */
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
    return yield* new CheckpointError({
      action: "read",
      file: join(checkpoint.dir, "config.json"),
      tensor: "",
      ...fault,
    });
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

/** A second copy of a model's weights on the device. */
export const clone = (model: Model): Model => {
  const { encoder, config, storage, activations } = model;
  const { layout, arenas } = model.parameters;
  const parameters = Parameters.zeros(encoder, layout, purposeIn(config, "weights"), arenas[0]?.format);
  arenas.forEach((arena, index) => encoder.copy(arena, parameters.arenas[index]));
  return fromParameters(encoder, config, parameters, { storage, activations });
};

/** Gives a model's buffers back. */
export const releaseModel = ({ encoder, parameters, copy, dropTable }: Model): void => {
  dropTable();
  releaseParameters(encoder, parameters);
  if (copy !== undefined) releaseParameters(encoder, copy);
};

/** Sets up to this many words are read back whole: one wait instead of one a parameter. */
const wholeWords = 1 << 26;

/** The parameters of a set as tensors of a file, read from the device when the file is written. */
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
