/**
 * Floating-point operations of a training step, from the shape of the model: 2 a weight and row in a forward pass, 4 a head channel and pair of
 * positions in attention, twice the forward pass in a backward one. Norms, activations and the optimizer are left out. At a given speed
 * it is the least time that a step takes: decoding waits for memory, not for arithmetic.
 */
import type { ModelConfig } from "../models/model_config.ts";
import { elementCount, parameterSpecs } from "../models/parameter_specs.ts";

/** What a step computes: `prompts` x `responses` sequences of so many tokens, by how many models, with activations computed again or not. */
export interface StepShape {
  readonly prompts: number;
  readonly responses: number;
  readonly promptTokens: number;
  readonly responseTokens: number;
  readonly trains: boolean;
  readonly reference: boolean;
  readonly critic: boolean;
  readonly recomputed: boolean;
}

/** Operations by phase. */
export interface StepArithmetic {
  readonly sample: number;
  readonly score: number;
  readonly gradient: number;
}

/** Operations of a step. */
export const stepArithmetic = (config: ModelConfig, shape: StepShape): StepArithmetic => {
  const { prompts, responses, promptTokens: P, responseTokens: T } = shape;
  const sequences = prompts * responses;
  const inLayers = parameterSpecs(config).filter((spec) => spec.name.includes(".layers.") && spec.shape.length === 2)
    .reduce((sum, spec) => sum + elementCount(spec), 0);
  const body = (rows: number, pairs: number) =>
    2 * rows * inLayers + 4 * pairs * config.heads * config.headWidth * config.layers;
  const head = 2 * sequences * T * config.vocabSize * config.width;
  const whole = body(sequences * (P + T), sequences * ((P + T) * (P + T)) / 2);
  const prefill = body(prompts * P, prompts * (P * P) / 2);
  const decoded = body(sequences * T, sequences * T * (P + T / 2)) + head;
  const passes = shape.recomputed ? 4 : 3;
  return {
    sample: prefill + decoded,
    score: (shape.reference ? whole + head : 0) + (shape.critic ? whole : 0),
    // The head's logits are always made again.
    gradient: shape.trains ? passes * whole * (shape.critic ? 2 : 1) + 4 * head : 0,
  };
};
