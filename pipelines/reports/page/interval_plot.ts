/**
 * The interval of a claim as a small picture: where it lies to the threshold, on one scale for each unit, so that rows can be compared. The
 * side on which the claim holds has a ground and a rule; a full dot is the published test problems, an open one the others; an arrow
 * says that an interval goes on.
 */
import { foundOf, type Judged, otherFoundOf } from "../tables/verdicts.ts";
import { type Html, markup, raw, short } from "./html.ts";

const size = { width: 150, height: 26 } as const;
const middle = size.width / 2;
const reach = middle - 8;

/** How far from the threshold each end of the picture is: 10 points, a tenth of a nat, a half of a number. */
export const reaches: Readonly<Record<string, number>> = { share: 0.1, nats: 0.1, number: 0.5 };

const [first, last] = [4, size.width - 4];

/** An interval from `low` to `high` in the picture; what lies outside of it is an arrow at its edge. */
const markOf = (value: number, low: number, high: number, y: number, name: string): Html => {
  const isInside = (x: number) => x >= first && x <= last;
  const [from, to] = [low, high].map((x) => Math.min(last, Math.max(first, x)));
  // An interval that is all outside is an arrow with a shaft.
  const [begin, end] = [Math.min(from, last - 12), Math.max(to, first + 12)];
  const parts = [
    `M${short(begin)} ${y}H${short(end)}`,
    isInside(low) ? `M${short(low)} ${y - 3}v6` : "",
    isInside(high) ? `M${short(high)} ${y - 3}v6` : "",
    low < first ? `M${first + 5} ${y - 3}L${first} ${y}L${first + 5} ${y + 3}` : "",
    high > last ? `M${last - 5} ${y - 3}L${last} ${y}L${last - 5} ${y + 3}` : "",
  ];
  return markup`<g class="${name}"><path d="${parts.join("")}" />${
    isInside(value) ? markup`<circle cx="${short(value)}" cy="${y}" r="3.4" />` : undefined
  }</g>`;
};

/** The picture; nothing for a claim without numbers. */
export const intervalPlot = (row: Judged): Html | undefined => {
  const { comparison, threshold, unit } = row;
  const centre = comparison === "within" ? 0 : threshold;
  const at = (value: number) => middle + reach * (value - centre) / (reaches[unit] ?? reaches.number);
  const bound = (value: number) => Math.min(size.width, Math.max(0, at(value)));
  const [from, to] = comparison === "above"
    ? [bound(threshold), size.width]
    : comparison === "below"
    ? [0, bound(threshold)]
    : [bound(-threshold), bound(threshold)];
  const limits = comparison === "within" ? [from, to] : [comparison === "above" ? from : to];
  const marks = [foundOf(row), otherFoundOf(row)].flatMap(({ value, low, high }, i) =>
    value === undefined || low === undefined || high === undefined
      ? []
      : [markOf(at(value), at(low), at(high), i === 0 ? 8 : 18, i === 0 ? "own" : "other")]
  );
  if (marks.length === 0) return undefined;
  const rules = limits.map((x) => `M${short(x)} 0V${size.height}`).join("");
  return markup`<svg class="interval" viewBox="0 0 ${size.width} ${size.height}" width="${size.width}" height="${size.height}" aria-hidden="true"><rect x="${
    short(from)
  }" y="0" width="${short(to - from)}" height="${size.height}" /><path class="limit" d="${
    raw(rules)
  }" />${marks}</svg>`;
};
