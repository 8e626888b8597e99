/**
 * What reports are made of: a row for each model, evaluation and k (`evaluations.ndjson`), and a row for each algorithm and step
 * (`dynamics.ndjson`, or the `metrics.ndjson` of a run, which names no algorithm). Both are nouns, so a line that does not fit is refused
 * with its place, field and value; what a report does not name it does not see.
 */
import type { Noun } from "../schema.ts";

/** Pass@k in [0, 1] of one model under one evaluation at one k, with its bootstrap interval over `problems`. */
export interface EvaluationRow {
  /** The name of the model where it is not its algorithm's. */
  readonly label?: string | null;
  readonly algorithm?: string | null;
  readonly task?: string | null;
  readonly evaluation?: string | null;
  readonly k: number;
  readonly passAtK: number;
  readonly low?: number | null;
  readonly high?: number | null;
  readonly problems?: number | null;
  /** The part of the problems that was measured; absent, as `all`, for every one. */
  readonly slice?: string | null;
}

/** The table of EvaluationRow; a PassAtK record is one without names. */
export const EvaluationRow: Noun<EvaluationRow> = {
  name: "Evaluation",
  fields: [
    { name: "label", kind: "string", nullable: true },
    { name: "algorithm", kind: "string", nullable: true },
    { name: "task", kind: "string", nullable: true },
    { name: "evaluation", kind: "string", nullable: true },
    { name: "k", kind: "count" },
    { name: "passAtK", kind: "number" },
    { name: "low", kind: "number", nullable: true },
    { name: "high", kind: "number", nullable: true },
    { name: "problems", kind: "count", nullable: true },
    { name: "slice", kind: "string", nullable: true },
  ],
  sameLength: [],
};

/** The training dynamics of one step; ratios and accuracy in [0, 1], entropy in nats. The test fields stand at tested steps only. */
export interface DynamicsRow {
  readonly label?: string | null;
  readonly algorithm?: string | null;
  readonly step: number;
  readonly correctRatio?: number | null;
  readonly fullySolvedRatio?: number | null;
  readonly testAccuracy?: number | null;
  readonly testEntropy?: number | null;
  readonly meanEntropy?: number | null;
  readonly gradNorm?: number | null;
}

/** The table of DynamicsRow. */
export const DynamicsRow: Noun<DynamicsRow> = {
  name: "Dynamics",
  fields: [
    { name: "label", kind: "string", nullable: true },
    { name: "algorithm", kind: "string", nullable: true },
    { name: "step", kind: "count" },
    { name: "correctRatio", kind: "number", nullable: true },
    { name: "fullySolvedRatio", kind: "number", nullable: true },
    { name: "testAccuracy", kind: "number", nullable: true },
    { name: "testEntropy", kind: "number", nullable: true },
    { name: "meanEntropy", kind: "number", nullable: true },
    { name: "gradNorm", kind: "number", nullable: true },
  ],
  sameLength: [],
};

/** Any flat object. */
export type FlatRow = Readonly<Record<string, unknown>>;

/** The table of FlatRow, which asks for nothing. */
export const FlatRow: Noun<FlatRow> = { name: "row", fields: [], sameLength: [] };
