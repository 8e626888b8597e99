/**
 * The function of each named statistic of a claim: evidence in, one number per draw out. A draw weights cells and problems; with all
 * weights 1 it is the study itself. Both sides of every comparison have the same draw, so the difficulty of a problem or base cancels.
 */
import type { Course, Quantity, Statistic } from "../records/claim.ts";
import type { Draw } from "./bootstrap.ts";
import { courseOf, type Evidence, type Pair, type StatisticValues, updatesOf, valuesOf } from "./evidence.ts";

/** A statistic before its cells are chosen: the data that it needs of each cell, and its number on a draw of complete cells. */
interface Measurable<A = number> {
  readonly needs: ReadonlyArray<ReadonlyMap<Pair, unknown>>;
  /** The weights `cells` of a draw are in the order of the pairs. */
  readonly over: (pairs: ReadonlyArray<Pair>) => (draw: Draw) => A;
}

/** Combines statistics over the same cells and draws. */
const combined = <A extends ReadonlyArray<unknown>, B>(
  parts: { readonly [I in keyof A]: Measurable<A[I]> },
  by: (...values: A) => B,
): Measurable<B> => ({
  needs: parts.flatMap(({ needs }) => needs),
  over: (pairs) => {
    const all = parts.map((part) => part.over(pairs));
    return (draw) => by(...all.map((one) => one(draw)) as unknown as A);
  },
});

const measurable = (statistic: Statistic, evidence: Evidence): Measurable => {
  const mean = (of: Quantity) => meanOf(of, evidence);
  switch (statistic.name) {
    case "difference": {
      const { of, minus } = statistic;
      return minus === undefined ? mean(of) : combined([mean(of), mean(minus)], (a: number, b: number) => a - b);
    }
    case "ratio":
      return combined([mean(statistic.of), mean(statistic.over)], (a: number, b: number) => a / b);
    case "least":
    case "greatest":
      return combined(
        statistic.of.map((one) => measurable(one, evidence)),
        statistic.name === "least" ? Math.min : Math.max,
      );
    case "at-matched":
      return combined(
        [mean(statistic.of), matchOf(statistic, evidence)],
        (kth: number, { place, places, along }: Match) => kth - valueAt(places, along, place),
      );
    case "selected":
      return selectedGain(statistic.course, statistic.of.k, evidence);
    case "above-best": {
      const { of, course } = statistic;
      return combined(
        [mean(of), alongCourse(course, of.k, evidence)],
        (kth: number, along: ReadonlyArray<MeanPoint>) => kth - Math.max(...along.map((point) => point.kth)),
      );
    }
  }
};

/** Where a course is compared: the value that is matched, the values of its points, and the points. */
interface Match {
  readonly place: number;
  readonly places: ReadonlyArray<number>;
  readonly along: ReadonlyArray<MeanPoint>;
}

const matchOf = (
  { by, of, course }: Extract<Statistic, { name: "at-matched" }>,
  evidence: Evidence,
): Measurable<Match> =>
  combined(
    [
      by === "updates" ? overCells(updatesOf(evidence, of)) : meanOf({ ...of, k: 1 }, evidence),
      alongCourse(course, of.k, evidence),
    ],
    (place: number, along: ReadonlyArray<MeanPoint>) => (
      { place, along, places: along.map((point) => by === "updates" ? point.updates : point.first) }
    ),
  );

/** Whether every course that a statistic matches reaches the value at which it is compared. */
const reaching = (statistic: Statistic, evidence: Evidence): Measurable<boolean> => {
  switch (statistic.name) {
    case "at-matched":
      return combined(
        [matchOf(statistic, evidence)],
        ({ place, places }: Match) => Math.min(...places) <= place && place <= Math.max(...places),
      );
    case "least":
    case "greatest":
      return combined(
        statistic.of.map((one) => reaching(one, evidence)),
        (...all: ReadonlyArray<boolean>) => all.every((one) => one),
      );
    default:
      return { needs: [], over: () => () => true };
  }
};

/**
 * The pairs that have everything a statistic needs, in order; and over some of them, as functions of the draw, the statistic and whether
 * every value that it matches is reached.
 */
export const measureStatistic = (statistic: Statistic, evidence: Evidence) => {
  const { needs: [first, ...rest], over } = measurable(statistic, evidence);
  const pairs = first === undefined
    ? []
    : [...first.keys()].filter((pair) => rest.every((has) => has.has(pair))).sort();
  return { pairs, over, reaches: reaching(statistic, evidence).over };
};

