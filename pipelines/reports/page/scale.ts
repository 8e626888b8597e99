/** Where a value stands on an axis, and which values are named there. */
import * as Elementary from "../../../data/elementary/mod.ts";

/** An axis: `at` gives 0 at its beginning and 1 at its end; `ticks` ascend and lie within. */
export interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: ReadonlyArray<number>;
  readonly label: (tick: number) => string;
}

/** 1, 2 or 5 times a power of ten, the smallest that cuts `span` into at most `most` pieces. */
const stepOf = (span: number, most: number): number => {
  const power = Elementary.pow(10, Math.floor(Elementary.log10(span / most)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => span / step <= most * (1 + 1e-9)) ?? 10 * power;
};

const digitsOf = (step: number): number => Math.max(0, -Math.floor(Elementary.log10(step) + 1e-9));

/**
 * An axis of equal steps that holds all `values`; `whole` has no tick between whole numbers, `tight` begins and ends with the values, and
 * it ends at `highest` at the latest.
 */
export const linear = (
  values: ReadonlyArray<number>,
  { most = 6, whole = false, tight = false, highest = Infinity }: {
    readonly most?: number;
    readonly whole?: boolean;
    readonly tight?: boolean;
    readonly highest?: number;
  } = {},
): Scale => {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const span = high > low ? high - low : Math.max(Math.abs(high), 1) / 10;
  const step = Math.max(stepOf(span, most), whole ? 1 : 0);
  const from = tight ? low : Math.floor(low / step + 1e-9) * step;
  const end = tight && high > low ? high : Math.max(Math.ceil(high / step - 1e-9) * step, from + step);
  const to = Math.max(high, Math.min(end, highest));
  const first = Math.ceil(from / step - 1e-9);
  const count = Math.floor(to / step + 1e-9) - first + 1;
  const digits = digitsOf(step);
  return {
    at: (value) => (value - from) / (to - from),
    ticks: Array.from({ length: count }, (_, i) => Number(((first + i) * step).toFixed(digits))),
    label: (tick) => tick.toFixed(digits).replace(/^-/, "−"),
  };
};

/** An axis of percents: never beyond 100, and never so short that it magnifies hundredths. */
export const percents = (values: ReadonlyArray<number>): Scale => {
  const high = Math.max(...values);
  return linear([...values, Math.min(...values, high - leastPercents)], { highest: 100 });
};

/** Percents that such an axis has at least. */
const leastPercents = 2;

/** An axis on which each doubling is as long as the next, with a third of one more at both ends; the values themselves are its ticks. */
export const doubling = (values: ReadonlyArray<number>): Scale => {
  const ticks = [...new Set(values)].sort((a, b) => a - b);
  const [from, to] = [Elementary.log2(ticks[0]) - 1 / 3, Elementary.log2(ticks[ticks.length - 1]) + 1 / 3];
  return { at: (value) => (Elementary.log2(value) - from) / (to - from), ticks, label: String };
};

/** An axis of names at equal distances; a value is the place of its name, from 0. */
export const named = (names: ReadonlyArray<string>): Scale => ({
  at: (place) => (place + 0.5) / names.length,
  ticks: names.map((_, place) => place),
  label: (place) => names[place] ?? "",
});
