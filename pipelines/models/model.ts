/** A model on the device: its configuration, its weights, its rotary table; how it is loaded, copied and read back. */
import * as Effect from "effect/Effect";
import type { DeviceError } from "../../kernels/device_error.ts";
import type { Encoder } from "../../kernels/encoder.ts";
import type { Tensor } from "../../kernels/tensor.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { purposeIn } from "./memory_purposes.ts";
import { type ModelConfig, withValueHead } from "./model_config.ts";
import * as Parameters from "./parameters.ts";
import { ropeTable } from "./rope_table.ts";
import type { CheckpointError, Tensor as FileTensor } from "./safetensors.ts";

/** A model whose weights are on the device. */
export interface Model {
  readonly encoder: Encoder;
  readonly config: ModelConfig;
  readonly parameters: Parameters.ParameterSet;
  readonly weights: Parameters.ModelTensors;
  /** Rotary table that covers at least `positions` positions. */
  readonly table: (positions: number) => Tensor;
}

/** A model around a set of parameters. */
export const fromParameters = (encoder: Encoder, config: ModelConfig, parameters: Parameters.ParameterSet): Model => {
  let table: Tensor | undefined;
  return {
    encoder,
    config,
    parameters,
    weights: Parameters.modelTensors(config, parameters),
    table: (positions) => {
      if (table !== undefined && table.rows >= positions) return table;
      if (table !== undefined) encoder.release(table);
      const rows = Math.max(64, 2 ** Math.ceil(Math.log2(positions)));
      table = encoder.upload(() => interleave(config, rows), rows, config.headWidth);
      return table;
    },
  };
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

/** Loads a checkpoint's weights. */
export const load = Effect.fn("Model.load")(function* (
  encoder: Encoder,
  checkpoint: Checkpoint,
  role: Role = "policy",
): Effect.fn.Return<Model, CheckpointError> {
  const { config: own } = checkpoint;
  const config = role === "critic" && !own.valueHead ? withValueHead(own) : own;
  const purpose = role === "reference" ? role : purposeIn(config, "weights");
  const parameters = Parameters.zeros(encoder, Parameters.parameterLayout(config), purpose);
  for (const place of parameters.layout.places) {
    if (!checkpoint.names.includes(place.spec.name)) continue;
    encoder.write(Parameters.flat(parameters, place), yield* checkpoint.read(place.spec.name));
  }
  return fromParameters(encoder, config, parameters);
});

/** A second copy of a model's weights on the device. */
export const clone = (model: Model): Model => {
  const { encoder, config } = model;
  const parameters = Parameters.zeros(encoder, model.parameters.layout, purposeIn(config, "weights"));
  model.parameters.arenas.forEach((arena, index) => encoder.copy(arena, parameters.arenas[index]));
  return fromParameters(encoder, config, parameters);
};

/** Gives a model's buffers back. */
export const release = (model: Model): void => Parameters.release(model.encoder, model.parameters);

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
