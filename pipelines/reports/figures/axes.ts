/** Axes of panels: what they hold and where they begin and end, said here rather than by the engine, so that names can stand beside their lines. */
import * as Elementary from "../../../data/elementary/mod.ts";

const axis = (title: string, [low, high]: readonly [number, number], more: object) => ({
  type: "quantitative" as const,
  title,
  scale: { domain: [low, high], nice: false as const },
  axis: { labelFlush: false, ...more },
});

/** An axis of numbers as an encoding without its field. */
export type Axis = ReturnType<typeof axis>;

/** 1, 2 or 5 times a power of ten, the smallest that cuts `span` into at most `most` pieces. */
const stepOf = (span: number, most: number): number => {
  const power = Elementary.pow(10, Math.floor(Elementary.log10(span / most)));
  return [1, 2, 5, 10].map((factor) => factor * power).find((step) => span / step <= most * (1 + 1e-9)) ?? 10 * power;
};

const digitsOf = (step: number): number => Math.max(0, -Math.floor(Elementary.log10(step) + 1e-9));

/** Digits after the point that a label has at most; smaller steps are written with a power of ten. */
const mostDigits = 4;

/** An axis of equal steps, at most six and one more, that holds all `values` and ends at `highest` at the latest; one of zeros alone says 0. */
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
    format: digits > mostDigits ? ".2~e" : `.${digits}f`,
  });
};

/** Percents that such an axis has at least. */
const leastPercents = 2;

/** An axis of percents: never beyond 100, and never so short that it magnifies hundredths. */
export const percents = (title: string, values: ReadonlyArray<number>): Axis =>
  linear(title, [...values, Math.min(...values, Math.max(...values) - leastPercents)], 100);

/** An axis of training steps, from the first to the last. */
export const steps = (values: ReadonlyArray<number>): Axis => {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return axis("step", [low, Math.max(high, low + 1)], { tickMinStep: 1, tickCount: 8, format: "d" });
};

/** An axis on which each doubling is as long as the next, with a third of one more at both ends; the values themselves are its ticks. */
export const doubling = (title: string, values: ReadonlyArray<number>) => {
  const third = Elementary.pow(2, 1 / 3);
  const whole = axis(title, [Math.min(...values) / third, Math.max(...values) * third], {
    values: [...new Set(values)],
    format: "d",
    labelOverlap: true,
  });
  return { ...whole, scale: { ...whole.scale, type: "log" as const, base: 2 } };
};

/** An axis of names at equal distances. */
export const named = (title: string, names: ReadonlyArray<string>) => ({
  type: "ordinal" as const,
  title,
  scale: { type: "point" as const, domain: [...names], padding: 0.5 },
  axis: { labelAngle: 0 },
});
