/**
 * The input of reports: one row per model, evaluation and k (`evaluations.ndjson`), and one per algorithm and step (`dynamics.ndjson`, or a
 * run's `metrics.ndjson`, without the algorithm). Both are record types: an invalid line is refused with its place, field and value;
 * unknown fields are ignored.
 */
import { optionalField, type RecordOf, type RecordSchema, recordSchema } from "./record_schema.ts";

/**
 * Pass@k in [0, 1] of one model under one evaluation at one k, with its bootstrap interval over `problems`. A PassAtK record is such a row
 * without names.
 */
export const EvaluationRow = recordSchema("Evaluation", {
  /** The model's name, if it differs from the algorithm. */
  label: optionalField("string"),
  algorithm: optionalField("string"),
  task: optionalField("string"),
  evaluation: optionalField("string"),
  k: "count",
  passAtK: "number",
  low: optionalField("number"),
  high: optionalField("number"),
  problems: optionalField("count"),
  /** The slice of problems that was measured; absent or `all` for every problem. */
  slice: optionalField("string"),
  /** The share of problems that one greedy response solves, in [0, 1], with its bootstrap interval; the same at every k. */
  greedyAccuracy: optionalField("number"),
  greedyLow: optionalField("number"),
  greedyHigh: optionalField("number"),
  /** The share of problems on which the majority answer of k responses is right, in [0, 1]. */
  consAtK: optionalField("number"),
  responses: optionalField("count"),
  /** In tokens. */
  meanResponseLength: optionalField("number"),
  /** The share of responses that were cut off at the length limit, in [0, 1]. */
  truncatedRatio: optionalField("number"),
  /** The number of models (bases x seeds) averaged; absent for one. */
  cells: optionalField("count"),
});
/** A row of `evaluations.ndjson`. */
export type EvaluationRow = RecordOf<typeof EvaluationRow>;

/** The training dynamics of one step: ratios and accuracy in [0, 1], entropy in nats. The test fields are present at tested steps only. */
export const DynamicsRow = recordSchema("Dynamics", {
  label: optionalField("string"),
  algorithm: optionalField("string"),
  step: "count",
  correctRatio: optionalField("number"),
  fullySolvedRatio: optionalField("number"),
  testAccuracy: optionalField("number"),
  testEntropy: optionalField("number"),
  meanEntropy: optionalField("number"),
  gradNorm: optionalField("number"),
});
/** A row of `dynamics.ndjson`. */
export type DynamicsRow = RecordOf<typeof DynamicsRow>;

/** Any flat object. */
export type FlatRow = Readonly<Record<string, unknown>>;

/** The table of FlatRow, which requires no field. */
export const FlatRow: RecordSchema<FlatRow> = { name: "row", fields: [], sameLength: [] };
