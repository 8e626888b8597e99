/** The verdicts of a study: each claim's statistic over all complete pairs of cells, its interval, and whether it holds. */
import { type ClaimVerdict, quantitiesOf, type Statistic, type StudyClaim, verdictOf } from "../records/claim.ts";
import type { ClaimRow } from "../records/study_rows.ts";
import { defaultDraws, estimateOf } from "./bootstrap.ts";
import type { Evidence, Pair } from "./evidence.ts";
import { measureStatistic } from "./statistics.ts";

/** Estimates a statistic over cells that have the required data, by default all of them. */
export const estimator = (evidence: Evidence, draws: number = defaultDraws) => (statistic: Statistic) => {
  const { pairs, over, reaches } = measureStatistic(statistic, evidence);
  const estimate = (some: ReadonlyArray<Pair> = pairs) => estimateOf(evidence.draws(some, draws), over(some));
  return { pairs, estimate, isReached: () => reaches(pairs)(evidence.draws(pairs, draws)[0]) };
};

/** Judges every claim by the evidence of a study. */
export const judge = (
  claims: ReadonlyArray<StudyClaim>,
  evidence: Evidence,
  draws: number = defaultDraws,
): ReadonlyArray<ClaimRow> => {
  const estimated = estimator(evidence, draws);
  return claims.map((claim) => {
    const { pairs, estimate, isReached } = estimated(claim.statistic);
    const verdict = (word: ClaimVerdict) => ({ cells: pairs.length, verdict: word });
    if (pairs.length === 0) return { ...claim, ...verdict("untried") };
    const { value, low, high } = estimate();
    if (![value, low, high].every(Number.isFinite)) return { ...claim, ...verdict("untried") };
    const nearest = isReached() ? {} : { nearest: true };
    return { ...claim, value, low, high, ...verdict(verdictOf(claim, low, high)), ...nearest };
  });
};

/** Judges claims by the evidence of a study and again on other test problems; claims without Pass@k have no second verdict. */
export const judgeTwice = (
  claims: ReadonlyArray<StudyClaim>,
  evidence: Evidence,
  other: Evidence,
): ReadonlyArray<ClaimRow> => {
  const again = judge(claims, other);
  return judge(claims, evidence).map((row, i) => {
    const { value, low, high, verdict } = again[i];
    const asksOfProblems = quantitiesOf(row.statistic).some(({ kind }) => kind === "pass-at-k");
    if (!asksOfProblems || value === undefined || low === undefined || high === undefined) return row;
    return { ...row, otherValue: value, otherLow: low, otherHigh: high, otherVerdict: verdict };
  });
};
