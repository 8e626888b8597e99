/** The verdicts of a study: each claim's statistic over the cells that it can be paired on, with its interval, and whether it holds. */
import { quantitiesOf } from "../records/claim.ts";
import { type ClaimVerdict, type StudyClaim, verdictOf } from "../recipes/tiny_full/claims.ts";
import type { ClaimRow } from "../records/study_rows.ts";
import { defaultDraws, type Draw, drawsOf, estimateOf } from "./bootstrap.ts";
import { type Evidence, evidenceOf, type Recorded } from "./evidence.ts";
import { measure, pairsOf } from "./statistics.ts";

/** Draws by the number of cells, made once each. */
export const drawTable = (problems: number, draws: number = defaultDraws): (cells: number) => ReadonlyArray<Draw> => {
  const made = new Map<number, ReadonlyArray<Draw>>();
  return (cells) => {
    const known = made.get(cells) ?? drawsOf(cells, problems, draws);
    made.set(cells, known);
    return known;
  };
};

const judgeOne = (
  claim: StudyClaim,
  evidence: Evidence,
  drawsFor: (cells: number) => ReadonlyArray<Draw>,
): ClaimRow => {
  const pairs = pairsOf(claim.statistic, evidence);
  const verdict = (word: ClaimVerdict) => ({ cells: pairs.length, verdict: word });
  if (pairs.length === 0) return { ...claim, ...verdict("untried") };
  const estimate = estimateOf(drawsFor(pairs.length), measure(claim.statistic, { evidence, pairs }));
  const { value, low, high } = estimate;
  if (![value, low, high].every(Number.isFinite)) return { ...claim, ...verdict("untried") };
  return { ...claim, value, low, high, ...verdict(verdictOf(claim, low, high)) };
};

/** Every claim judged by what a study recorded. */
export const judge = (
  claims: ReadonlyArray<StudyClaim>,
  recorded: Recorded,
  draws: number = defaultDraws,
): ReadonlyArray<ClaimRow> => {
  const evidence = evidenceOf(recorded);
  const drawsFor = drawTable(evidence.problems, draws);
  return claims.map((claim) => judgeOne(claim, evidence, drawsFor));
};

/** Claims judged by what a study recorded, beside the verdicts that other test problems give; those that ask of none have no second one. */
export const judgeTwice = (
  claims: ReadonlyArray<StudyClaim>,
  recorded: Recorded,
  other: Recorded,
): ReadonlyArray<ClaimRow> => {
  const again = judge(claims, other);
  return judge(claims, recorded).map((row, i) => {
    const { value, low, high, verdict } = again[i];
    const asksOfProblems = quantitiesOf(row.statistic).some(({ kind }) => kind === "pass-at-k");
    if (!asksOfProblems || value === undefined || low === undefined || high === undefined) return row;
    return { ...row, otherValue: value, otherLow: low, otherHigh: high, otherVerdict: verdict };
  });
};
