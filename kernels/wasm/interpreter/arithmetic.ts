/** Helpers of the generated code for operations that WGSL defines differently from JavaScript. */
import { exp, log } from "../../../data/elementary/mod.ts";
import { fromHalf, halfOf, roundHalf } from "./half_bits.ts";

const words = new Uint32Array(1);
const floats = new Float32Array(words.buffer);
const integers = new Int32Array(words.buffer);
const double = new Float64Array(1);
const doubleWords = new Uint32Array(double.buffer);

/** 2^exponent, clamped to a range beyond which float32 results do not change. */
const powerOfTwo = (exponent: number): number => {
  doubleWords[0] = 0;
  doubleWords[1] = (Math.max(-1000, Math.min(1000, exponent)) + 1023) << 20;
  return double[0];
};

export const arithmetic = {
  exp,
  log,
  roundHalf,
  /** Integer division; x / 0 is x. */
  divideUnsigned: (a: number, b: number): number => b === 0 ? a : Math.floor(a / b),
  divideSigned: (a: number, b: number): number => b === 0 ? a : (a / b) | 0,
  /** Integer remainder; x % 0 is 0. */
  restUnsigned: (a: number, b: number): number => b === 0 ? 0 : a % b,
  restSigned: (a: number, b: number): number => b === 0 ? 0 : (a % b) | 0,
  /** Minimum; of a number and NaN, the number. */
  least: (a: number, b: number): number => b < a || a !== a ? b : a,
  most: (a: number, b: number): number => a < b || a !== a ? b : a,
  /** Rounds to nearest, ties to even; a zero keeps the sign of `x`. */
  nearest: (x: number): number => {
    const below = Math.floor(x);
    const rest = x - below;
    const found = rest < 0.5 ? below : rest > 0.5 ? below + 1 : below % 2 === 0 ? below : below + 1;
    return found === 0 ? 0 * x : found;
  },
  /** Conversion to u32 saturates. */
  toUnsigned: (x: number): number => x > 0 ? Math.min(Math.trunc(x), 0xffff_ffff) : 0,
  toSigned: (x: number): number => x !== x ? 0 : Math.max(-0x8000_0000, Math.min(Math.trunc(x), 0x7fff_ffff)) | 0,
  scale: (x: number, exponent: number): number => x * powerOfTwo(exponent),
  bitsOfFloat: (x: number): number => {
    floats[0] = x;
    return words[0];
  },
  signedBitsOfFloat: (x: number): number => {
    floats[0] = x;
    return integers[0];
  },
  floatOfBits: (bits: number): number => {
    words[0] = bits;
    return floats[0];
  },
  packHalves: (low: number, high: number): number => (halfOf(low) | halfOf(high) << 16) >>> 0,
  lowHalf: (word: number): number => fromHalf(word & 0xffff),
  highHalf: (word: number): number => fromHalf(word >>> 16),
};
