/**
 * The paired bootstrap of a study. Each draw resamples problems and cells, with replacement, and is the same for both sides of a
 * comparison. The draws have a fixed key and depend only on the numbers of cells and problems, so a study's intervals are a function of its
 * counts alone. With only three bases an interval is rough.
 */
import { integer, Key } from "../../data/random.ts";
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

/** How a study is resampled where its cells and problems are not independent: the base of each cell, and the group of each problem. */
export interface Clusters {
  readonly bases: ReadonlyArray<number>;
  readonly groups: ReadonlyArray<string>;
}

/** The indices of the members of each cluster, in the order of first appearance. */
const membersOf = (names: ReadonlyArray<number | string>): ReadonlyArray<ReadonlyArray<number>> => [
  ...Map.groupBy(names.keys(), (i) => names[i]).values(),
];

/**
 * The study itself, then `draws` resamples in clusters: all problems of a group together; of B bases B - 1 (Rao and Wu 1988: so the spread of a
 * mean over few bases is not too small), and of each drawn base as many cells as it has. One base is drawn as it is.
 */
export const clusteredDraws = ({ bases, groups }: Clusters, draws: number): ReadonlyArray<Draw> => {
  const key = bootstrapKey("clustered study");
  const [baseKey, groupKey] = [Key.fold(key, "bases"), Key.fold(key, "groups")];
  const [cellsOf, problemsOf] = [membersOf(bases), membersOf(groups)];
  const some = Math.max(1, cellsOf.length - 1);
  const drawn = (draw: number): Draw => {
    const cells = new Float64Array(bases.length);
    for (let turn = 0; turn < some; turn++) {
      const own = cellsOf[integer(baseKey, draw * some + turn, cellsOf.length)];
      const seedKey = Key.fold(key, "seeds", draw, turn);
      for (const place of drawnPlaces(seedKey, 0, own.length)) cells[own[place]]++;
    }
    const problems = new Float64Array(groups.length);
    for (const place of drawnPlaces(groupKey, draw, problemsOf.length)) {
      for (const problem of problemsOf[place]) problems[problem]++;
    }
    return { cells, problems };
  };
  const itself = { cells: new Float64Array(bases.length).fill(1), problems: new Float64Array(groups.length).fill(1) };
  return [itself, ...Array.from({ length: draws }, (_, draw) => drawn(draw))];
};

/** The estimate of a statistic. The first draw must be the study itself; draws that leave a slice empty do not count. */
export const estimateOf = (draws: ReadonlyArray<Draw>, measured: (draw: Draw) => number): Estimate => {
  const { value, drawn } = measuredDraws(draws, measured);
  return { value, ...middle95(drawn, value) };
};

/** A statistic of the study itself, and of each resample that leaves no slice empty. */
export const measuredDraws = (draws: ReadonlyArray<Draw>, measured: (draw: Draw) => number) => ({
  value: measured(draws[0]),
  drawn: Float64Array.from(draws.slice(1), measured).filter(Number.isFinite),
});
