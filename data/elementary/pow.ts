/**
 * x^y by the method of ARM's optimized routines (Szabolcs Nagy, copyright 2018 Arm Limited, MIT), as in the C library of Linux: log x to
 * about 68 bits, times y, then the exponential, with fused multiply-adds; within 0.52 units. Squares and square roots use plain arithmetic.
 */
import { fusedMultiplyAdd as fma, twoProduct } from "./double_double.ts";
import { powers } from "./exponential.ts";
import { fromWords, highWord, lowWord, powerOfTwo, scale } from "./float_bits.ts";
import { centres, leastZ, ln2High, ln2Low } from "./logarithm_table.ts";

/** Coefficients of log(1 + r) from r^3 on, each scaled by the power of -2 that the evaluation needs. */
const a1 = fromWords(0xbfe55555, 0x55555560);
const a2 = fromWords(0x3fe00000, 0x00000006);
const a3 = fromWords(0x3fe99999, 0x9959554e);
const a4 = fromWords(0xbfe55555, 0x5529a47a);
const a5 = fromWords(0xbff2495b, 0x9b4845e9);
const a6 = fromWords(0x3ff0002b, 0x8b263fc3);

/** Coefficients of e^r from r^2 on. */
const c2 = fromWords(0x3fdfffff, 0xfffffdbd);
const c3 = fromWords(0x3fc55555, 0x5555543c);
const c4 = fromWords(0x3fa55555, 0xcf172b91);
const c5 = fromWords(0x3f811111, 0x67a4d017);

/** 128 / log 2, and -(log 2) / 128 in two parts. */
const perStep = fromWords(0x40671547, 0x652b82fe);
const stepHigh = fromWords(0xbf762e42, 0xfefa0000);
const stepLow = fromWords(0xbd0cf79a, 0xbc9e3b3a);
/** Adding and then subtracting this rounds to an integer. */
const rounder = 6755399441055744;

/** x^y. */
export function pow(x: number, y: number): number {
  if (y === 0) return 1;
  if (Number.isNaN(x) || Number.isNaN(y)) return NaN;
  if (y === 2) return x * x;
  if (y === 0.5) return x === -Infinity ? Infinity : Math.sqrt(x + 0);
  const size = Math.abs(x), height = Math.abs(y);
  const isWhole = Math.floor(y) === y;
  const isNegative = (x < 0 || Object.is(x, -0)) && isWhole && height <= 9007199254740992 && y % 2 !== 0;
  if (size === 0 || size === Infinity) {
    const result = (size === 0) === (y < 0) ? Infinity : 0;
    return isNegative ? -result : result;
  }
  if (height === Infinity) return size === 1 ? NaN : (size > 1) === (y > 0) ? Infinity : 0;
  if (x < 0 && !isWhole) return NaN;
  if (size === 1 || height < 2.710505431213761e-20) return isNegative ? -1 : 1;
  const result = height >= 9223372036854775808 ? (size > 1) === (y > 0) ? Infinity : 0 : ofPositive(size, y);
  return isNegative ? -result : result;
}

function ofPositive(x: number, y: number): number {
  const isSubnormal = x < 2.2250738585072014e-308;
  const normal = isSubnormal ? x * 4503599627370496 : x;
  const word = highWord(normal);
  const above = word - leastZ;
  const i = (above >>> 13) & 127;
  const k = (above >> 20) - (isSubnormal ? 52 : 0);
  const z = fromWords(word - (above & 0xfff00000), lowWord(normal));
  const start = fromWords(highWord(z), 0);
  const r = (start * centres.reciprocal[i] - 1) + (z - start) * centres.reciprocal[i];
  // log x = high + low
  const t1 = k * ln2High + centres.high[i];
  const t2 = t1 + r;
  const halved = -0.5 * r;
  const square = r * halved;
  const cube = r * square;
  const top = t2 + square;
  const lows = fma(k, ln2Low, centres.low[i]) + (t1 - t2 + r) + twoProduct(halved, r).low + (t2 - top + square);
  const series = fma(square, fma(fma(r, a6, a5), square, fma(a4, r, a3)), fma(a2, r, a1));
  const low = fma(cube, series, lows);
  const high = top + low;
  const rest = top - high + low;
  // y log x
  const product = twoProduct(y, high);
  if (Math.abs(product.high) < 5.551115123125783e-17) return 1;
  if (!(Math.abs(product.high) < 1024)) return product.high > 0 ? Infinity : 0;
  return exponential(product.high, fma(y, rest, product.low));
}

/** e^(x + rest) for 2^-54 <= |x| < 1024. */
function exponential(x: number, rest: number): number {
  const shifted = fma(perStep, x, rounder);
  const k = shifted - rounder;
  const r = rest + fma(k, stepLow, x + k * stepHigh);
  const j = k & 127;
  const exponent = (k - j) / 128;
  const square = r * r;
  const tail = fma(fma(r, c5, c4), square * square, fma(fma(c3, r, c2), square, powers.share[j] + r));
  const power = powers.high[j];
  if (x <= -512) return nearZero(power * powerOfTwo(exponent + 1022), tail);
  return scale(fma(power, tail, power), exponent);
}

/** (size + size tail) 2^-1022, rounded to a subnormal if it is one. */
function nearZero(size: number, tail: number): number {
  const least = powerOfTwo(-1022);
  const part = size * tail;
  const value = size + part;
  if (value >= 1) return value * least;
  const low = size - value + part;
  const sum = 1 + value;
  return ((sum + (1 - sum + value + low)) - 1) * least;
}
