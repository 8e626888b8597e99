/**
 * The gradients of Section 4.2: the update of the logits z by a step down the loss -R π_y at a position with sampled token y, π = softmax(z / T):
 *   PSR (R = +1):  -∂L/∂z_v = π_y (1 - π_y) for v = y, -π_y π_v for all others      Eq. (7)
 *   NSR (R = -1):  -∂L/∂z_v = -π_y (1 - π_y) for v = y, π_y π_v for all others      Eq. (8)
 * The paper leaves out a factor common to all v. Training differentiates A π_y / π_old(y) with a weight w per token at a temperature T, so the
 * factor is |A| w / (π_old(y) T), and the sign of A selects the equation. The entropy bonus adds its own term (`entropyGradient`).
 */
import * as Elementary from "../elementary/mod.ts";

/** The softmax of logits at a temperature. */
export const softmax = (logits: ArrayLike<number>, temperature = 1): Float64Array => {
  let most = -Infinity;
  for (let v = 0; v < logits.length; v++) most = Math.max(most, logits[v]);
  const powers = Float64Array.from(logits, (z) => Elementary.exp((z - most) / temperature));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
};

/** Eq. (7): the update of each logit by PSR when `sampled` was drawn in a correct response. */
export const positiveGradient = (probabilities: Float64Array, sampled: number): Float64Array => {
  const own = probabilities[sampled];
  // 1 - π_y as the sum of the others, which keeps its precision if π_y is near 1.
  const others = probabilities.reduce((sum, p, v) => v === sampled ? sum : sum + p, 0);
  return probabilities.map((p, v) => v === sampled ? own * others : -own * p);
};

/** Eq. (8): the update of each logit by NSR when `sampled` was drawn in an incorrect response. */
export const negativeGradient = (probabilities: Float64Array, sampled: number): Float64Array =>
  positiveGradient(probabilities, sampled).map((x) => -x);

/** The factor between Eqs. (7) and (8) and training's gradient: |A| w / (π_old(y) T). */
export const trainingFactor = (
  { advantage, oldProbability, weight, temperature }: {
    readonly advantage: number;
    /** π_old(y), the sampled token's probability when it was drawn. */
    readonly oldProbability: number;
    /** The token's weight in the aggregated loss. */
    readonly weight: number;
    readonly temperature: number;
  },
): number => Math.abs(advantage) * weight / (oldProbability * temperature);

/** The update of the logits by a token's advantage in training: Eq. (7) above 0, Eq. (8) below, times `factor`. */
export const trainingGradient = (
  probabilities: Float64Array,
  sampled: number,
  advantage: number,
  factor: number,
): Float64Array =>
  (advantage < 0 ? negativeGradient : positiveGradient)(probabilities, sampled).map((x) =>
    advantage === 0 ? 0 : factor * x
  );

/** The update of each logit by the entropy bonus, for a coefficient of 1: -π_v (log π_v + H) / T. */
export const entropyGradient = (probabilities: Float64Array, temperature = 1): Float64Array => {
  const weighted = probabilities.map((p) => p === 0 ? 0 : p * Elementary.log(p));
  const entropy = -weighted.reduce((sum, x) => sum + x, 0);
  return probabilities.map((p, v) => -(weighted[v] + p * entropy) / temperature);
};
