/**
 * The records of a study, indexed for statistics: correct responses of each cell by problem, and training dynamics by step. A cell is one
 * base under one seed, trained by one algorithm under one condition. The two sides of a comparison are paired by base and seed.
 */
import type { Course, InsightOf, Metric, Models, PassAtK, Quantity } from "../records/claim.ts";
import { estimate } from "../stages/pass_at_k.ts";
import { clusteredDraws, type Draw, drawsOf } from "./bootstrap.ts";
import type { CountRow, InsightRow, StepRow } from "../records/study_rows.ts";

/** The rows of a study, and the problems of each slice (by their index in the counts). */
export interface RecordedStudy {
  readonly counts: ReadonlyArray<CountRow>;
  readonly steps: ReadonlyArray<StepRow>;
  readonly insights?: ReadonlyArray<InsightRow>;
  readonly slices: Readonly<Record<string, ReadonlyArray<number>>>;
  /** The group of each problem if bases and groups are resampled, not single cells and problems. */
  readonly groups?: ReadonlyArray<string>;
}

/** Base and seed; cells of the same pair are compared. */
export type Pair = string;

/** The rows by the keys that statistics use. */
export interface Evidence {
  readonly problems: number;
  readonly slices: RecordedStudy["slices"];
  /** Counts of a set of models under an evaluation, by pair, in the order of steps. */
  readonly counts: (of: Course) => ReadonlyMap<Pair, ReadonlyArray<CountRow>>;
  /** Dynamics of a set of models, by pair, in the order of steps. */
  readonly steps: (of: Models) => ReadonlyMap<Pair, ReadonlyArray<StepRow>>;
  /** One measurement of the first step of a set of models, by pair. */
  readonly insights: (of: InsightOf) => ReadonlyMap<Pair, number>;
  /** The study itself, then its resamples, for some cells; made once. */
  readonly draws: (pairs: ReadonlyArray<Pair>, draws: number) => ReadonlyArray<Draw>;
}

const untrained: Models = { condition: "base", algorithm: "base" };

const pairOf = ({ base, seed }: { readonly base: number; readonly seed: number }): Pair => `${base}/${seed}`;

/** Groups rows by their models, then by pair, in the order of steps. */
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

/** Indexes the records. */
export const evidenceOf = ({ counts, steps, insights = [], slices, groups }: RecordedStudy): Evidence => {
  const byCourse = grouped(counts, courseName);
  const byModels = grouped(steps, (row) => nameOf(row));
  const byInsight = Map.groupBy(insights, insightName);
  const problems = counts[0]?.correct.length ?? 0;
  const drawn = new Map<string, ReadonlyArray<Draw>>();
  return {
    problems,
    slices,
    counts: (of) => byCourse.get(courseName(of)) ?? new Map(),
    steps: (of) => byModels.get(nameOf(of)) ?? new Map(),
    insights: (of) => new Map((byInsight.get(insightName(of)) ?? []).map((row) => [pairOf(row), row.value])),
    draws: (pairs, draws) => {
      const bases = pairs.map((pair) => Number(pair.split("/")[0]));
      const name = `${groups === undefined ? pairs.length : bases.join()} ${draws}`;
      const known = drawn.get(name) ??
        (groups === undefined ? drawsOf(pairs.length, problems, draws) : clusteredDraws({ bases, groups }, draws));
      drawn.set(name, known);
      return known;
    },
  };
};

/** Something of each pair; a pair that has none of it is left out. */
const ofEach = <A, B>(by: ReadonlyMap<Pair, A>, of: (a: A, pair: Pair) => B | undefined): ReadonlyMap<Pair, B> =>
  new Map(
    [...by].flatMap(([pair, a]) => {
      const found = of(a, pair);
      return found === undefined ? [] : [[pair, found] as const];
    }),
  );

/** The counts of a Pass@k: those at its step, else the last; none if there are fewer responses than k. */
const countsOf = (evidence: Evidence, { k, step, ...of }: PassAtK): ReadonlyMap<Pair, CountRow> =>
  ofEach(evidence.counts(of), (rows) => {
    const row = step === undefined ? rows[rows.length - 1] : rows.find((one) => one.step === step);
    return row === undefined || row.n < k ? undefined : row;
  });

/** The mean of a field over the steps that have it; undefined if none has. */
export const meanField = (rows: ReadonlyArray<StepRow>, field: string): number | undefined => {
  const values = rows.flatMap((row) => {
    const value = row[field];
    return typeof value === "number" ? [value] : [];
  });
  return values.length === 0 ? undefined : values.reduce((sum, x) => sum + x, 0) / values.length;
};

/** The mean of a field over a range of steps, by pair; cells without the field there are left out. */
const metricsOf = (evidence: Evidence, { field, steps: [first, last], ...of }: Metric): ReadonlyMap<Pair, number> =>
  ofEach(evidence.steps(of), (rows) => meanField(rows.filter(({ step }) => step >= first && step <= last), field));

/** A quantity of one cell: a number, or one per problem (of `slice`, if given). */
export type StatisticValues = number | Float64Array;

/** Pass@k of each problem from its counts. */
export const estimates = ({ n, correct }: Pick<CountRow, "n" | "correct">, k: number): Float64Array => {
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
      return ofEach(countsOf(evidence, quantity), (row) => estimates(row, quantity.k));
  }
};

/** One point along training: its step, its number of optimizer updates, and Pass@1 and Pass@k of each problem. */
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

/** The points along training from the base on, by pair. */
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
  return ofEach(evidence.counts(course), (rows, pair) => {
    const all = [...start.get(pair) ?? [], ...rows].filter(({ n }) => n >= k);
    return all.length < 2 ? undefined : all.map((row) => point(pair, row));
  });
};

/** The number of updates of the cells behind a Pass@k, by pair. */
export const updatesOf = (evidence: Evidence, { step, ...of }: PassAtK): ReadonlyMap<Pair, number> =>
  ofEach(evidence.steps(of), (rows) => updatesAfter(rows, step));
