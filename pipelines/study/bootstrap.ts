/**
 * The paired bootstrap of a study. Each draw resamples problems and cells, with replacement, and is the same for both sides of a
 * comparison. The draws have a fixed key and depend only on the numbers of cells and problems, so a study's intervals are a function of its
 * counts alone. With only three bases an interval is rough.
 */
import { Key } from "../../data/random.ts";
import { bootstrapKey, drawnPlaces, middle95 } from "../../data/statistics.ts";

/** How often each cell and each problem was drawn. */
export interface Draw {
  readonly cells: Float64Array;
  readonly problems: Float64Array;
}

/** A number with the middle 95 % of its draws. */
export interface Estimate {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Draws per interval. */
export const defaultDraws = 1000;

const times = (key: Key, draw: number, size: number): Float64Array => {
  const counts = new Float64Array(size);
  for (const place of drawnPlaces(key, draw, size)) counts[place]++;
  return counts;
};

/** The study itself, then `draws` resamples of it. */
export const drawsOf = (cells: number, problems: number, draws: number): ReadonlyArray<Draw> => {
  const key = bootstrapKey("study");
  const [cellKey, problemKey] = [Key.fold(key, "cells"), Key.fold(key, "problems")];
  return [
    { cells: new Float64Array(cells).fill(1), problems: new Float64Array(problems).fill(1) },
    ...Array.from({ length: draws }, (_, draw) => ({
      cells: times(cellKey, draw, cells),
      problems: times(problemKey, draw, problems),
    })),
  ];
};

/** The estimate of a statistic. The first draw must be the study itself; draws that leave a slice empty do not count. */
export const estimateOf = (draws: ReadonlyArray<Draw>, measured: (draw: Draw) => number): Estimate => {
  const value = measured(draws[0]);
  return { value, ...middle95(Float64Array.from(draws.slice(1), measured).filter(Number.isFinite), value) };
};
