/**
 * Verdicts that count how many claims were asked. Each claim has two one-sided tests by the bootstrap, that it holds and that it does not; p is
 * twice the smaller of both. A claim of equality (`within`) holds by two one-sided tests, so its p is the greater of theirs. The primary claims
 * share 5 % by Holm (1979), all others by Benjamini and Yekutieli (2001), which allows any dependence. What is not decided has the smallest
 * distance from its threshold that the design would have seen in four cases of five, at the level that its family left for one more claim.
 */
import { mean, middle95, normalQuantile } from "../../data/statistics.ts";
import type { ClaimVerdict, StudyClaim } from "../records/claim.ts";
import type { ClaimRow } from "../records/study_rows.ts";
import { type Draw, measuredDraws } from "./bootstrap.ts";
import type { Evidence, Pair } from "./evidence.ts";
import { measureStatistic } from "./statistics.ts";

/** Draws per claim: enough for a p far below a twelfth of 5 %. */
export const familyDraws = 4000;

/** The error rate of each family. */
const level = 0.05;

/** The share of studies in which an effect of the smallest size that could have been seen is seen. */
const power = 0.8;

/** A family: its claims' p values adjusted, and the level of the next claim after `decided` of `count` were decided. */
interface Family {
  readonly adjust: (p: ReadonlyArray<number>) => ReadonlyArray<number>;
  readonly left: (count: number, decided: number) => number;
}

/** The share of draws where something is so, counted with the study itself, so that it is never 0. */
const chanceOf = (draws: Float64Array, isSo: (value: number) => boolean): number =>
  (1 + draws.filter(isSo).length) / (1 + draws.length);

/** The p of "holds" and of "does not" by resamples of a claim's statistic. */
export const twoTests = (
  { comparison, threshold }: Pick<StudyClaim, "comparison" | "threshold">,
  draws: Float64Array,
): { readonly holds: number; readonly doesNot: number } => {
  const above = (bound: number) => chanceOf(draws, (value) => value <= bound);
  const below = (bound: number) => chanceOf(draws, (value) => value >= bound);
  switch (comparison) {
    case "above":
      return { holds: above(threshold), doesNot: below(threshold) };
    case "below":
      return { holds: below(threshold), doesNot: above(threshold) };
    case "within":
      return {
        holds: Math.max(above(-threshold), below(threshold)),
        doesNot: Math.min(1, 2 * Math.min(above(threshold), below(-threshold))),
      };
  }
};

/** The p values adjusted by Holm, in their order. */
export const holm = (p: ReadonlyArray<number>): ReadonlyArray<number> => {
  const order = [...p.keys()].sort((a, b) => p[a] - p[b]);
  const adjusted = new Array<number>(p.length).fill(1);
  let most = 0;
  for (const [rank, i] of order.entries()) {
    most = Math.max(most, Math.min(1, (p.length - rank) * p[i]));
    adjusted[i] = most;
  }
  return adjusted;
};

const harmonicSum = (count: number): number => {
  let sum = 0;
  for (let i = 1; i <= count; i++) sum += 1 / i;
  return sum;
};

/** The p values adjusted by Benjamini and Yekutieli, in their order. */
export const benjaminiYekutieli = (p: ReadonlyArray<number>): ReadonlyArray<number> => {
  const harmonic = harmonicSum(p.length);
  const order = [...p.keys()].sort((a, b) => p[b] - p[a]);
  const adjusted = new Array<number>(p.length).fill(1);
  let least = 1;
  for (const [turn, i] of order.entries()) {
    least = Math.min(least, p[i] * harmonic * p.length / (p.length - turn));
    adjusted[i] = least;
  }
  return adjusted;
};

const primaryFamily: Family = { adjust: holm, left: (count, decided) => level / (count - decided) };

const exploredFamily: Family = {
  adjust: benjaminiYekutieli,
  left: (count, decided) => level * (decided + 1) / (count * harmonicSum(count)),
};

