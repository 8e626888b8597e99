/**
 * What a study of cells keeps, as nouns: right responses of every problem (`counts.ndjson`), training dynamics of every cell and step
 * (`dynamics.ndjson`), the problems in the order of the counts (`problems.ndjson`) and the verdict on each claim (`claims.ndjson`). Counts are
 * exact; the numbers of the dynamics have six significant digits, so that hundreds of trainings stay a small file and every claim still follows
 * from what is written.
 */
import type { StudyClaim } from "./claim.ts";
import type { Noun } from "./schema.ts";

/** A cell by its names. */
interface CellNames {
  readonly cell: string;
  readonly condition: string;
  readonly algorithm: string;
  /** The number of the base. */
  readonly base: number;
  readonly seed: number;
}

/** Of `n` responses to each problem, how many were right; the problems are in the order of the test split. */
export interface CountRow extends CellNames {
  readonly step: number;
  readonly evaluation: string;
  readonly n: number;
  readonly correct: Int32Array;
}

/** One training step of a cell; step 0 is the base. The fields are those of a run's metrics, those of the two signs flat. */
export interface StepRow extends CellNames {
  readonly label: string;
  readonly step: number;
  readonly [field: string]: string | number | boolean | undefined;
}

/** One measurement of the stage `insights` on the first step of a cell. */
export interface InsightRow extends CellNames {
  readonly section: string;
  readonly insight: string;
  readonly quantity: string;
  readonly value: number;
  readonly count: number;
  readonly of: string;
}

/** A problem of the test split, its place among those of the same seed, and the slices that it is in. */
export interface ProblemRow {
  /** The seed that made it; absent for the published problems. */
  readonly problemSeed?: number;
  readonly index: number;
  readonly problemId: string;
  readonly slices: string;
}

const cellNames = [
  { name: "cell", kind: "string" },
  { name: "condition", kind: "string" },
  { name: "algorithm", kind: "string" },
  { name: "base", kind: "count" },
  { name: "seed", kind: "count" },
] as const;

/** The table of CountRow. */
export const CountRow: Noun<CountRow> = {
  name: "Count",
  fields: [
    ...cellNames,
    { name: "step", kind: "count" },
    { name: "evaluation", kind: "string" },
    { name: "n", kind: "count" },
    { name: "correct", kind: "tokens" },
  ],
  sameLength: [],
};

/** The table of StepRow. */
export const StepRow: Noun<StepRow> = {
  name: "Step",
  fields: [...cellNames, { name: "label", kind: "string" }, { name: "step", kind: "count" }],
  sameLength: [],
};

/** The table of InsightRow. */
export const InsightRow: Noun<InsightRow> = {
  name: "Insight",
  fields: [
    ...cellNames,
    { name: "section", kind: "string" },
    { name: "insight", kind: "string" },
    { name: "quantity", kind: "string" },
    { name: "value", kind: "number" },
    { name: "count", kind: "count" },
    { name: "of", kind: "string" },
  ],
  sameLength: [],
};

/** The table of ProblemRow. */
export const ProblemRow: Noun<ProblemRow> = {
  name: "Problem",
  fields: [
    { name: "problemSeed", kind: "count", optional: true },
    { name: "index", kind: "count" },
    { name: "problemId", kind: "string" },
    { name: "slices", kind: "string" },
  ],
  sameLength: [],
};

/** What models are called in tables and figures: their algorithm, under another condition than the main one with it. */
export const labelOf = ({ condition, algorithm }: Pick<CellNames, "condition" | "algorithm">): string =>
  condition === "main" || condition === "base" ? algorithm : `${algorithm}, ${condition}`;

const digits = 6;

/** A number with six significant digits; a row's every number so. */
export const rounded = (value: number): number => Number(value.toPrecision(digits));

/** A claim with what a study says about it (`claims.ndjson`); an untried one has no numbers. */
export interface ClaimRow extends Omit<StudyClaim, "comparison" | "unit"> {
  readonly comparison: string;
  readonly unit: string;
  readonly value?: number;
  readonly low?: number;
  readonly high?: number;
  /** Bases x seeds that were compared. */
  readonly cells: number;
  readonly verdict: string;
  /** The same asked of other test problems, where it asks of test problems and they were tried. */
  readonly otherValue?: number;
  readonly otherLow?: number;
  readonly otherHigh?: number;
  readonly otherVerdict?: string;
}

/** The table of ClaimRow; the statistic is an object that reports do not read. */
export const ClaimRow: Noun<Omit<ClaimRow, "statistic">> = {
  name: "Claim",
  fields: [
    { name: "id", kind: "string" },
    { name: "statement", kind: "string" },
    { name: "where", kind: "string" },
    { name: "comparison", kind: "string" },
    { name: "threshold", kind: "number" },
    { name: "unit", kind: "string" },
    { name: "value", kind: "number", optional: true },
    { name: "low", kind: "number", optional: true },
    { name: "high", kind: "number", optional: true },
    { name: "cells", kind: "count" },
    { name: "verdict", kind: "string" },
    { name: "otherValue", kind: "number", optional: true },
    { name: "otherLow", kind: "number", optional: true },
    { name: "otherHigh", kind: "number", optional: true },
    { name: "otherVerdict", kind: "string", optional: true },
  ],
  sameLength: [],
};
