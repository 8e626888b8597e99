/**
 * A chart as a value: panels, each a Vega-Lite specification with its data and a description in words. A file shows the panels under one
 * title and above one legend; a page shows each alone. All figures share a light grid, and each series has its own colour, dash and shape.
 * Colours are variables of `page.css`; a page resolves them, and `render_chart.ts` replaces them in files.
 */
import type { TopLevelSpec } from "vega-lite";
import type { Series } from "../series.ts";
import { columnWidth } from "./direct_labels.ts";

/** A plot without its title. */
export type Plot =
  & Extract<Extract<TopLevelSpec, { concat: unknown }>["concat"][number], { layer: unknown }>
  & { readonly width: number };

/** A panel of a chart; `description` is its text for screen readers. */
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
  /** Pixels between two panels in a row, where the labels of their axes need more than usual. */
  readonly gap?: number;
}

/** The size of a panel's plot in pixels, narrower if the names of several series are beside it. */
export const panelDimensions = (hasNames: boolean) => ({ width: hasNames ? 340 : 420, height: 240 });

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

/** The marks of all charts. */
export const marks = {
  line: { type: "line", strokeWidth: 1.8 },
  bar: { type: "rule", opacity: 0.3, strokeWidth: 1.2 },
  point: { type: "point", filled: true, size: 42, strokeWidth: 1, opacity: 1 },
} as const;

/**
 * The invisible marks that carry tooltips: rows with lines of text in `said`, the first of which names the place. They are stripes of
 * `width` pixels at `x`, or points if `y` is given.
 */
export const places = (
  values: ReadonlyArray<{ readonly said: string }>,
  at: { readonly x: object; readonly y?: object; readonly width?: number },
) => ({
  name: "places",
  data: { values: [...values] },
  mark: at.y === undefined
    ? { type: "rule" as const, strokeWidth: at.width ?? 0, opacity: 0, color: ink, aria: true }
    : { ...marks.point, size: 200, opacity: 0, color: ink, aria: true },
  encoding: {
    x: at.x,
    ...(at.y !== undefined && { y: at.y }),
    description: { field: "said", type: "nominal" as const },
  },
});

/** A distance in pixels from the left, or from the top, as an encoding. */
export const pixels = (field: string, size: number, isDown = false) => ({
  field,
  type: "quantitative" as const,
  axis: null,
  scale: { domain: isDown ? [size, 0] : [0, size], nice: false as const },
});

const sample = { width: 44, height: 12 } as const;

/** The key of a series: a piece of its line, if it has one, with its symbol. */
const sampleOf = (series: Series, lines: boolean) => {
  const { color, strokeDash, shape } = seriesEncoding([series]);
  const line = { mark: { ...marks.line, type: "rule" as const }, encoding: { color, strokeDash } };
  const point = { mark: { ...marks.point, size: 60 }, encoding: { x: { value: sample.width / 2 }, color, shape } };
  return {
    ...sample,
    view: { stroke: null },
    data: { values: [{ series: series.name }] },
    encoding: { y: { value: sample.height / 2 } },
    layer: [...lines ? [line] : [], point],
  };
};

const letter = 8;

/** The legend as panels: the key and the name of each series, as many per row as fit. */
const legend = ({ series, lines = true }: Chart, width: number) => {
  const names = letter * Math.max(...series.map(({ name }) => name.length)) + 32;
  const text = {
    mark: { type: "text" as const, align: "left" as const, baseline: "middle" as const, fontSize: 12, color: ink },
    encoding: { x: { value: sample.width + 8 }, text: { field: "series" } },
  };
  return {
    columns: Math.max(1, Math.floor(width / (sample.width + names))),
    spacing: { column: names, row: 10 },
    bounds: "flush" as const,
    resolve: {
      scale: { color: "independent" as const, strokeDash: "independent" as const, shape: "independent" as const },
    },
    concat: series.map((one) => {
      const drawn = sampleOf(one, lines);
      return { ...drawn, layer: [...drawn.layer, text] };
    }),
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
    labelFontSize: 12,
    titleFontSize: 13,
    titlePadding: 8,
    titleFontWeight: "normal",
  },
  axisY: { minExtent: 34 },
} as const;

const schema = "https://vega.github.io/schema/vega-lite/v6.json";

/** The whole chart as one specification: two panels per row, one title, one legend below. */
export const wholeSpec = (chart: Chart): TopLevelSpec => {
  const { title, subtitle, description, series, panels, gap = 64 } = chart;
  const columns = Math.min(2, panels.length);
  const hasNames = panels[0].plot.width === panelDimensions(true).width;
  const between = { row: 86, column: gap + (hasNames ? columnWidth(series.map(({ name }) => name)) : 0) };
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

/** A panel as a specification without its title. */
export const panelSpec = ({ plot, description }: Panel): TopLevelSpec => ({
  ...plot,
  $schema: schema,
  description,
  background: "transparent",
  padding: { left: 3, right: 12, top: 3, bottom: 3 },
  config,
});

/** The key of a series as a specification. */
export const sampleSpec = (series: Series, lines = true): TopLevelSpec => bare(sampleOf(series, lines));

/** A plot without axes, title and margin. */
export const bare = (plot: Plot): TopLevelSpec => ({
  ...plot,
  $schema: schema,
  background: "transparent",
  padding: 0,
  autosize: "none",
  config: { ...config, view: { stroke: null } },
});