const deviation = (values: Float64Array): number => {
  const centre = mean(values);
  return Math.sqrt(values.reduce((sum, x) => sum + (x - centre) * (x - centre), 0) / Math.max(1, values.length - 1));
};

/** A claim's row, and its tests unless it is untried. */
interface Tested {
  readonly row: ClaimRow;
  readonly p: number;
  readonly nearer?: ClaimVerdict;
  readonly deviation?: number;
}

/** Whether a value is on the claimed side of the threshold. */
const agrees = ({ comparison, threshold }: Pick<StudyClaim, "comparison" | "threshold">, value: number): boolean => {
  switch (comparison) {
    case "above":
      return value > threshold;
    case "below":
      return value < threshold;
    case "within":
      return Math.abs(value) < threshold;
  }
};

/** How many bases there are, and how many agree with a claim by their own cells, on all problems. */
const baseByBase = (claim: StudyClaim, pairs: ReadonlyArray<Pair>, itself: Draw, measured: (draw: Draw) => number) => {
  const names = pairs.map((pair) => pair.split("/")[0]);
  const bases = [...new Set(names)];
  const own = bases.map((base) =>
    measured({ ...itself, cells: Float64Array.from(names, (one) => one === base ? 1 : 0) })
  );
  return { bases: bases.length, agree: own.filter((value) => agrees(claim, value)).length };
};

/** A claim with its tests, before its family is known. */
const tested = (claim: StudyClaim, evidence: Evidence, count: number): Tested => {
  const { pairs, over, reaches } = measureStatistic(claim.statistic, evidence);
  const untried = { row: { ...claim, cells: pairs.length, verdict: "untried" }, p: 1 };
  if (pairs.length === 0) return untried;
  const [draws, measured] = [evidence.draws(pairs, count), over(pairs)];
  const { value, drawn } = measuredDraws(draws, measured);
  if (!Number.isFinite(value) || drawn.length === 0) return untried;
  const { holds, doesNot } = twoTests(claim, drawn);
  const row = {
    ...claim,
    value,
    ...middle95(drawn, value),
    cells: pairs.length,
    verdict: "undecided",
    ...(reaches(pairs)(draws[0]) ? {} : { nearest: true }),
    ...baseByBase(claim, pairs, draws[0], measured),
  };
  return {
    row,
    p: Math.min(1, 2 * Math.min(holds, doesNot)),
    nearer: holds <= doesNot ? "holds" : "does not",
    deviation: deviation(drawn),
  };
};

/** Each claim of one family with its verdict. An untried claim counts in it, with p = 1. */
const judgeFamily = (
  all: ReadonlyArray<Tested>,
  { adjust, left }: Family,
): ReadonlyArray<readonly [Tested, ClaimRow]> => {
  const adjusted = adjust(all.map(({ p }) => p));
  const decided = adjusted.filter((own) => own <= level).length;
  const distance = () => normalQuantile(1 - left(all.length, decided) / 2) + normalQuantile(power);
  return all.map((one, i) => {
    const { row, p, nearer, deviation } = one;
    if (nearer === undefined || deviation === undefined) return [one, row];
    const found = adjusted[i] <= level ? { verdict: nearer } : { smallest: distance() * deviation };
    return [one, { ...row, p, adjusted: adjusted[i], ...found }];
  });
};

/** Judges every claim of a study by its family. */
export const judgeFamilies = (
  claims: ReadonlyArray<StudyClaim>,
  evidence: Evidence,
  draws: number = familyDraws,
): ReadonlyArray<ClaimRow> => {
  const all = claims.map((claim) => tested(claim, evidence, draws));
  const judged = new Map([
    ...judgeFamily(all.filter(({ row }) => row.primary === true), primaryFamily),
    ...judgeFamily(all.filter(({ row }) => row.primary !== true), exploredFamily),
  ]);
  return all.map((one) => judged.get(one) ?? one.row);
};
