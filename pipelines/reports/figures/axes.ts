/** Axes of panels. Their domains are computed here rather than by Vega, so that series names can be placed beside the ends of lines. */
import * as Elementary from "../../../data/elementary/mod.ts";

const axis = (title: string, [low, high]: readonly [number, number], more: object) => ({
  type: "quantitative" as const,
  title,
  scale: { domain: [low, high], nice: false as const },
  axis: { labelFlush: false, ...more },
});

/** An axis of numbers as an encoding without its field. */
export type Axis = ReturnType<typeof axis>;

/** The smallest of 1, 2 or 5 times a power of ten that cuts `span` into at most `most` pieces. */
const stepOf = (span: number, most: number): number => {
  const power = Elementary.pow(10, Math.floor(Elementary.log10(span / most)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => span / step <= most * (1 + 1e-9)) ?? 10 * power;
};

const digitsOf = (step: number): number => Math.max(0, -Math.floor(Elementary.log10(step) + 1e-9));

/** The largest number of digits after the point; smaller steps are written with a power of ten. */
const mostDigits = 4;

/** An axis of at most seven equal steps that covers all `values`; it ends at `highest` unless a value is larger. Zeros alone give one label, 0. */
export const linear = (title: string, values: ReadonlyArray<number>, highest = Infinity): Axis => {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  // The blank label at the top keeps the panel's title where its neighbours have theirs.
  if (low === 0 && high === 0) return axis(title, [0, 1], { values: [0, 1], labelExpr: "datum.value ? ' ' : '0'" });
  const step = stepOf(high > low ? high - low : Math.max(Math.abs(high), 1) / 10, 6);
  const first = Math.floor(low / step + 1e-9);
  const end = Math.max(Math.ceil(high / step - 1e-9), first + 1);
  const last = Math.max(high, Math.min(end * step, highest));
  const digits = digitsOf(step);
  const rounded = (value: number) => Number(value.toFixed(digits));
  return axis(title, [rounded(first * step), Math.max(high, rounded(last))], {
    tickCount: Math.round((last - first * step) / step),
    // With a power of ten, zero would be 0e+0.
    ...digits > mostDigits && low <= 0 && high >= 0
      ? { labelExpr: "datum.value ? format(datum.value, '.2~e') : '0'" }
      : { format: digits > mostDigits ? ".2~e" : `.${digits}f` },
  });
};

/** The shortest axis of percents. */
const leastPercents = 2;

/** An axis of percents: at most up to 100, and long enough not to magnify hundredths. */
export const percents = (title: string, values: ReadonlyArray<number>): Axis =>
  linear(title, [...values, Math.min(...values, Math.max(...values) - leastPercents)], 100);

/** An axis of training steps, from the first to the last. */
export const steps = (values: ReadonlyArray<number>): Axis => {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return axis("step", [low, Math.max(high, low + 1)], { tickMinStep: 1, tickCount: 8, format: "d" });
};

/** A logarithmic axis of base 2, extended by a third of a doubling at both ends; the values themselves are its ticks. */
export const doubling = (title: string, values: ReadonlyArray<number>) => {
  const third = Elementary.pow(2, 1 / 3);
  const whole = axis(title, [Math.min(...values) / third, Math.max(...values) * third], {
    values: [...new Set(values)],
    format: "d",
    labelOverlap: true,
  });
  return { ...whole, scale: { ...whole.scale, type: "log" as const, base: 2 } };
};

/** An axis of evenly spaced names. */
export const named = (title: string, names: ReadonlyArray<string>) => ({
  type: "ordinal" as const,
  title,
  scale: { type: "point" as const, domain: [...names], padding: 0.5 },
  axis: { labelAngle: 0 },
});
