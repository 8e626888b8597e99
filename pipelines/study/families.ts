/**
 * Verdicts that count how many claims were asked. Each claim has two one-sided tests by the bootstrap, that it holds and that it does not; p is
 * twice the smaller of both. A claim of equality (`within`) holds by two one-sided tests, so its p is the greater of theirs. The primary claims
 * share 5 % by Holm (1979), all others by Benjamini and Yekutieli (2001), which allows any dependence. What is not decided has the smallest
 * distance from its threshold that the design would have seen in four cases of five, at 5 % for this claim alone.
 */
import { middle95 } from "../../data/statistics.ts";
import type { ClaimVerdict, StudyClaim } from "../records/claim.ts";
import type { ClaimRow } from "../records/study_rows.ts";
import { measuredDraws } from "./bootstrap.ts";
import type { Evidence } from "./evidence.ts";
import { measureStatistic } from "./statistics.ts";

/** Draws per claim: enough for a p far below a twelfth of 5 %. */
export const familyDraws = 4000;

/** The error rate of each family. */
const level = 0.05;

/** z of 97.5 % and of 80 %, together. */
const powerDistance = 1.959964 + 0.841621;

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

/** The p values adjusted by Benjamini and Yekutieli, in their order. */
export const benjaminiYekutieli = (p: ReadonlyArray<number>): ReadonlyArray<number> => {
  const harmonic = p.reduce((sum, _, i) => sum + 1 / (i + 1), 0);
  const order = [...p.keys()].sort((a, b) => p[b] - p[a]);
  const adjusted = new Array<number>(p.length).fill(1);
  let least = 1;
  for (const [turn, i] of order.entries()) {
    least = Math.min(least, p[i] * harmonic * p.length / (p.length - turn));
    adjusted[i] = least;
  }
  return adjusted;
};

const deviation = (values: Float64Array): number => {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) * (x - mean), 0) / Math.max(1, values.length - 1));
};

/** A claim's row, and its tests unless it is untried. */
interface Tested {
  readonly row: ClaimRow;
  readonly p?: number;
  readonly nearer?: ClaimVerdict;
  readonly smallest?: number;
}

/** A claim with its tests, before its family is known. */
const tested = (claim: StudyClaim, evidence: Evidence, draws: number): Tested => {
  const { pairs, over } = measureStatistic(claim.statistic, evidence);
  const untried = { row: { ...claim, cells: pairs.length, verdict: "untried" } };
  if (pairs.length === 0) return untried;
  const { value, drawn } = measuredDraws(evidence.draws(pairs, draws), over(pairs));
  if (!Number.isFinite(value) || drawn.length === 0) return untried;
  const { holds, doesNot } = twoTests(claim, drawn);
  const row = { ...claim, value, ...middle95(drawn, value), cells: pairs.length, verdict: "undecided" };
  return {
    row,
    p: Math.min(1, 2 * Math.min(holds, doesNot)),
    nearer: holds <= doesNot ? "holds" : "does not",
    smallest: powerDistance * deviation(drawn),
  };
};

/** Judges every claim of a study by its family. An untried claim counts in its family, with p = 1. */
export const judgeFamilies = (
  claims: ReadonlyArray<StudyClaim>,
  evidence: Evidence,
  draws: number = familyDraws,
): ReadonlyArray<ClaimRow> => {
  const all = claims.map((claim) => tested(claim, evidence, draws));
  const adjustedOf = (isPrimary: boolean, adjust: typeof holm) => {
    const family = [...claims.keys()].filter((i) => (claims[i].primary === true) === isPrimary);
    const adjusted = adjust(family.map((i) => all[i].p ?? 1));
    return family.map((i, place) => [i, adjusted[place]] as const);
  };
  const adjusted = new Map([...adjustedOf(true, holm), ...adjustedOf(false, benjaminiYekutieli)]);
  return all.map(({ row, p, nearer, smallest }, i): ClaimRow => {
    if (p === undefined || nearer === undefined) return row;
    const own = adjusted.get(i) ?? 1;
    return { ...row, p, adjusted: own, ...(own <= level ? { verdict: nearer } : { smallest }) };
  });
};
