/**
 * A chart as a value: a Vega-Lite specification with its data inside, and in words what it shows. What every figure shares stands here: white
 * ground, light grid, one legend below, and each series told by colour, dash and shape at once. `render_chart.ts` draws it.
 */
import type { TopLevelSpec } from "vega-lite";
import type { Series } from "../series.ts";

/** A figure before it is drawn; `description` is the sentence for those who cannot see it. */
export interface Chart {
  readonly name: string;
  readonly description: string;
  readonly spec: TopLevelSpec;
}

/** The plots of a chart, in reading order. */
export type Panels = Extract<TopLevelSpec, { concat: unknown }>["concat"];

/** The size of a panel's plot in pixels. */
export const panelSize = { width: 340, height: 240 } as const;

const between = { row: 82, column: 68 } as const;

/** What stands above a panel. */
export const panelTitle = (text: string) => ({ text, fontSize: 13, offset: 8 });

/** The family that figures are set in; PNGs carry the first. */
const font = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif";
const ink = "#222222";

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
    color: channel(series.map(({ style }) => style.color)),
    strokeDash: channel(series.map(({ style }) => style.dash)),
    shape: channel(series.map(({ style }) => style.shape)),
  };
};

const sample = 44;
const letter = 8;

/** The legend as a panel of its own: of each series a piece of its line, if it has one, with its symbol, then its name; as many in a row as fit. */
const legend = (series: ReadonlyArray<Series>, width: number, lines: boolean) => {
  const cell = sample + 32 + letter * Math.max(...series.map(({ name }) => name.length));
  const columns = Math.max(1, Math.min(series.length, Math.floor(width / cell)));
  const rows = Math.ceil(series.length / columns);
  const values = series.map(({ name }, i) => {
    const x = (i % columns) * cell;
    return {
      series: name,
      x,
      end: x + sample,
      middle: x + sample / 2,
      text: x + sample + 8,
      y: Math.floor(i / columns),
    };
  });
  const { color, strokeDash, shape } = seriesEncoding(series);
  const at = (field: string) => ({
    field,
    type: "quantitative" as const,
    axis: null,
    scale: { domain: [0, width], nice: false },
  });
  const y = {
    field: "y",
    type: "quantitative" as const,
    axis: null,
    scale: { domain: [rows - 0.5, -0.5], nice: false },
  };
  return {
    width,
    height: 22 * rows,
    view: { stroke: null },
    data: { values },
    encoding: { y },
    layer: [
      ...lines
        ? [{
          mark: { type: "rule" as const, strokeWidth: 1.8 },
          encoding: { x: at("x"), x2: { field: "end" }, color, strokeDash },
        }]
        : [],
      {
        mark: { type: "point" as const, filled: true, size: 60, opacity: 1 },
        encoding: { x: at("middle"), color, shape },
      },
      {
        mark: { type: "text" as const, align: "left" as const, baseline: "middle" as const, fontSize: 12, color: ink },
        encoding: { x: at("text"), text: { field: "series" } },
      },
    ],
  };
};

/**
 * A chart of panels, two in a row, under one title and over one legend; `width` is that of a row, where panels have not the usual size;
 * without `lines` series are points alone.
 */
export const panelChart = (
  { name, title, subtitle, description, series, panels, width, lines = true }: {
    readonly name: string;
    readonly title: string;
    readonly subtitle: string | undefined;
    readonly description: string;
    readonly series: ReadonlyArray<Series>;
    readonly panels: Panels;
    readonly width?: number;
    readonly lines?: boolean;
  },
): Chart => {
  const columns = Math.min(2, panels.length);
  return {
    name,
    description,
    spec: {
      $schema: "https://vega.github.io/schema/vega-lite/v6.json",
      description,
      title: { text: title, ...(subtitle === undefined ? {} : { subtitle }), offset: 14 },
      background: "white",
      padding: 14,
      spacing: 16,
      vconcat: [
        { columns, spacing: between, bounds: "flush", concat: panels },
        legend(series, width ?? columns * panelSize.width + (columns - 1) * between.column, lines),
      ],
      config: {
        font,
        view: { stroke: "#cccccc" },
        mark: { aria: false },
        title: {
          anchor: "start",
          frame: "group",
          fontWeight: "normal",
          fontSize: 16,
          subtitleFontSize: 11,
          subtitleColor: "#555555",
          color: ink,
        },
        axis: {
          aria: false,
          grid: true,
          gridColor: "#e8e8e8",
          domainColor: "#888888",
          tickColor: "#888888",
          labelColor: ink,
          titleColor: ink,
          labelFontSize: 11,
          titleFontSize: 12,
          titleFontWeight: "normal",
        },
      },
    },
  };
};
