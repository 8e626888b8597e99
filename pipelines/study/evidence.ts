/**
 * What a study recorded, ready to be asked: how many responses of each cell were right, problem by problem, and its training dynamics step by
 * step. A cell is one base under one seed, trained by one algorithm under one condition; two sides of a comparison are paired where they
 * share base and seed.
 */
import type { Course, InsightOf, Metric, Models, PassAtK, Quantity } from "../records/claim.ts";
import { estimate } from "../stages/pass_at_k.ts";
import type { CountRow, InsightRow, StepRow } from "../records/study_rows.ts";

/** The rows of a study, and which problems (by their place in the counts) each slice holds. */
export interface RecordedStudy {
  readonly counts: ReadonlyArray<CountRow>;
  readonly steps: ReadonlyArray<StepRow>;
  readonly insights?: ReadonlyArray<InsightRow>;
  readonly slices: Readonly<Record<string, ReadonlyArray<number>>>;
}

/** Base and seed, by which cells are paired. */
export type Pair = string;

/** The rows by what statistics ask for. */
export interface Evidence {
  readonly problems: number;
  readonly slices: RecordedStudy["slices"];
  /** Counts of some models under an evaluation, by pair, in the order of steps. */
  readonly counts: (of: Course) => ReadonlyMap<Pair, ReadonlyArray<CountRow>>;
  /** Dynamics of some models, by pair, in the order of steps. */
  readonly steps: (of: Models) => ReadonlyMap<Pair, ReadonlyArray<StepRow>>;
  /** One measurement of the first step of some models, by pair. */
  readonly insights: (of: InsightOf) => ReadonlyMap<Pair, number>;
}

const untrained: Models = { condition: "base", algorithm: "base" };

const pairOf = ({ base, seed }: { readonly base: number; readonly seed: number }): Pair => `${base}/${seed}`;

/** Rows by what they are of, then by pair, in the order of steps. */
const grouped = <A extends { readonly base: number; readonly seed: number; readonly step: number }>(
  rows: ReadonlyArray<A>,
  keyOf: (row: A) => string,
): ReadonlyMap<string, ReadonlyMap<Pair, ReadonlyArray<A>>> =>
  new Map(
    [...Map.groupBy(rows, keyOf)].map(([key, members]) => [
      key,
      new Map([...Map.groupBy(members, pairOf)].map(([pair, own]) => [pair, own.toSorted((a, b) => a.step - b.step)])),
    ]),
  );

const nameOf = ({ condition, algorithm }: Models, ...more: ReadonlyArray<string>): string =>
  JSON.stringify([condition, algorithm, ...more]);
const courseName = (of: Course): string => nameOf(of, of.evaluation);
const insightName = (of: Omit<InsightOf, "kind">): string => nameOf(of, of.insight, of.quantity);

/** Sorts what was recorded by what is asked for. */
export const evidenceOf = ({ counts, steps, insights = [], slices }: RecordedStudy): Evidence => {
  const byCourse = grouped(counts, courseName);
  const byModels = grouped(steps, (row) => nameOf(row));
  const byInsight = Map.groupBy(insights, insightName);
  return {
    problems: counts[0]?.correct.length ?? 0,
    slices,
    counts: (of) => byCourse.get(courseName(of)) ?? new Map(),
    steps: (of) => byModels.get(nameOf(of)) ?? new Map(),
    insights: (of) => new Map((byInsight.get(insightName(of)) ?? []).map((row) => [pairOf(row), row.value])),
  };
};

/** The counts that a Pass@k is of: those at its step, else the last; none where there are fewer responses than k. */
const countsOf = (evidence: Evidence, { k, step, ...of }: PassAtK): ReadonlyMap<Pair, CountRow> =>
  new Map(
    [...evidence.counts(of)].flatMap(([pair, rows]) => {
      const row = step === undefined ? rows[rows.length - 1] : rows.find((one) => one.step === step);
      return row === undefined || row.n < k ? [] : [[pair, row] as const];
    }),
  );

/** The mean of a field over some steps that have it; undefined where none has. */
export const meanField = (rows: ReadonlyArray<StepRow>, field: string): number | undefined => {
  const values = rows.flatMap((row) => {
    const value = row[field];
    return typeof value === "number" ? [value] : [];
  });
  return values.length === 0 ? undefined : values.reduce((sum, x) => sum + x, 0) / values.length;
};

/** The mean of a field over a span of steps, by pair; cells without the field there have none. */
const metricsOf = (evidence: Evidence, { field, steps: [first, last], ...of }: Metric): ReadonlyMap<Pair, number> =>
  new Map(
    [...evidence.steps(of)].flatMap(([pair, rows]) => {
      const mean = meanField(rows.filter(({ step }) => step >= first && step <= last), field);
      return mean === undefined ? [] : [[pair, mean] as const];
    }),
  );

/** A quantity of one cell: a number, or one for each problem (of `slice`, where one is named). */
export type StatisticValues = number | Float64Array;

/** Pass@k of each problem by its counts. */
export const estimates = ({ n, correct }: CountRow, k: number): Float64Array => {
  const known = Array.from({ length: n + 1 }, (_, c) => estimate(n, c, k));
  return Float64Array.from(correct, (c) => known[c]);
};

/** A quantity of every cell that has it, by pair. */
export const valuesOf = (evidence: Evidence, quantity: Quantity): ReadonlyMap<Pair, StatisticValues> => {
  switch (quantity.kind) {
    case "metric":
      return metricsOf(evidence, quantity);
    case "insight":
      return evidence.insights(quantity);
    case "pass-at-k":
      return new Map([...countsOf(evidence, quantity)].map(([pair, row]) => [pair, estimates(row, quantity.k)]));
  }
};

/** One point of a course: its step, how many optimizer updates were made, Pass@1 and Pass@k of each problem. */
export interface CoursePoint {
  readonly step: number;
  readonly updates: number;
  readonly first: Float64Array;
  readonly kth: Float64Array;
}

const updatesAfter = (rows: ReadonlyArray<StepRow> = [], step = Infinity): number | undefined => {
  const made = rows.findLast((row) => row.step <= step && row.optimizerSteps !== undefined);
  return made && Number(made.optimizerSteps);
};

/** The points of a course from the base on, by pair. */
export const courseOf = (
  evidence: Evidence,
  course: Course,
  k: number,
): ReadonlyMap<Pair, ReadonlyArray<CoursePoint>> => {
  const start = evidence.counts({ ...untrained, evaluation: course.evaluation });
  const steps = evidence.steps(course);
  const point = (pair: Pair, row: CountRow): CoursePoint => ({
    step: row.step,
    updates: updatesAfter(steps.get(pair), row.step) ?? 0,
    first: estimates(row, 1),
    kth: estimates(row, k),
  });
  return new Map(
    [...evidence.counts(course)].flatMap(([pair, rows]) => {
      const all = [...start.get(pair) ?? [], ...rows].filter(({ n }) => n >= k);
      return all.length < 2 ? [] : [[pair, all.map((row) => point(pair, row))] as const];
    }),
  );
};

/** The updates that the cells behind a Pass@k had made, by pair. */
export const updatesOf = (evidence: Evidence, { step, ...of }: PassAtK): ReadonlyMap<Pair, number> =>
  new Map(
    [...evidence.steps(of)].flatMap(([pair, rows]) => {
      const made = updatesAfter(rows, step);
      return made === undefined ? [] : [[pair, made] as const];
    }),
  );
