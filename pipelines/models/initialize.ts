/**
 * Initial weights: norms one, biases zero, every matrix normal with variance 1 / inputs (half the standard deviation for the two that write
 * into the residual stream), the embedding with standard deviation 0.04. Drawn from Threefry by parameter name, so the seed determines the
 * model.
 */
import * as Elementary from "../../data/elementary/mod.ts";
import { bits, Key } from "../../data/random.ts";
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import { fromParameters, type Model } from "./model.ts";
import type { ModelConfig } from "./model_config.ts";
import type { ParameterSpec } from "./parameter_specs.ts";
import * as Parameters from "./parameters.ts";

/** A new model on the device. */
export const initialize = (encoder: Encoder, config: ModelConfig, seed: number): Model => {
  const parameters = Parameters.zeros(encoder, Parameters.parameterLayout(config), "weights");
  for (const place of parameters.layout.places) {
    encoder.write(Parameters.flat(parameters, place), initialValues(place.spec, seed));
  }
  return fromParameters(encoder, config, parameters);
};

const initialValues = ({ name, shape }: ParameterSpec, seed: number): Float32Array<ArrayBuffer> => {
  const count = shape.reduce((product, n) => product * n, 1);
  if (shape.length === 1) return new Float32Array(count).fill(name.endsWith(".bias") ? 0 : 1);
  const deviation = deviationOf(name, shape[1]);
  const key = Key.fold(Key.make(seed), "initialize", name);
  return Float32Array.from({ length: count }, (_, i) => deviation * normal(key, i));
};

const deviationOf = (name: string, inputs: number): number => {
  if (name === "model.embed_tokens.weight") return 0.04;
  const half = name.endsWith("o_proj.weight") || name.endsWith("down_proj.weight");
  return (half ? 0.5 : 1) / Math.sqrt(inputs);
};

/** The i-th standard normal number under a key (Box and Muller). */
export const normal = (key: Key, i: number): number => {
  const uniform = (counter: number) => (bits(key, counter) + 0.5) / 2 ** 32;
  return Math.sqrt(-2 * Elementary.log(uniform(2 * i))) * Elementary.cos(2 * Math.PI * uniform(2 * i + 1));
};
