/**
 * Error-free sums and products of float64, returned as a rounded result plus its rounding error (Dekker 1971, Knuth), and the fused
 * multiply-add built from them (Boldo and Melquiond 2008). Products expect operands and results far from overflow and underflow.
 */
import { fromWords, highWord, lowWord } from "./float_bits.ts";

/** An unevaluated sum of two float64; `low` is small beside `high`. */
export interface DoubleDouble {
  readonly high: number;
  readonly low: number;
}

/** a + b. */
export function twoSum(a: number, b: number): DoubleDouble {
  const high = a + b;
  const part = high - a;
  return { high, low: (a - (high - part)) + (b - part) };
}

const splitter = 134217729;

/** a b. */
export function twoProduct(a: number, b: number): DoubleDouble {
  const high = a * b;
  const bigA = splitter * a, bigB = splitter * b;
  const a1 = bigA - (bigA - a), b1 = bigB - (bigB - b);
  const a2 = a - a1, b2 = b - b1;
  return { high, low: ((a1 * b1 - high) + a1 * b2 + a2 * b1) + a2 * b2 };
}

/** a b + c, rounded once. The exact sum has three parts; the two smaller ones are added with rounding to odd. */
export function fusedMultiplyAdd(a: number, b: number, c: number): number {
  const product = a * b;
  const bigA = splitter * a, bigB = splitter * b;
  const a1 = bigA - (bigA - a), b1 = bigB - (bigB - b);
  const a2 = a - a1, b2 = b - b1;
  const error = ((a1 * b1 - product) + a1 * b2 + a2 * b1) + a2 * b2;
  const inner = c + error;
  const part1 = inner - c;
  const innerError = (c - (inner - part1)) + (error - part1);
  const outer = product + inner;
  const part2 = outer - product;
  const outerError = (product - (outer - part2)) + (inner - part2);
  const rest = innerError + outerError;
  const part3 = rest - innerError;
  const lost = (innerError - (rest - part3)) + (outerError - part3);
  return outer + (lost === 0 || (lowWord(rest) & 1) === 1 ? rest : toOdd(rest, lost));
}

/** Of the two float64 around x + lost, the one with an odd significand; x has an even one. */
function toOdd(x: number, lost: number): number {
  const low = lowWord(x);
  return (lost > 0) === (x > 0)
    ? fromWords(highWord(x), low + 1)
    : fromWords(highWord(x) - (low === 0 ? 1 : 0), low - 1);
}
