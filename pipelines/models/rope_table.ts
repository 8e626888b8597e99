/**
 * The angles of the rotary position embedding, cos(p f_i) and sin(p f_i) with f_i = theta^(-2i/D), and the stretched
 * frequencies of linear and Llama 3 scaling. Every step is rounded to float32 as transformers rounds it (a quotient with a
 * number on the left is that number times a reciprocal, as torch has it), because at far positions the rounding of f_i is
 * what the angle is made of.
 */
import * as Elementary from "../../data/elementary/mod.ts";
import type { ModelConfig, RopeScaling } from "./model_config.ts";

/** Cosines and sines by position: [positions, headWidth / 2] each, float32. */
export interface RopeTable {
  readonly cosine: Float32Array<ArrayBuffer>;
  readonly sine: Float32Array<ArrayBuffer>;
}

const { fround } = Math;

/** The frequencies f_i in radians a position, [headWidth / 2], scaling included. */
export const ropeFrequencies = (
  config: Pick<ModelConfig, "headWidth" | "ropeTheta" | "ropeScaling">,
): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: config.headWidth / 2 }, (_, i) => {
    const power = fround(Elementary.pow(fround(config.ropeTheta), fround(2 * i / config.headWidth)));
    return scaled(fround(1 / power), config.ropeScaling);
  });

/** The table for positions 0 to `positions` - 1. */
export const ropeTable = (
  config: Pick<ModelConfig, "headWidth" | "ropeTheta" | "ropeScaling">,
  positions: number,
): RopeTable => {
  const frequencies = ropeFrequencies(config);
  const half = frequencies.length;
  const cosine = new Float32Array(positions * half);
  const sine = new Float32Array(positions * half);
  for (let position = 0; position < positions; position++) {
    for (let i = 0; i < half; i++) {
      const angle = fround(position * frequencies[i]);
      cosine[position * half + i] = Elementary.cos(angle);
      sine[position * half + i] = Elementary.sin(angle);
    }
  }
  return { cosine, sine };
};

const scaled = (frequency: number, scaling: RopeScaling): number => {
  switch (scaling.kind) {
    case "none":
      return frequency;
    case "linear":
      return fround(frequency / fround(scaling.factor));
    case "llama3":
      return llama3(frequency, scaling);
  }
};

/** Long waves are stretched by `factor`, short ones kept, and those between blended by how many fit the first context. */
const llama3 = (frequency: number, scaling: RopeScaling & { readonly kind: "llama3" }): number => {
  const { lowFrequencyFactor: low, highFrequencyFactor: high, originalContext } = scaling;
  const factor = fround(scaling.factor);
  const wavelength = fround(fround(1 / frequency) * fround(2 * Math.PI));
  if (wavelength < fround(originalContext / high)) return frequency;
  if (wavelength > fround(originalContext / low)) return fround(frequency / factor);
  const waves = fround(fround(1 / wavelength) * fround(originalContext));
  const smooth = fround(fround(waves - fround(low)) / fround(high - low));
  const stretched = fround(fround(fround(1 - smooth) * frequency) / factor);
  return fround(stretched + fround(smooth * frequency));
};
