/** Shares with their intervals, mainly Pass@k, as points of a panel in percent. */
import type { Line } from "./line_panel.ts";

/** A share in percent, without rounding noise. */
export const percent = (share: number): number => Number((100 * share).toPrecision(9));

/** A share in percent with one decimal, without the sign. */
export const percentText = (share: number): string => (100 * share).toFixed(1);

/** A share as a point, with its interval if it has one, and its text. */
export const pointOf = (
  { passAtK, low, high }: { readonly passAtK: number; readonly low?: number; readonly high?: number },
) =>
  low === undefined || high === undefined ? { y: percent(passAtK), said: `${percentText(passAtK)} %` } : {
    y: percent(passAtK),
    low: percent(low),
    high: percent(high),
    said: `${percentText(passAtK)} % (${percentText(low)}–${percentText(high)})`,
  };

/** Every number of the lines, including the ends of intervals. */
export const valuesOf = (lines: ReadonlyArray<Line>): ReadonlyArray<number> =>
  lines.flatMap(({ points }) => points.flatMap(({ y, low, high }) => [y, low ?? y, high ?? y]));
