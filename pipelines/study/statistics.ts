/**
 * The function behind each named statistic of a claim: evidence in, one number for each draw out. A draw weighs cells and problems; with all
 * weights 1 it is the study itself. Both sides of every comparison see the same draw, so what makes a problem or a base easy cancels.
 */
import type { PassAtK, Quantity, Statistic } from "../records/claim.ts";
import type { Draw } from "./bootstrap.ts";
import { courseOf, type CoursePoint, type Evidence, type Pair, updatesOf, type Values, valuesOf } from "./evidence.ts";

/** A statistic as a function of a draw; `cells` are weighed in the order of the pairs that it was made for. */
export type Measured = (draw: Draw) => number;

interface Scope {
  readonly evidence: Evidence;
  readonly pairs: ReadonlyArray<Pair>;
}

const named: { readonly [N in Statistic["name"]]: (asked: Extract<Statistic, { name: N }>, scope: Scope) => Measured } =
  {
    difference: ({ of, minus }, scope) => {
      const mean = meanOf(of, scope);
      if (minus === undefined) return mean;
      const other = meanOf(minus, scope);
      return (draw) => mean(draw) - other(draw);
    },
    ratio: ({ of, over }, scope) => {
      const [mean, other] = [meanOf(of, scope), meanOf(over, scope)];
      return (draw) => mean(draw) / other(draw);
    },
    least: ({ of }, scope) => extreme(of, scope, Math.min),
    greatest: ({ of }, scope) => extreme(of, scope, Math.max),
    "at-matched": ({ by, of, course }, scope) => {
      const kth = meanOf(of, scope);
      const place = by === "pass-at-1" ? meanOf({ ...of, k: 1 }, scope) : meanUpdates(of, scope);
      const points = pointsOf(courseOf(scope.evidence, course, of.k), scope);
      return (draw) => {
        const along = points(draw);
        return kth(draw) -
          valueAt(along.map((point) => by === "updates" ? point.updates : point.first), along, place(draw));
      };
    },
    "above-best": ({ of, course }, scope) => {
      const kth = meanOf(of, scope);
      const points = pointsOf(courseOf(scope.evidence, course, of.k), scope);
      return (draw) => kth(draw) - Math.max(...points(draw).map((point) => point.kth));
    },
  };

/** The statistic over these cells, as a function of the draw. */
export const measure = (statistic: Statistic, scope: Scope): Measured => {
  const make = named[statistic.name] as (asked: Statistic, scope: Scope) => Measured;
  return make(statistic, scope);
};

const extreme = (of: ReadonlyArray<Statistic>, scope: Scope, choose: (...values: number[]) => number): Measured => {
  const all = of.map((one) => measure(one, scope));
  return (draw) => choose(...all.map((one) => one(draw)));
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

const overCells = (
  values: ReadonlyArray<Values | undefined>,
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

/** The mean of a quantity over cells and problems. */
const meanOf = (quantity: Quantity, { evidence, pairs }: Scope): Measured => {
  const values = valuesOf(evidence, quantity);
  const own = pairs.map((pair) => values.get(pair));
  const slice = quantity.kind === "pass-at-k" && quantity.slice !== undefined
    ? evidence.slices[quantity.slice] ?? []
    : undefined;
  return (draw) => overCells(own, draw, slice);
};

const meanUpdates = (of: PassAtK, { evidence, pairs }: Scope): Measured => {
  const updates = updatesOf(evidence, of);
  const own = pairs.map((pair) => updates.get(pair));
  return (draw) => overCells(own, draw);
};

interface MeanPoint {
  readonly step: number;
  readonly updates: number;
  readonly first: number;
  readonly kth: number;
}

/** The mean of a course at every step that all cells have. */
export const pointsOf = (
  courses: ReadonlyMap<Pair, ReadonlyArray<CoursePoint>>,
  { pairs }: Pick<Scope, "pairs">,
): (draw: Draw) => ReadonlyArray<MeanPoint> => {
  const own = pairs.map((pair) => courses.get(pair) ?? []);
  const steps = (own[0] ?? []).map(({ step }) => step).filter((step) =>
    own.every((points) => points.some((point) => point.step === step))
  );
  const at = steps.map((step) => own.map((points) => points.find((point) => point.step === step)));
  return (draw) =>
    steps.map((step, i) => ({
      step,
      updates: overCells(at[i].map((point) => point?.updates), draw),
      first: overCells(at[i].map((point) => point?.first), draw),
      kth: overCells(at[i].map((point) => point?.kth), draw),
    }));
};

/** The Pass@k where a course first reaches `place`, linear between its points; at the nearest point where it never does. */
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

/** The pairs that have everything a statistic asks for, in order. */
export const pairsOf = (statistic: Statistic, evidence: Evidence): ReadonlyArray<Pair> => {
  const asked = askedOf(statistic, evidence);
  const [first, ...rest] = asked;
  return first === undefined ? [] : [...first].filter((pair) => rest.every((pairs) => pairs.has(pair))).sort();
};

const keysOf = (map: ReadonlyMap<Pair, unknown>): ReadonlySet<Pair> => new Set(map.keys());

const askedOf = (statistic: Statistic, evidence: Evidence): ReadonlyArray<ReadonlySet<Pair>> => {
  const quantity = (of: Quantity) => keysOf(valuesOf(evidence, of));
  switch (statistic.name) {
    case "difference":
      return [statistic.of, ...statistic.minus === undefined ? [] : [statistic.minus]].map(quantity);
    case "ratio":
      return [statistic.of, statistic.over].map(quantity);
    case "least":
    case "greatest":
      return statistic.of.flatMap((one) => askedOf(one, evidence));
    case "at-matched":
    case "above-best": {
      const { of, course } = statistic;
      const made = statistic.name === "at-matched" && statistic.by === "updates"
        ? [keysOf(updatesOf(evidence, of))]
        : [];
      return [quantity(of), keysOf(courseOf(evidence, course, of.k)), ...made];
    }
  }
};