/** The mean over problems (of a slice) under a draw. */
const overProblems = (
  values: Float64Array,
  weights: Float64Array,
  slice: ReadonlyArray<number> | undefined,
): number => {
  let sum = 0;
  let total = 0;
  const count = slice?.length ?? values.length;
  for (let i = 0; i < count; i++) {
    const problem = slice === undefined ? i : slice[i];
    sum += weights[problem] * values[problem];
    total += weights[problem];
  }
  return sum / total;
};

const meanOfCells = (
  values: ReadonlyArray<StatisticValues | undefined>,
  { cells, problems }: Draw,
  slice?: ReadonlyArray<number>,
): number => {
  let sum = 0;
  let total = 0;
  for (const [i, value] of values.entries()) {
    if (cells[i] === 0) continue;
    sum += cells[i] *
      (value === undefined ? NaN : typeof value === "number" ? value : overProblems(value, problems, slice));
    total += cells[i];
  }
  return sum / total;
};

const overCells = (values: ReadonlyMap<Pair, StatisticValues>, slice?: ReadonlyArray<number>): Measurable => ({
  needs: [values],
  over: (pairs) => {
    const own = pairs.map((pair) => values.get(pair));
    return (draw) => meanOfCells(own, draw, slice);
  },
});

/** The mean of a quantity over cells and problems. */
const meanOf = (quantity: Quantity, evidence: Evidence): Measurable => {
  const slice = quantity.kind === "pass-at-k" && quantity.slice !== undefined
    ? evidence.slices[quantity.slice] ?? []
    : undefined;
  return overCells(valuesOf(evidence, quantity), slice);
};

interface MeanPoint {
  readonly step: number;
  readonly updates: number;
  readonly first: number;
  readonly kth: number;
}

/** The mean of a course at every step that all its cells have. */
const alongCourse = (course: Course, k: number, evidence: Evidence): Measurable<ReadonlyArray<MeanPoint>> => {
  const courses = courseOf(evidence, course, k);
  return {
    needs: [courses],
    over: (pairs) => {
      const own = pairs.map((pair) => courses.get(pair) ?? []);
      const at = (own[0] ?? []).flatMap(({ step }) => {
        const points = own.flatMap((some) => some.find((point) => point.step === step) ?? []);
        return points.length === own.length ? [{ step, points }] : [];
      });
      return (draw) =>
        at.map(({ step, points }) => ({
          step,
          updates: meanOfCells(points.map((point) => point.updates), draw),
          first: meanOfCells(points.map((point) => point.first), draw),
          kth: meanOfCells(points.map((point) => point.kth), draw),
        }));
    },
  };
};

/** What selecting the best checkpoint by Pass@1, on the problems that are reported, adds to Pass@k: the mean over cells. */
const selectedGain = (course: Course, k: number, evidence: Evidence): Measurable => {
  const courses = courseOf(evidence, course, k);
  return {
    needs: [courses],
    over: (pairs) => {
      const own = pairs.map((pair) => courses.get(pair) ?? []);
      return (draw) => {
        const gains = own.map((points, i) => {
          if (draw.cells[i] === 0) return 0;
          const firsts = points.map(({ first }) => overProblems(first, draw.problems, undefined));
          const best = points[firsts.indexOf(Math.max(...firsts))];
          const last = points[points.length - 1];
          return overProblems(best.kth, draw.problems, undefined) - overProblems(last.kth, draw.problems, undefined);
        });
        return meanOfCells(gains, draw);
      };
    },
  };
};

/** Pass@k at the first point where a course reaches `place`, linearly interpolated; at the nearest point if it never does. */
const valueAt = (places: ReadonlyArray<number>, along: ReadonlyArray<MeanPoint>, place: number): number => {
  for (let i = 1; i < places.length; i++) {
    const [a, b] = [places[i - 1], places[i]];
    if (a === b || (place - a) * (place - b) > 0) continue;
    return along[i - 1].kth + (along[i].kth - along[i - 1].kth) * (place - a) / (b - a);
  }
  const gaps = places.map((at) => Math.abs(at - place));
  const nearest = gaps.indexOf(Math.min(...gaps));
  return nearest < 0 ? NaN : along[nearest].kth;
};
