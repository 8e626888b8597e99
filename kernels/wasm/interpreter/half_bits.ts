/** Conversion of float16 to and from its bits. */

const halves = new Float16Array(1);
const bits = new Uint16Array(halves.buffer);

/** The bits of the nearest float16. */
export const halfOf = (x: number): number => {
  halves[0] = x;
  return bits[0];
};

/** The nearest float16. */
export const roundHalf = (x: number): number => {
  halves[0] = x;
  return halves[0];
};

const numbers = Float64Array.from({ length: 1 << 16 }, (_, half) => {
  bits[0] = half;
  return halves[0];
});

/** The number with the given float16 bits. */
export const fromHalf = (half: number): number => numbers[half];
