/** A panel of lines: error bars, line, points and end label of each series, and tooltips with the values of all series at each place. */
import { colorOf, ink, marks, type Panel, panelDimensions, places, seriesEncoding } from "./chart.ts";
import type { Series } from "../series.ts";
import type { Axis, doubling, named } from "./axes.ts";
import { lineHeight, spread } from "./direct_labels.ts";

/** One point; `said` is its value in words, `place` its position in words, `isMarked` whether its symbol is drawn. */
export interface LinePoint {
  readonly x: number | string;
  readonly y: number;
  readonly low?: number;
  readonly high?: number;
  readonly said: string;
  readonly place: string;
  readonly isMarked?: boolean;
}

/** The points of one series, in order. */
export interface Line {
  readonly series: Series;
  readonly points: ReadonlyArray<LinePoint>;
}

/** The content of a panel. */
export interface Lines {
  readonly title: string;
  readonly description: string;
  readonly x: Axis | ReturnType<typeof doubling> | ReturnType<typeof named>;
  readonly y: Axis;
  readonly lines: ReadonlyArray<Line>;
  /** The series of the whole chart; if there are several, lines are labelled at their ends. */
  readonly series: ReadonlyArray<Series>;
  /** False where a tooltip shows a single point, not all series at one x. */
  readonly isColumns?: boolean;
  /** False where the points of a series are not joined. */
  readonly isJoined?: boolean;
}

/** Pixels between the error bars of neighbouring series at the same x. */
const aside = 3;

/** The most tooltips per panel: stripes of two pixels. */
const mostPlaces = 170;

const placesOf = ({ lines, isColumns = true }: Lines) => {
  const points = lines.flatMap(({ series, points }) => points.map((point) => ({ ...point, name: series.name })));
  const keyOf = ({ x, y, place }: LinePoint) => JSON.stringify(isColumns ? [place] : [x, y, place]);
  const all = [...Map.groupBy(points, keyOf).values()];
  const every = isColumns ? Math.ceil(all.length / mostPlaces) : 1;
  return all.filter((_, i) => i % every === 0).map((members) => {
    const [{ x, y, place }] = members;
    const values = members.toSorted((a, b) => b.y - a.y).map(({ name, said }) => `${name}: ${said}`);
    return { x, y, said: [place, ...values].join("\n") };
  });
};

/** Names in a column to the right of the plot, with a line from each to the end of its series. */
const namesOf = ({ series, lines, x, y }: Lines) => {
  const [low, high] = y.scale.domain;
  const { width, height } = panelDimensions(true);
  const ends = lines.map(({ series, points }) => ({ series, ...points[points.length - 1] }));
  const wanted = ends.map((end) => height * (high - end.y) / (high - low));
  const tops = spread(wanted, lineHeight, 4, height - 2);
  const values = ends.map(({ series, x, y }, i) => ({
    x,
    y,
    series: series.name,
    nameY: high - tops[i] * (high - low) / height,
  }));
  const text = {
    type: "text" as const,
    align: "left" as const,
    baseline: "middle" as const,
    fontSize: 12.5,
    color: ink,
  };
  return [
    {
      data: { values },
      mark: { type: "rule" as const, opacity: 0.55, strokeWidth: 1 },
      encoding: {
        x: { field: "x", ...x },
        x2: { value: width + 13 },
        y: { field: "y", ...y },
        y2: { field: "nameY" },
        color: seriesEncoding(series).color,
      },
    },
    {
      data: { values },
      mark: text,
      encoding: { x: { value: width + 16 }, y: { field: "nameY", ...y }, text: { field: "series" } },
    },
  ];
};

/** A panel of lines with tooltips. */
export const linePanel = (all: Lines): Panel => {
  const { title, description, series, lines, isColumns = true, isJoined = true } = all;
  const { color, strokeDash, shape } = seriesEncoding(series);
  const [x, y] = [{ field: "x", ...all.x }, { field: "y", ...all.y }];
  const values = lines.flatMap(({ series, points }) =>
    points.map(({ x, y, low, high, isMarked = true }, order) => ({
      series: series.name,
      x,
      y,
      low,
      high,
      isMarked,
      order,
    }))
  );
  const bars = lines.map(({ series }, i) => ({
    transform: [{ filter: { and: [{ field: "series", equal: series.name }, { field: "low", valid: true }] } }],
    mark: { ...marks.bar, color: colorOf(series), xOffset: isColumns ? aside * (i - (lines.length - 1) / 2) : 0 },
    encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" } },
  }));
  const hover = placesOf(all);
  const size = panelDimensions(series.length > 1);
  const line = {
    mark: marks.line,
    encoding: { x, y, color, strokeDash, order: { field: "order", type: "quantitative" as const } },
  };
  return {
    title,
    description,
    plot: {
      ...size,
      data: { values },
      layer: [
        ...values.some(({ low }) => low !== undefined) ? bars : [],
        ...isJoined ? [line] : [],
        { transform: [{ filter: "datum.isMarked" }], mark: marks.point, encoding: { x, y, color, shape } },
        ...series.length > 1 ? namesOf(all) : [],
        places(hover, isColumns ? { x, width: size.width / hover.length } : { x, y }),
      ],
    },
  };
};
