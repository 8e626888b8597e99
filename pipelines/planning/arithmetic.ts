/**
 * Floating-point operations of a training step, from the shape of the model: a forward pass takes 2 per weight and row, attention 4 per
 * head channel and pair of positions, a backward pass twice the forward one. Norms, activations and the optimizer are left out. The time at
 * a given speed is a lower bound: decoding waits for memory, not for arithmetic.
 */
import type { ModelConfig } from "../models/model_config.ts";
import { elementCount, parameterSpecs } from "../models/parameter_specs.ts";

/** The work of a step: `prompts` x `responses` sequences of these lengths, the models that run on them, and whether activations are recomputed. */
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
    // The head's logits are always recomputed.
    gradient: shape.trains ? passes * whole * (shape.critic ? 2 : 1) + 4 * head : 0,
  };
};
