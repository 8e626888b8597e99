/**
 * The record types of a study's results: right responses per problem (`counts.ndjson`), training dynamics per cell and step
 * (`dynamics.ndjson`), the problems in the order of the counts (`problems.ndjson`), the verdict on each claim (`claims.ndjson`), and the
 * points of two figures (`frontier.ndjson`, `sweeps.ndjson`). Counts are exact. Dynamics have six significant digits, which keeps hundreds
 * of trainings in a small file; every claim is computed from the rounded values.
 */
import type { Statistic } from "./claim.ts";
import { optionalField, type RecordOf, type RecordSchema, recordSchema, type ValuesOf } from "./record_schema.ts";

/** A cell by its names; `base` is the number of the base. */
const cellNames = { cell: "string", condition: "string", algorithm: "string", base: "count", seed: "count" } as const;

/** The number of right responses out of `n` to each problem, in the order of the test split. */
export const CountRow = recordSchema("Count", {
  ...cellNames,
  step: "count",
  evaluation: "string",
  n: "count",
  correct: "tokens",
});
export type CountRow = RecordOf<typeof CountRow>;

const stepFields = { ...cellNames, label: "string", step: "count" } as const;

/** One training step of a cell; step 0 is the base. The fields are a run's metrics, with those of the two signs flattened. */
export const StepRow: RecordSchema<StepRow> = recordSchema("Step", stepFields);
/** A row of a study's `dynamics.ndjson`. */
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
export type InsightRow = RecordOf<typeof InsightRow>;

/** A problem of the test split: its index among those of the same seed, and its slices. */
export const ProblemRow = recordSchema("Problem", {
  /** The seed that generated it; absent for the published problems. */
  problemSeed: optionalField("count"),
  index: "count",
  problemId: "string",
  slices: "string",
  /** The problems that are drawn together, in a study that resamples groups. */
  group: optionalField("string"),
});
export type ProblemRow = RecordOf<typeof ProblemRow>;

/** The name of models in tables and figures: their algorithm, with the condition if it is not the main one. */
export const labelOf = ({ condition, algorithm }: Pick<CountRow, "condition" | "algorithm">): string =>
  condition === "main" || condition === "base" ? algorithm : `${algorithm}, ${condition}`;

const digits = 6;

/** A number rounded to six significant digits, as every number of a row. */
export const roundedDigits = (value: number): number => Number(value.toPrecision(digits));

/** A claim with a study's verdict, as reports read it; an untried claim has no numbers. */
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
  /** The number of cells (bases x seeds) compared. */
  cells: "count",
  verdict: "string",
  /** Whether a course never reaches the value at which it is compared, so that its nearest point stands in. */
  nearest: optionalField("boolean"),
  // The same statistic on other test problems, if it uses test problems and others were tried.
  otherValue: optionalField("number"),
  otherLow: optionalField("number"),
  otherHigh: optionalField("number"),
  otherVerdict: optionalField("string"),
  // In a study that judges its claims by families.
  primary: optionalField("boolean"),
  /** The two-sided p of the nearer verdict, alone and adjusted for its family. */
  p: optionalField("number"),
  adjusted: optionalField("number"),
  /** The number of bases, and of those whose own value is on the claimed side of the threshold. */
  bases: optionalField("count"),
  agree: optionalField("count"),
  /** Of an undecided claim, the smallest distance from the threshold that the design would have seen in four cases of five. */
  smallest: optionalField("number"),
});
/** A row of `claims.ndjson`; reports do not read the statistic. */
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
export type FrontierRow = RecordOf<typeof FrontierRow>;

/** Pass@k at one value of a setting, with all other settings equal. */
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
export type SweepRow = RecordOf<typeof SweepRow>;

/** One candidate of a choice of learning rates: its score, the mean of Pass@1 and Pass@k, and whether it was chosen. */
export const ChosenRow = recordSchema("Chosen", {
  choice: "string",
  evaluation: "string",
  k: "count",
  learningRate: "number",
  cells: "count",
  passAt1: "number",
  passAtK: "number",
  score: "number",
  chosen: "boolean",
});
export type ChosenRow = RecordOf<typeof ChosenRow>;
