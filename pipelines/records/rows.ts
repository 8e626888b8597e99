/**
 * What reports are made of: a row for each model, evaluation and k (`evaluations.ndjson`), and a row for each algorithm and step
 * (`dynamics.ndjson`, or the `metrics.ndjson` of a run, which names no algorithm). Both are record types, so a line that does not fit is refused
 * with its place, field and value; what a report does not name it does not see.
 */
import { optionalField, type RecordOf, type RecordSchema, recordSchema } from "./record_schema.ts";

/** Pass@k in [0, 1] of one model under one evaluation at one k, with its bootstrap interval over `problems`; a PassAtK record is one without names. */
export const EvaluationRow = recordSchema("Evaluation", {
  /** The name of the model where it is not its algorithm's. */
  label: optionalField("string"),
  algorithm: optionalField("string"),
  task: optionalField("string"),
  evaluation: optionalField("string"),
  k: "count",
  passAtK: "number",
  low: optionalField("number"),
  high: optionalField("number"),
  problems: optionalField("count"),
  /** The part of the problems that was measured; absent, as `all`, for every one. */
  slice: optionalField("string"),
  /** How often the answer that most of k responses agree on is right, in [0, 1]. */
  consAtK: optionalField("number"),
  responses: optionalField("count"),
  /** In tokens. */
  meanResponseLength: optionalField("number"),
  /** The share of responses that ended because they were too long, in [0, 1]. */
  truncatedRatio: optionalField("number"),
  /** How many models (bases x seeds) the number is the mean of; absent for one. */
  cells: optionalField("count"),
});
/** A row of `evaluations.ndjson`. */
export type EvaluationRow = RecordOf<typeof EvaluationRow>;

/** The training dynamics of one step; ratios and accuracy in [0, 1], entropy in nats. The test fields stand at tested steps only. */
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

/** The table of FlatRow, which asks for nothing. */
export const FlatRow: RecordSchema<FlatRow> = { name: "row", fields: [], sameLength: [] };
