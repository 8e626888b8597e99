/**
 * A chart as a value: panels, each a Vega-Lite specification with its data inside, and in words what they show. A file has them under one title
 * and over one legend, a page each for itself. What every figure shares stands here: light grid, and each series told by colour, dash and shape
 * at once. Colours are variables of `page.css`, which a page resolves and `render_chart.ts` replaces in a file.
 */
import type { TopLevelSpec } from "vega-lite";
import type { Series } from "../series.ts";
import { columnWidth } from "./direct_labels.ts";

/** A plot with everything in it but its title. */
export type Plot =
  & Extract<Extract<TopLevelSpec, { concat: unknown }>["concat"][number], { layer: unknown }>
  & { readonly width: number };

/** A panel of a chart; `description` is the sentence for those who cannot see it. */
export interface Panel {
  readonly title: string;
  readonly description: string;
  readonly plot: Plot;
}

/** A figure before it is drawn; `lines` says whether its series have lines. */
export interface Chart {
  readonly name: string;
  readonly title: string;
  readonly subtitle: string | undefined;
  readonly description: string;
  readonly series: ReadonlyArray<Series>;
  readonly panels: ReadonlyArray<Panel>;
  readonly lines?: boolean;
}

/** The size of a panel's plot in pixels, narrower where names of several series stand beside it. */
export const sizeOf = (hasNames: boolean) => ({ width: hasNames ? 340 : 420, height: 240 });

/** A variable of `page.css` as a colour. */
export const ink = "var(--ink)";
/** See `ink`. */
export const faint = "var(--faint)";
const edge = "var(--edge)";

/** The colour of a series. */
export const colorOf = ({ style }: Series): string => `var(--${style.color})`;

/** Colour, dash and shape of each series. */
export const seriesEncoding = (series: ReadonlyArray<Series>) => {
  const domain = series.map(({ name }) => name);
  const channel = (range: ReadonlyArray<unknown>) => ({
    field: "series",
    type: "nominal" as const,
    legend: null,
    scale: { domain, range: [...range] },
  });
  return {
    color: channel(series.map(colorOf)),
    strokeDash: channel(series.map(({ style }) => style.dash)),
    shape: channel(series.map(({ style }) => style.shape)),
  };
};

/** Marks that every chart draws alike. */
export const marks = {
  line: { type: "line", strokeWidth: 1.8 },
  bar: { type: "rule", opacity: 0.3, strokeWidth: 1.2 },
  point: { type: "point", filled: true, size: 42, strokeWidth: 1, opacity: 1 },
} as const;

/**
 * What a reader who points at a place of a plot is told: rows with `said`, lines of text of which the first names the place, at `x` in stripes of
 * `width` pixels, or at points where `y` is given. It is not seen until it is pointed at.
 */
export const places = (
  values: ReadonlyArray<{ readonly said: string }>,
  at: { readonly x: object; readonly y?: object; readonly width?: number },
) => ({
  name: "places",
  data: { values: [...values] },
  mark: at.y === undefined
    ? { type: "rule" as const, strokeWidth: at.width ?? 0, opacity: 0, color: ink, aria: true }
    : { type: "point" as const, size: 200, opacity: 0, color: ink, aria: true },
  encoding: {
    x: at.x,
    ...(at.y !== undefined && { y: at.y }),
    description: { field: "said", type: "nominal" as const },
  },
});

/** A piece of each series' line, if it has one, with its symbol, at rows of `x`, `end`, `middle` and `y` in pixels. */
const samples = (series: ReadonlyArray<Series>, at: (field: string) => object, lines: boolean) => {
  const { color, strokeDash, shape } = seriesEncoding(series);
  return [
    ...lines
      ? [{
        mark: { ...marks.line, type: "rule" as const },
        encoding: { x: at("x"), x2: { field: "end" }, color, strokeDash },
      }]
      : [],
    { mark: { ...marks.point, size: 60 }, encoding: { x: at("middle"), color, shape } },
  ];
};

const sample = 44;
const letter = 8;

const pixels = (size: number) => (field: string) => ({
  field,
  type: "quantitative" as const,
  axis: null,
  scale: { domain: [0, size], nice: false },
});

/** The legend as a panel of its own: of each series a sample, then its name; as many in a row as fit. */
const legend = ({ series, lines = true }: Chart, width: number) => {
  const cell = sample + 32 + letter * Math.max(...series.map(({ name }) => name.length));
  const columns = Math.max(1, Math.min(series.length, Math.floor(width / cell)));
  const rows = Math.ceil(series.length / columns);
  const values = series.map(({ name }, i) => {
    const x = (i % columns) * cell;
    const y = 22 * (rows - Math.floor(i / columns)) - 11;
    return { series: name, x, end: x + sample, middle: x + sample / 2, text: x + sample + 8, y };
  });
  return {
    width,
    height: 22 * rows,
    view: { stroke: null },
    data: { values },
    encoding: { y: pixels(22 * rows)("y") },
    layer: [
      ...samples(series, pixels(width), lines),
      {
        mark: { type: "text" as const, align: "left" as const, baseline: "middle" as const, fontSize: 12, color: ink },
        encoding: { x: pixels(width)("text"), text: { field: "series" } },
      },
    ],
  };
};

const config = {
  font: "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif",
  view: { stroke: edge },
  mark: { aria: false },
  title: {
    anchor: "start",
    frame: "group",
    fontWeight: "normal",
    fontSize: 16,
    subtitleFontSize: 11,
    subtitleColor: faint,
    color: ink,
  },
  axis: {
    aria: false,
    grid: true,
    gridColor: "var(--grid)",
    domainColor: faint,
    tickColor: faint,
    labelColor: ink,
    titleColor: ink,
    labelFontSize: 11,
    titleFontSize: 12,
    titlePadding: 8,
    titleFontWeight: "normal",
  },
  axisY: { minExtent: 32 },
} as const;

const schema = "https://vega.github.io/schema/vega-lite/v6.json";

/** The whole chart as one specification: panels two in a row, one title, one legend below. */
export const wholeSpec = (chart: Chart): TopLevelSpec => {
  const { title, subtitle, description, series, panels } = chart;
  const columns = Math.min(2, panels.length);
  const between = { row: 86, column: 64 + columnWidth(series.map(({ name }) => name)) };
  return {
    $schema: schema,
    description,
    title: { text: title, ...(subtitle === undefined ? {} : { subtitle }), offset: 14 },
    background: "var(--ground)",
    padding: 14,
    spacing: 16,
    vconcat: [
      {
        columns,
        spacing: between,
        bounds: "flush",
        concat: panels.map(({ title, plot }) => ({ ...plot, title: { text: title, fontSize: 13, offset: 8 } })),
      },
      legend(chart, columns * panels[0].plot.width + (columns - 1) * between.column),
    ],
    config,
  };
};

/** A panel as a specification of its own, without its title. */
export const panelSpec = ({ plot, description }: Panel): TopLevelSpec => ({
  ...plot,
  $schema: schema,
  description,
  background: "transparent",
  padding: { left: 3, right: 12, top: 3, bottom: 3 },
  config,
});

/** What a series looks like as a specification of its own: a piece of its line with its symbol. */
export const sampleSpec = (series: Series, lines = true): TopLevelSpec => ({
  $schema: schema,
  width: sample,
  height: 12,
  background: "transparent",
  padding: 0,
  autosize: "none",
  view: { stroke: null },
  data: { values: [{ series: series.name, x: 0, end: sample, middle: sample / 2, y: 6 }] },
  encoding: { y: pixels(12)("y") },
  layer: samples([series], pixels(sample), lines),
  config,
});
