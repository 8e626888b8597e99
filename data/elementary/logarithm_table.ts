/**
 * Argument reduction for logarithms, as in ARM's optimized routines: x = 2^k z with z in [0.7057, 1.4114), and c near z, one of 128 centres
 * whose reciprocals have so few bits that r = z / c - 1 is an exact float64. Then log x = k log 2 + log c + log(1 + r), |r| < 1/128.
 */
import { inverseSeries, ln2, nearest } from "./fixed_point.ts";
import { fromWords } from "./float_bits.ts";

/** The high word of the smallest z. */
export const leastZ = 0x3fe69555;

const size = 128;
const bits = 160;

/** A number rounded to a multiple of 2^-places, plus the float64 of the remainder. */
const rounded = (units: bigint, places: number): readonly [number, number] => {
  const drop = BigInt(bits - places);
  const whole = ((units + (1n << (drop - 1n))) >> drop) << drop;
  return [nearest({ units: whole, bits }), nearest({ units: units - whole, bits })];
};

/** log(n / 256) for n = 176 … 256 and for even n up to 384, each from the one before: log((n + d) / n) = 2 artanh(d / (2 n + d)). */
const logarithms = (() => {
  const of = new Map<number, bigint>([[256, 0n]]);
  const gap = (n: number): bigint => 2n * inverseSeries(BigInt(n), bits, false);
  for (let n = 256, log = 0n; n < 384; n += 2) of.set(n + 2, log += gap(n + 1));
  for (let n = 256, log = 0n; n > 176; n--) of.set(n - 1, log -= gap(2 * n - 1));
  return of;
})();

/** 1 / c, and log c as a multiple of 2^-43 plus a remainder. */
export const centres = (() => {
  const reciprocal = new Float64Array(size), high = new Float64Array(size), low = new Float64Array(size);
  for (let i = 0; i < size; i++) {
    const from = fromWords(leastZ + (i << 13), 0), to = fromWords(leastZ + ((i + 1) << 13), 0);
    const centre = (from + to) / 2;
    const n = centre < 1 ? 2 * Math.round(size / centre) : Math.round(2 * size / centre);
    reciprocal[i] = n / 256;
    [high[i], low[i]] = rounded(-(logarithms.get(n) ?? 0n), 43);
  }
  return { reciprocal, high, low };
})();

/** log 2 as a multiple of 2^-42 plus a remainder, so that k times the multiple is exact in float64. */
export const [ln2High, ln2Low] = rounded(ln2(bits), 42);
