/**
 * What a study keeps and what follows from it, as record types: right responses of every problem (`counts.ndjson`), training dynamics of every cell and step
 * (`dynamics.ndjson`), the problems in the order of the counts (`problems.ndjson`), the verdict on each claim (`claims.ndjson`), and the points of two
 * figures (`frontier.ndjson`, `sweeps.ndjson`). Counts are exact; the numbers of the dynamics have six significant digits, so that hundreds of
 * trainings stay a small file and every claim still follows from what is written.
 */
import type { Statistic } from "./claim.ts";
import { optionalField, type RecordOf, type RecordSchema, recordSchema, type ValuesOf } from "./record_schema.ts";

/** A cell by its names; `base` is the number of the base. */
const cellNames = { cell: "string", condition: "string", algorithm: "string", base: "count", seed: "count" } as const;

/** Of `n` responses to each problem, how many were right; the problems are in the order of the test split. */
export const CountRow = recordSchema("Count", {
  ...cellNames,
  step: "count",
  evaluation: "string",
  n: "count",
  correct: "tokens",
});
/** A row of `counts.ndjson`. */
export type CountRow = RecordOf<typeof CountRow>;

const stepFields = { ...cellNames, label: "string", step: "count" } as const;

/** One training step of a cell; step 0 is the base. The fields are those of a run's metrics, those of the two signs flat. */
export const StepRow: RecordSchema<StepRow> = recordSchema("Step", stepFields);
/** A row of `dynamics.ndjson`, of a study that keeps its cells. */
export type StepRow = ValuesOf<typeof stepFields> & { readonly [field: string]: string | number | boolean | undefined };

/** One measurement of the stage `insights` on the first step of a cell. */
export const InsightRow = recordSchema("Insight", {
  ...cellNames,
  section: "string",
  insight: "string",
  quantity: "string",
  value: "number",
  count: "count",
  of: "string",
});
/** A row of `insights.ndjson`. */
export type InsightRow = RecordOf<typeof InsightRow>;

/** A problem of the test split, its place among those of the same seed, and the slices that it is in. */
export const ProblemRow = recordSchema("Problem", {
  /** The seed that made it; absent for the published problems. */
  problemSeed: optionalField("count"),
  index: "count",
  problemId: "string",
  slices: "string",
});
/** A row of `problems.ndjson`. */
export type ProblemRow = RecordOf<typeof ProblemRow>;

/** What models are called in tables and figures: their algorithm, under another condition than the main one with it. */
export const labelOf = ({ condition, algorithm }: Pick<CountRow, "condition" | "algorithm">): string =>
  condition === "main" || condition === "base" ? algorithm : `${algorithm}, ${condition}`;

const digits = 6;

/** A number with six significant digits; a row's every number so. */
export const roundedDigits = (value: number): number => Number(value.toPrecision(digits));

/** A claim with what a study says about it, as reports read it; an untried one has no numbers. */
export const ClaimRow = recordSchema("Claim", {
  id: "string",
  statement: "string",
  where: "string",
  comparison: "string",
  threshold: "number",
  unit: "string",
  value: optionalField("number"),
  low: optionalField("number"),
  high: optionalField("number"),
  /** Bases x seeds that were compared. */
  cells: "count",
  verdict: "string",
  // The same asked of other test problems, where it asks of test problems and they were tried.
  otherValue: optionalField("number"),
  otherLow: optionalField("number"),
  otherHigh: optionalField("number"),
  otherVerdict: optionalField("string"),
});
/** A row of `claims.ndjson`; the statistic is an object that reports do not read. */
export type ClaimRow = RecordOf<typeof ClaimRow> & { readonly statistic: Statistic };

/** Pass@1 and Pass@k of the models of one condition and algorithm after one step, each with its interval. */
export const FrontierRow = recordSchema("Frontier", {
  label: "string",
  algorithm: "string",
  condition: "string",
  evaluation: "string",
  step: "count",
  k: "count",
  passAt1: "number",
  low1: "number",
  high1: "number",
  passAtK: "number",
  low: "number",
  high: "number",
  cells: "count",
});
/** A row of `frontier.ndjson`. */
export type FrontierRow = RecordOf<typeof FrontierRow>;

/** Pass@k at one value of a setting, the others the same. */
export const SweepRow = recordSchema("Sweep", {
  setting: "string",
  label: "string",
  algorithm: "string",
  value: "string",
  k: "count",
  passAtK: "number",
  low: "number",
  high: "number",
  cells: "count",
});
/** A row of `sweeps.ndjson`. */
export type SweepRow = RecordOf<typeof SweepRow>;
