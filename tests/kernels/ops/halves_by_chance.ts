/** What `adamw_halves.wgsl` rounds to, on the host. */

/**
 * Stochastic rounding to bfloat16: rounds up with a probability equal to the fraction lost. `dice(i)` is an integer in [0, 2^16) for number i. The
 * expectation is the number itself, so sums of many small steps do not stall. Same bits as `adamw_halves.wgsl`.
 */
export const toHalvesByChance = (
  values: Float32Array<ArrayBuffer>,
  dice: (i: number) => number,
): Uint16Array<ArrayBuffer> => {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(
    words,
    (word, i) => (word & 0x7fffffff) > 0x7f800000 ? word >>> 16 | 0x40 : (word + dice(i)) >>> 16,
  );
};
