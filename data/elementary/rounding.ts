/**
 * Correct rounding (Ziv 1991). A fast sum of two float64 with an error bound usually decides the nearest float64; if it does not, integer
 * arithmetic with more and more bits does.
 */
import { type Fixed, nearest, slack } from "./fixed_point.ts";

/** The float64 to which all numbers within `error` of high + low round; NaN if they do not all round to the same one. */
export function settled(high: number, low: number, error: number): number {
  const value = high + (low + error);
  return value === high + (low - error) ? value : NaN;
}

/** The float64 nearest to a number that is neither a float64 nor half way between two. `at` computes it to a number of bits. */
export function refined(at: (bits: number) => Fixed): number {
  for (let bits = 128;; bits *= 2) {
    const { units, bits: scale } = at(bits);
    if (nearest({ units: units - slack, bits: scale }) === nearest({ units: units + slack, bits: scale })) {
      return nearest({ units, bits: scale });
    }
  }
}
