/** Shares with their intervals, Pass@k above all, as points of a panel in percent. */
import type { Line } from "./line_panel.ts";

/** A share in percent, without the last digits of its float. */
export const percent = (share: number): number => Number((100 * share).toPrecision(9));

const digits = (share: number): string => (100 * share).toFixed(1);

/** A share with its interval, if it has one, and what is said of it. */
export const pointOf = (
  { passAtK, low, high }: { readonly passAtK: number; readonly low?: number; readonly high?: number },
) =>
  low === undefined || high === undefined ? { y: percent(passAtK), said: `${digits(passAtK)} %` } : {
    y: percent(passAtK),
    low: percent(low),
    high: percent(high),
    said: `${digits(passAtK)} % (${digits(low)}–${digits(high)})`,
  };

/** Every number of some lines, the ends of intervals among them. */
export const valuesOf = (lines: ReadonlyArray<Line>): ReadonlyArray<number> =>
  lines.flatMap(({ points }) => points.flatMap(({ y, low, high }) => [y, low ?? y, high ?? y]));
