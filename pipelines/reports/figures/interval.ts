/**
 * The interval of a claim as a small picture relative to its threshold, on one scale per unit, so that rows are comparable. The side on
 * which the claim holds is shaded and has a rule. A full dot is the published test problems, an open one the others; an arrow marks an
 * interval that continues beyond the picture.
 */
import { bare, faint, ink, pixels } from "./chart.ts";
import { foundOf, type Judged, otherFoundOf } from "../tables/verdicts.ts";

const size = { width: 150, height: 26 } as const;
const middle = size.width / 2;
const reach = middle - 8;
const [first, last] = [4, size.width - 4];

/** The distance from the threshold to each end of the picture: 10 points, 0.1 nat, or 0.5. */
const reaches: Readonly<Record<string, number>> = { share: 0.1, nats: 0.1, number: 0.5 };

const shapes = { end: "M0,-1V1", left: "M1,-1L0,0L1,1", right: "M-1,-1L0,0L-1,1" } as const;

const within = (x: number, low: number, high: number) => Math.min(high, Math.max(low, x));

/** An interval in pixels: its line, its two ends, and its dot if that is inside. */
const intervalOf = (value: number, low: number, high: number, isOwn: boolean) => {
  const at = { y: isOwn ? 8 : 18, color: isOwn ? ink : faint, fill: isOwn ? ink : "var(--ground)" };
  // An interval that is wholly outside becomes an arrow with a shaft.
  const [from, to] = [within(low, first, last - 12), within(high, first + 12, last)];
  return {
    lines: [{ ...at, x: from, to }],
    ends: [
      ...low <= last ? [{ ...at, x: Math.max(low, first), shape: low < first ? shapes.left : shapes.end }] : [],
      ...high >= first ? [{ ...at, x: Math.min(high, last), shape: high > last ? shapes.right : shapes.end }] : [],
    ],
    dots: value >= first && value <= last ? [{ ...at, x: value }] : [],
  };
};

/** The side of the threshold on which a claim holds, in pixels. */
const sideOf = ({ comparison, threshold }: Judged, at: (value: number) => number): readonly [number, number] => {
  const bound = (value: number) => within(at(value), 0, size.width);
  if (comparison === "within") return [bound(-threshold), bound(threshold)];
  return comparison === "above" ? [bound(threshold), size.width] : [0, bound(threshold)];
};

/** The picture; undefined for a claim without numbers. */
export const intervalSpec = (row: Judged) => {
  const { comparison, threshold, unit } = row;
  const centre = comparison === "within" ? 0 : threshold;
  const at = (value: number) => middle + reach * (value - centre) / (reaches[unit] ?? reaches.number);
  const found = [foundOf(row), otherFoundOf(row)].flatMap(({ value, low, high }, i) =>
    value === undefined || low === undefined || high === undefined
      ? []
      : [intervalOf(at(value), at(low), at(high), i === 0)]
  );
  if (found.length === 0) return undefined;
  const [from, to] = sideOf(row, at);
  const limits = [from, to].filter((x) => x > 0 && x < size.width).map((x) => ({ x }));
  const [x, y] = [pixels("x", size.width), pixels("y", size.height, true)];
  const own = (field: string) => ({ field, type: "nominal" as const, scale: null, legend: null });
  const point = { type: "point" as const, opacity: 1 };
  return bare({
    ...size,
    layer: [
      {
        name: "side",
        data: { values: [{ x: from, to }] },
        mark: { type: "rect", color: "var(--hue-sky)", opacity: 0.13 },
        encoding: { x, x2: { field: "to" } },
      },
      { data: { values: limits }, mark: { type: "rule", color: faint }, encoding: { x } },
      {
        name: "intervals",
        data: { values: found.flatMap(({ lines }) => lines) },
        mark: { type: "rule", strokeWidth: 1.5 },
        encoding: { x, x2: { field: "to" }, y, color: own("color") },
      },
      {
        name: "ends",
        data: { values: found.flatMap(({ ends }) => ends) },
        mark: { ...point, size: 36, strokeWidth: 1.5 },
        encoding: { x, y, stroke: own("color"), shape: own("shape") },
      },
      {
        data: { values: found.flatMap(({ dots }) => dots) },
        mark: { ...point, size: 36, strokeWidth: 1.4, shape: "circle" },
        encoding: { x, y, stroke: own("color"), fill: own("fill") },
      },
    ],
  });
};
