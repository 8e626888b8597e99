/**
 * A model of a given shape with made-up weights, for measurements: norms are 1, biases 0, all else is noise of standard deviation 0.02. It
 * is filled on the device, so seven billion weights take seconds. All blocks are alike; the speed does not depend on that.
 */
import type { Encoder } from "../../kernels/gpu/encoder.ts";
import { copies, noiseFill } from "../../kernels/bench/noise_fill.ts";
import { activationsFault } from "../models/activations.ts";
import { fromParameters, type Model, type StorageOptions } from "../models/model.ts";
import type { ModelConfig } from "../models/model_config.ts";
import * as Parameters from "../models/parameters.ts";

/** Half the width of uniform noise with standard deviation 0.02. */
const spread = 0.02 * Math.sqrt(3);

/** A model that computes the same operations as a real one of its shape, with random weights. */
export const randomModel = (encoder: Encoder, config: ModelConfig, stored: StorageOptions = {}): Model => {
  const fault = activationsFault(config, encoder.info, stored.activations ?? "f32");
  if (fault !== undefined) encoder.fail(`Cannot make a model: expected ${fault.expected}, found ${fault.found}`);
  const parameters = Parameters.zeros(encoder, Parameters.parameterLayout(config), "weights");
  const { layout, arenas } = parameters;
  const filler = noiseFill(encoder, spread, Math.max(...layout.sizes));
  for (const arena of arenas) filler.fill(arena);
  filler.release();
  const vectors = layout.places.filter(({ spec }) => spec.shape.length === 1);
  const width = Math.max(1, ...vectors.map(({ words }) => words));
  const [ones, nothing] = [1, 0].map((value) => encoder.upload(new Float32Array(width).fill(value), 1, width));
  for (const place of vectors) {
    const block = place.spec.name.endsWith(".bias") ? nothing : ones;
    copies(encoder, block, Parameters.flat(parameters, place));
  }
  for (const tensor of [ones, nothing]) encoder.release(tensor);
  return fromParameters(encoder, config, parameters, stored);
};
