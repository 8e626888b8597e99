/**
 * Logarithms to the bases e, 2 and 10, correctly rounded: log x = k log 2 + log c + log(1 + r), reduced as in `logarithm_table.ts`, summed
 * with twice the precision up to r^2, and multiplied by 1 / log(base).
 */
import { twoProduct, twoSum } from "./double_double.ts";
import { expOf, type Fixed, fixed, ln2, mantissaAndExponent, pair, shifted, smallSeries } from "./fixed_point.ts";
import { fromWords, highWord, lowWord, powerOfTwo } from "./float_bits.ts";
import { centres, leastZ, ln2High, ln2Low } from "./logarithm_table.ts";
import { refined, settled } from "./rounding.ts";

/** An upper bound of the relative error; the largest measured is 2^-67.8. */
const relative = powerOfTwo(-65);
const subnormal = powerOfTwo(54);

/** log 10 = 3 log 2 + log(1 + 1/4). */
const ln10 = (bits: number): bigint => 3n * ln2(bits) + smallSeries(1n << BigInt(bits - 2), bits, 1);

interface Base {
  /** log(base) to any number of bits. */
  readonly log: (bits: number) => bigint;
  /** 1 / log(base) as a float64 plus a remainder. */
  readonly high: number;
  readonly low: number;
}

const baseOf = (log: (bits: number) => bigint): Base => {
  const [high, low] = pair({ units: (1n << 384n) / log(192), bits: 192 });
  return { log, high, low };
};

const natural: Base = { log: (bits) => 1n << BigInt(bits), high: 1, low: 0 };
const binary = baseOf(ln2);
const decimal = baseOf(ln10);

function logarithm(x: number, base: Base): number {
  if (!(x > 0 && x < Infinity)) return x === 0 ? -Infinity : x > 0 ? x : NaN;
  const isSubnormal = x < 2.2250738585072014e-308;
  const normal = isSubnormal ? x * subnormal : x;
  const word = highWord(normal);
  const above = word - leastZ;
  const k = above >> 20;
  const i = (above >>> 13) & 127;
  const z = fromWords(word - (above & 0xfff00000), lowWord(normal));
  // z / c - 1 is exact: 1 / c has nine bits, and only the first 32 bits of z are used.
  const start = fromWords(highWord(z), 0);
  const r = (start * centres.reciprocal[i] - 1) + (z - start) * centres.reciprocal[i];
  const exponent = isSubnormal ? k - 54 : k;
  const square = twoProduct(r, r);
  const first = twoSum(exponent * ln2High + centres.high[i], r);
  const second = twoSum(first.high, -0.5 * square.high);
  const s = square.high;
  const odd = 1 / 3 + s * (1 / 5 + s * (1 / 7 + s * (1 / 9 + s * (1 / 11 + s * (1 / 13)))));
  const even = 1 / 4 + s * (1 / 6 + s * (1 / 8 + s * (1 / 10 + s * (1 / 12))));
  const cubic = r * s * (odd - r * even);
  const low = second.low + (first.low + (exponent * ln2Low + centres.low[i] - 0.5 * square.low + cubic));
  const product = twoProduct(second.high, base.high);
  const rest = product.low + (second.high * base.low + low * base.high);
  const value = settled(product.high, rest, Math.abs(product.high) * relative);
  return Number.isNaN(value) ? refined((bits) => logarithmFixed(x, second.high, base, bits)) : value;
}

/** log x = y + log(x e^-y) for a y near log x. */
function logarithmFixed(x: number, near: number, base: Base, bits: number): Fixed {
  const w = bits + 16;
  const y = fixed(near, w);
  const k = y / ln2(w);
  const inverse = expOf(k * ln2(w) - y, w);
  const { m, exponent } = mantissaAndExponent(x);
  const ratio = shifted(m * inverse, exponent - Number(k));
  const log = y + smallSeries(ratio - (1n << BigInt(w)), w, 1);
  return { units: ((log << BigInt(w)) / base.log(w)) >> 16n, bits };
}

/** The natural logarithm. */
export const log = (x: number): number => logarithm(x, natural);

/** The logarithm to base 2. */
export const log2 = (x: number): number => logarithm(x, binary);

/** The logarithm to base 10. */
export const log10 = (x: number): number => logarithm(x, decimal);
