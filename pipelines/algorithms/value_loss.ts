/**
 * The critic's loss: each token costs 0.5 * max((v - R)^2, (clip(v, old - 0.5, old + 0.5) - R)^2) with v its value, old the value at
 * rollout time and R the return. The derivative by v, with w the token's factor, is w (v - R), or 0 if the clipped branch is the greater.
 * If v is outside the clip range and both branches are equal, it is half of w (v - R), which is PyTorch's subgradient. Results add up over
 * parts of a mini-batch, like the policy loss.
 */
import { type Aggregated, tokenFactor } from "./aggregation.ts";

/** Packed response tokens of several sequences, [N] each; `sequences` are their lengths, which sum to N. */
export interface ValueTokens {
  readonly values: ArrayLike<number>;
  readonly oldValues: ArrayLike<number>;
  readonly returns: ArrayLike<number>;
  readonly sequences: ReadonlyArray<number>;
}

/** The clip range of a value (0.5 as published), and the aggregation of the tokens. */
export interface ValueLossSettings extends Aggregated {
  readonly valueClip: number;
}

/** The loss, its derivative by each value, [N], and the number of clipped tokens. */
export interface ValueLoss {
  readonly loss: number;
  readonly dValues: Float32Array;
  readonly clipped: number;
  readonly tokens: number;
}

/** The published clip range of a value. */
export const VALUE_CLIP = 0.5;

/** The value loss of several sequences of a mini-batch, with its derivative by `values`. */
export const valueLoss = (
  { values, oldValues, returns, sequences }: ValueTokens,
  settings: ValueLossSettings,
): ValueLoss => {
  const { valueClip } = settings;
  const dValues = new Float32Array(values.length);
  let loss = 0;
  let clipped = 0;
  let t = 0;
  for (const length of sequences) {
    const factor = tokenFactor(length, settings);
    for (const end = t + length; t < end; t++) {
      const bounded = Math.min(Math.max(values[t], oldValues[t] - valueClip), oldValues[t] + valueClip);
      const plain = (values[t] - returns[t]) * (values[t] - returns[t]);
      const other = (bounded - returns[t]) * (bounded - returns[t]);
      const slope = other > plain ? 0 : other === plain && bounded !== values[t] ? 0.5 : 1;
      loss += 0.5 * Math.max(plain, other) * factor;
      dValues[t] = slope * (values[t] - returns[t]) * factor;
      if (other > plain) clipped++;
    }
  }
  return { loss, dValues, clipped, tokens: values.length };
};
