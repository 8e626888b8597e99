/**
 * The bits of a float64 as two unsigned 32-bit words. Both views share one buffer, low word first: Deno runs on little-endian machines
 * only.
 */
const value = new Float64Array(1);
const words = new Uint32Array(value.buffer);

/** Sign, exponent and the first 20 bits of the fraction. */
export function highWord(x: number): number {
  value[0] = x;
  return words[1];
}

/** The last 32 bits of the fraction. */
export function lowWord(x: number): number {
  value[0] = x;
  return words[0];
}

/** The float64 of two words, each taken modulo 2^32. */
export function fromWords(high: number, low: number): number {
  words[1] = high;
  words[0] = low;
  return value[0];
}

/** 2^exponent, for exponents of normal numbers: -1022 to 1023. */
export const powerOfTwo = (exponent: number): number => fromWords((exponent + 1023) << 20, 0);

/** x 2^exponent in two steps; exact unless the result is subnormal or too large. */
export function scale(x: number, exponent: number): number {
  const half = exponent >> 1;
  return x * powerOfTwo(half) * powerOfTwo(exponent - half);
}

const shrink = powerOfTwo(-54);

/** x - 2^-54 x: x itself, or one unit less for a few x near the smallest normal number, as in V8 without fused multiply-add. */
export const nearlySame = (x: number): number => x === 0 ? x : x - x * shrink;
