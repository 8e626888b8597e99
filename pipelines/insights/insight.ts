/** One measurement of the effect of a step on tokens, as a flat record, and its statistics. Sums run in order; draws are keyed. */
import { bootstrapKey, drawnPlaces, middle95 } from "../../data/statistics.ts";
import { optionalField, type RecordOf, recordSchema } from "../records/record_schema.ts";

/** A measured quantity; `low` and `high` bound the middle 95 % of its mean over problems drawn again. */
export const Insight = recordSchema("Insight", {
  /** Section of the paper. */
  section: "string",
  insight: "string",
  algorithm: "string",
  quantity: "string",
  value: "number",
  low: optionalField("number"),
  high: optionalField("number"),
  /** Number of measured tokens, responses or problems; `of` names which. */
  count: "count",
  of: { literals: ["tokens", "responses", "problems"] },
});
/** A record of the record type Insight. */
export type Insight = RecordOf<typeof Insight>;

/** A number of one problem. */
export interface InsightSample {
  readonly problemId: string;
  readonly value: number;
}

/** The mean of at least one number, with the middle 95 % over problems drawn again with replacement; 0 draws give no interval. */
export const meanOf = (
  numbers: ReadonlyArray<InsightSample>,
  draws: number,
): Pick<Insight, "value" | "low" | "high" | "count"> => {
  const problems = [...Map.groupBy(numbers, ({ problemId }) => problemId)]
    .sort(([a], [b]) => a < b ? -1 : 1)
    .map(([, members]) => ({ sum: members.reduce((sum, { value }) => sum + value, 0), count: members.length }));
  const value = numbers.reduce((sum, one) => sum + one.value, 0) / numbers.length;
  if (draws === 0) return { value, count: numbers.length };
  const key = bootstrapKey("insights");
  const means = Float64Array.from({ length: draws }, (_, draw) => {
    let [sum, count] = [0, 0];
    for (const place of drawnPlaces(key, draw, problems.length)) {
      sum += problems[place].sum;
      count += problems[place].count;
    }
    return sum / count;
  });
  return { value, ...middle95(means, value), count: numbers.length };
};

/** Pearson's correlation; undefined if a list is constant. */
export const correlation = (a: ArrayLike<number>, b: ArrayLike<number>): number | undefined => {
  const n = a.length;
  let [meanA, meanB] = [0, 0];
  for (let i = 0; i < n; i++) [meanA, meanB] = [meanA + a[i] / n, meanB + b[i] / n];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const [x, y] = [a[i] - meanA, b[i] - meanB];
    [ab, aa, bb] = [ab + x * y, aa + x * x, bb + y * y];
  }
  return aa === 0 || bb === 0 ? undefined : Math.max(-1, Math.min(1, ab / Math.sqrt(aa * bb)));
};

/** Spearman's rank correlation; equal numbers share their mean rank. */
export const rankCorrelation = (a: ArrayLike<number>, b: ArrayLike<number>): number | undefined =>
  correlation(ranks(a), ranks(b));

const ranks = (list: ArrayLike<number>): Float64Array => {
  const order = Array.from(list, (_, i) => i).sort((i, j) => list[i] - list[j]);
  const found = new Float64Array(order.length);
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && list[order[end]] === list[order[start]]) end++;
    for (let i = start; i < end; i++) found[order[i]] = (start + end - 1) / 2;
    start = end;
  }
  return found;
};
