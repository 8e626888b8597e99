/** The bootstrap (resampling with replacement), quantiles and medians behind every interval of the project. */
import { exp } from "./elementary/mod.ts";
import { integer, Key } from "./random.ts";

/** The key of a bootstrap by name. It holds no seed of a run, so an interval depends on the data alone. */
export const bootstrapKey = (name: string): Key => Key.fold(Key.make(0), name);

/** Resample number `draw` (from 0) under a key: `size` indices from 0 to `size` - 1, with replacement. */
export const drawnPlaces = (key: Key, draw: number, size: number): Int32Array => {
  const places = new Int32Array(size);
  for (let i = 0; i < size; i++) places[i] = integer(key, draw * size + i, size);
  return places;
};

/** The means of each list under `draws` resamples, the same for all lists; they have one number a problem, at least one. */
export const redrawnMeans = (
  name: string,
  lists: ReadonlyArray<Float64Array>,
  draws: number,
): ReadonlyArray<Float64Array> => {
  const key = bootstrapKey(name);
  const size = lists[0]?.length ?? 0;
  const means = lists.map(() => new Float64Array(draws));
  for (let draw = 0; draw < draws; draw++) {
    const places = drawnPlaces(key, draw, size);
    for (const [j, list] of lists.entries()) {
      let sum = 0;
      for (const place of places) sum += list[place];
      means[j][draw] = sum / size;
    }
  }
  return means;
};

/** The quantile of sorted numbers, linear between neighbours; undefined if there are none. */
export const quantile = (sorted: ArrayLike<number>, at: number): number | undefined => {
  const place = at * (sorted.length - 1);
  const below = sorted[Math.floor(place)];
  const above = sorted[Math.ceil(place)];
  return below === undefined || above === undefined ? undefined : below + (above - below) * (place - Math.floor(place));
};

/** The middle 95 % of numbers; both ends are `otherwise` if there are none. */
export const middle95 = (numbers: Float64Array, otherwise: number): { readonly low: number; readonly high: number } => {
  const sorted = numbers.toSorted();
  return { low: quantile(sorted, 0.025) ?? otherwise, high: quantile(sorted, 0.975) ?? otherwise };
};

/** The mean of at least one number, summed in order. */
export const mean = (numbers: ArrayLike<number>): number => {
  let sum = 0;
  for (let i = 0; i < numbers.length; i++) sum += numbers[i];
  return sum / numbers.length;
};

/** The median of at least one number; of two middle ones the greater. */
export const median = (numbers: ReadonlyArray<number>): number =>
  numbers.toSorted((a, b) => a - b)[numbers.length >> 1];

/** The share of a standard normal distribution below `z`, by its series: exact to rounding for |z| up to 7. */
const normalShare = (z: number): number => {
  let [term, sum] = [z, z];
  for (let odd = 3; Math.abs(term) > 1e-17 * Math.abs(sum); odd += 2) sum += term *= z * z / odd;
  return 0.5 + sum * exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
};

/** The quantile of a standard normal distribution at a share between 0 and 1, by bisection; at most 7 and at least -7. */
export const normalQuantile = (share: number): number => {
  let [low, high] = [-7, 7];
  while (high - low > 1e-12) {
    const middle = (low + high) / 2;
    if (normalShare(middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
};
