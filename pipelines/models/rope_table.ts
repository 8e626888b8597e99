/**
 * The tables of the rotary position embedding, cos(p f_i) and sin(p f_i) with f_i = theta^(-2i/D), and the scaled frequencies of linear,
 * Llama 3 and YaRN scaling (arXiv 2309.00071; it also scales cosines and sines). Every step is rounded to float32 as in transformers,
 * because at far positions the rounding of f_i dominates the angle. (A quotient of a number and a tensor is the number times a reciprocal,
 * as in torch.)
 */
import * as Elementary from "../../data/elementary/mod.ts";
import type { ModelConfig } from "./model_config.ts";
import type { RopeScaling } from "./rope_settings.ts";

/** Cosines and sines by position: [positions, headWidth / 2] each, float32. */
export interface RopeTable {
  readonly cosine: Float32Array<ArrayBuffer>;
  readonly sine: Float32Array<ArrayBuffer>;
}

const { fround } = Math;

/** The frequencies f_i in radians per position, [headWidth / 2], scaling included. */
export const ropeFrequencies = (
  config: Pick<ModelConfig, "headWidth" | "ropeTheta" | "ropeScaling">,
): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: config.headWidth / 2 }, (_, i) => {
    const power = fround(Elementary.pow(fround(config.ropeTheta), fround(2 * i / config.headWidth)));
    const { ropeScaling: scaling } = config;
    return scaling.kind === "yarn" ? yarn(power, i, config, scaling) : scaled(fround(1 / power), scaling);
  });

/** The factor of cosines and sines: 1 except for YaRN, which sharpens attention. */
export const attentionFactor = (scaling: RopeScaling): number => {
  if (scaling.kind !== "yarn") return 1;
  const { attentionFactor: given, factor } = scaling;
  if (typeof given === "number") return given;
  const at = (mscale: number) => factor <= 1 ? 1 : 0.1 * mscale * Elementary.log(factor) + 1;
  return given.all === 0 ? at(given.own) : at(given.own) / at(given.all);
};

/** The table for positions 0 to `positions` - 1. */
export const ropeTable = (
  config: Pick<ModelConfig, "headWidth" | "ropeTheta" | "ropeScaling">,
  positions: number,
): RopeTable => {
  const frequencies = ropeFrequencies(config);
  const half = frequencies.length;
  const factor = fround(attentionFactor(config.ropeScaling));
  const cosine = new Float32Array(positions * half);
  const sine = new Float32Array(positions * half);
  for (let position = 0; position < positions; position++) {
    for (let i = 0; i < half; i++) {
      const angle = fround(position * frequencies[i]);
      // Each is rounded to float32 before multiplication, as in transformers; a factor of 1 changes no bit.
      cosine[position * half + i] = fround(Elementary.cos(angle)) * factor;
      sine[position * half + i] = fround(Elementary.sin(angle)) * factor;
    }
  }
  return { cosine, sine };
};

const scaled = (frequency: number, scaling: Exclude<RopeScaling, { readonly kind: "yarn" }>): number => {
  switch (scaling.kind) {
    case "none":
      return frequency;
    case "linear":
      return fround(frequency / fround(scaling.factor));
    case "llama3":
      return llama3(frequency, scaling);
  }
};

/** Low frequencies are divided by `factor`, high ones kept, and those between blended by their number of waves in the original context. */
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

type Yarn = RopeScaling & { readonly kind: "yarn" };

/** Frequencies that rotate often within the original context are kept, rare ones scaled, with a ramp over the dimensions between. */
const yarn = (
  power: number,
  i: number,
  config: Pick<ModelConfig, "headWidth" | "ropeTheta">,
  scaling: Yarn,
): number => {
  const kept = fround(1 / power);
  const stretched = fround(1 / fround(fround(scaling.factor) * power));
  const [low, high] = rampOf(config, scaling);
  const ramp = Math.min(1, Math.max(0, fround(fround(i - fround(low)) / fround(high - low))));
  const share = fround(1 - ramp);
  return fround(fround(stretched * fround(1 - share)) + fround(kept * share));
};

/** The dimensions at both ends of the ramp. */
const rampOf = (
  { headWidth, ropeTheta }: Pick<ModelConfig, "headWidth" | "ropeTheta">,
  { originalContext, betaFast, betaSlow, truncate }: Yarn,
): readonly [low: number, high: number] => {
  const dimension = (turns: number) =>
    headWidth * Elementary.log(originalContext / (turns * 2 * Math.PI)) / (2 * Elementary.log(ropeTheta));
  const [first, last] = [dimension(betaFast), dimension(betaSlow)];
  const low = Math.max(truncate ? Math.floor(first) : first, 0);
  const high = Math.min(truncate ? Math.ceil(last) : last, headWidth - 1);
  return [low, low === high ? high + 0.001 : high];
};
