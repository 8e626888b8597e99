/**
 * What reports are made of: a row for each model, evaluation and k (`evaluations.ndjson`), and a row for each algorithm and step
 * (`dynamics.ndjson`, or the `metrics.ndjson` of a run, which names no algorithm). Both are nouns, so a line that does not fit is refused
 * with its place, field and value; what a report does not name it does not see.
 */
import type { Noun } from "./schema.ts";

/** Pass@k in [0, 1] of one model under one evaluation at one k, with its bootstrap interval over `problems`. */
export interface EvaluationRow {
  /** The name of the model where it is not its algorithm's. */
  readonly label?: string;
  readonly algorithm?: string;
  readonly task?: string;
  readonly evaluation?: string;
  readonly k: number;
  readonly passAtK: number;
  readonly low?: number;
  readonly high?: number;
  readonly problems?: number;
  /** The part of the problems that was measured; absent, as `all`, for every one. */
  readonly slice?: string;
  /** How often the answer that most of k responses agree on is right, in [0, 1]. */
  readonly consAtK?: number;
  readonly responses?: number;
  /** In tokens. */
  readonly meanResponseLength?: number;
  /** The share of responses that ended because they were too long, in [0, 1]. */
  readonly truncatedRatio?: number;
  /** How many models (bases x seeds) the number is the mean of; absent for one. */
  readonly cells?: number;
}

/** The table of EvaluationRow; a PassAtK record is one without names. */
export const EvaluationRow: Noun<EvaluationRow> = {
  name: "Evaluation",
  fields: [
    { name: "label", kind: "string", optional: true },
    { name: "algorithm", kind: "string", optional: true },
    { name: "task", kind: "string", optional: true },
    { name: "evaluation", kind: "string", optional: true },
    { name: "k", kind: "count" },
    { name: "passAtK", kind: "number" },
    { name: "low", kind: "number", optional: true },
    { name: "high", kind: "number", optional: true },
    { name: "problems", kind: "count", optional: true },
    { name: "slice", kind: "string", optional: true },
    { name: "consAtK", kind: "number", optional: true },
    { name: "responses", kind: "count", optional: true },
    { name: "meanResponseLength", kind: "number", optional: true },
    { name: "truncatedRatio", kind: "number", optional: true },
    { name: "cells", kind: "count", optional: true },
  ],
  sameLength: [],
};

/** The training dynamics of one step; ratios and accuracy in [0, 1], entropy in nats. The test fields stand at tested steps only. */
export interface DynamicsRow {
  readonly label?: string;
  readonly algorithm?: string;
  readonly step: number;
  readonly correctRatio?: number;
  readonly fullySolvedRatio?: number;
  readonly testAccuracy?: number;
  readonly testEntropy?: number;
  readonly meanEntropy?: number;
  readonly gradNorm?: number;
}

/** The table of DynamicsRow. */
export const DynamicsRow: Noun<DynamicsRow> = {
  name: "Dynamics",
  fields: [
    { name: "label", kind: "string", optional: true },
    { name: "algorithm", kind: "string", optional: true },
    { name: "step", kind: "count" },
    { name: "correctRatio", kind: "number", optional: true },
    { name: "fullySolvedRatio", kind: "number", optional: true },
    { name: "testAccuracy", kind: "number", optional: true },
    { name: "testEntropy", kind: "number", optional: true },
    { name: "meanEntropy", kind: "number", optional: true },
    { name: "gradNorm", kind: "number", optional: true },
  ],
  sameLength: [],
};

/** Any flat object. */
export type FlatRow = Readonly<Record<string, unknown>>;

/** The table of FlatRow, which asks for nothing. */
export const FlatRow: Noun<FlatRow> = { name: "row", fields: [], sameLength: [] };
