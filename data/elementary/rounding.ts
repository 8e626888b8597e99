/**
 * Correct rounding (Ziv 1991): a fast sum of two float64 with a bound on its error mostly says to which float64 the true value rounds. Where
 * it does not, whole numbers of ever more bits do.
 */
import { type Fixed, nearest, slack } from "./fixed_point.ts";

/** The float64 to which every number within `error` of high + low rounds; NaN where they do not all round to one. */
export function settled(high: number, low: number, error: number): number {
  const value = high + (low + error);
  return value === high + (low - error) ? value : NaN;
}

/** The float64 nearest to a number that is neither a float64 nor half way between two. `at` gives it to a number of bits. */
export function refined(at: (bits: number) => Fixed): number {
  for (let bits = 128;; bits *= 2) {
    const { units, bits: scale } = at(bits);
    if (nearest({ units: units - slack, bits: scale }) === nearest({ units: units + slack, bits: scale })) {
      return nearest({ units, bits: scale });
    }
  }
}
