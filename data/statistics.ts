/** What every interval of the project is made of: numbers drawn again with replacement (the bootstrap), and quantiles. */
import { integer, Key } from "./random.ts";

/** The key of a bootstrap by its name; intervals are functions of the data alone, since no seed of a run is in it. */
export const bootstrapKey = (name: string): Key => Key.fold(Key.make(0), name);

/** Draw number `draw` (from 0) under a key: `size` places out of 0 to `size` - 1, with replacement. */
export const drawnPlaces = (key: Key, draw: number, size: number): Int32Array => {
  const places = new Int32Array(size);
  for (let i = 0; i < size; i++) places[i] = integer(key, draw * size + i, size);
  return places;
};

/** The quantile of sorted numbers, linear between neighbours; undefined where there are none. */
export const quantile = (sorted: ArrayLike<number>, at: number): number | undefined => {
  const place = at * (sorted.length - 1);
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  return below === undefined || above === undefined ? undefined : below + (above - below) * (place - Math.floor(place));
};

/** The middle 95 % of some numbers; both ends are `otherwise` where there are none. */
export const middle95 = (numbers: Float64Array, otherwise: number): { readonly low: number; readonly high: number } => {
  const sorted = numbers.toSorted();
  return { low: quantile(sorted, 0.025) ?? otherwise, high: quantile(sorted, 0.975) ?? otherwise };
};

/** The middle one of at least one number, the greater of two in the middle. */
export const median = (numbers: ReadonlyArray<number>): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
