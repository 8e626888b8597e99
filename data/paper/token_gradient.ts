/**
 * The gradients of Section 4.2: where a step down the loss -R π_y moves the logits z of a position whose sampled token is y, π = softmax(z / T):
 *   PSR (R = +1):  -∂L/∂z_v = π_y (1 - π_y) for v = y, -π_y π_v for all others      Eq. (7)
 *   NSR (R = -1):  -∂L/∂z_v = -π_y (1 - π_y) for v = y, π_y π_v for all others      Eq. (8)
 * The paper leaves out a factor that all v share. Training differentiates A π_y / π_old(y), summed with a weight w a token, at a temperature T:
 * that factor is |A| w / (π_old(y) T), and the sign of A says which of the two equations it is. The entropy bonus moves the logits by a term
 * of its own (`entropyGradient`).
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

/** Eq. (7): where PSR moves each logit when `sampled` was drawn in a correct response. */
export const positiveGradient = (probabilities: Float64Array, sampled: number): Float64Array => {
  const own = probabilities[sampled];
  // 1 - π_y as the sum of the others, which keeps its digits where π_y is nearly 1.
  const others = probabilities.reduce((sum, p, v) => v === sampled ? sum : sum + p, 0);
  return probabilities.map((p, v) => v === sampled ? own * others : -own * p);
};

/** Eq. (8): where NSR moves each logit when `sampled` was drawn in an incorrect response. */
export const negativeGradient = (probabilities: Float64Array, sampled: number): Float64Array =>
  positiveGradient(probabilities, sampled).map((x) => -x);

/** What turns Eqs. (7) and (8) into training's gradient: |A| w / (π_old(y) T). */
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

/** Where a token's advantage moves the logits in training: Eq. (7) above 0, Eq. (8) below, times `factor`. */
export const trainingGradient = (
  probabilities: Float64Array,
  sampled: number,
  advantage: number,
  factor: number,
): Float64Array =>
  (advantage < 0 ? negativeGradient : positiveGradient)(probabilities, sampled).map((x) =>
    advantage === 0 ? 0 : factor * x
  );

/** Where the entropy bonus moves each logit, for a coefficient of 1: -π_v (log π_v + H) / T. */
export const entropyGradient = (probabilities: Float64Array, temperature = 1): Float64Array => {
  const weighted = probabilities.map((p) => p === 0 ? 0 : p * Elementary.log(p));
  const entropy = -weighted.reduce((sum, x) => sum + x, 0);
  return probabilities.map((p, v) => -(weighted[v] + p * entropy) / temperature);
};
