/**
 * A panel of lines as SVG: axes, and for each series its error bars, its line and its points. Every point says its value to who points at it
 * (a `title`, "SERIES, PLACE: VALUE", which needs no script; the script gathers those of one place). Colours, dashes and sizes of
 * text are the page's style, so one drawing serves a light, a dark and a printed page.
 */
import { type Child, type Html, markup, raw, short } from "./html.ts";
import { className } from "./palette.ts";
import type { Scale } from "./scale.ts";

/** One point; `said` is its value in words, `marked` whether its symbol is drawn. */
export interface ChartPoint {
  readonly x: number;
  readonly y: number;
  readonly low?: number;
  readonly high?: number;
  readonly said: string;
  readonly marked: boolean;
}

/** The points of one series; `index` is its place in the page. */
export interface ChartLine {
  readonly index: number;
  readonly name: string;
  readonly shape: string;
  readonly points: ReadonlyArray<ChartPoint>;
}

/** A panel before it is drawn; `said` is the sentence for those who cannot see it, `xSaid` what a place on x is called. */
export interface Panel {
  readonly title: string;
  readonly said: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly xSaid: (x: number) => string;
  readonly x: Scale;
  readonly y: Scale;
  readonly lines: ReadonlyArray<ChartLine>;
  /** Pixels between the error bars of neighbouring series, so that they stand side by side. */
  readonly aside: number;
  /** Whether the points of a series are joined. */
  readonly joined: boolean;
}

const size = { width: 480, height: 330, left: 58, right: 14, top: 12, bottom: 52 } as const;
const plot = { width: size.width - size.left - size.right, height: size.height - size.top - size.bottom } as const;

const shapes: Readonly<Record<string, string>> = {
  "circle": "M4.2 0A4.2 4.2 0 1 1-4.2 0A4.2 4.2 0 1 1 4.2 0Z",
  "square": "M-3.8-3.8H3.8V3.8H-3.8Z",
  "triangle-up": "M0-4.8L4.8 3.8H-4.8Z",
  "triangle-down": "M0 4.8L4.8-3.8H-4.8Z",
  "triangle-right": "M4.8 0L-3.8 4.8V-4.8Z",
  "triangle-left": "M-4.8 0L3.8 4.8V-4.8Z",
  "diamond": "M0-5.4L5 0L0 5.4L-5 0Z",
  "cross": "M-1.7-4.8H1.7V-1.7H4.8V1.7H1.7V4.8H-1.7V1.7H-4.8V-1.7H-1.7Z",
};

const symbolOf = (shape: string): string => shapes[shape] ?? shapes.circle;

const xOf = (panel: Panel, x: number): number => size.left + plot.width * panel.x.at(x);
const yOf = (panel: Panel, y: number): number => size.top + plot.height * (1 - panel.y.at(y));

const axes = (panel: Panel): Html => {
  const bottom = size.top + plot.height;
  const kept = everyOther(panel.x.ticks, panel.x.label);
  return markup`<g class="axes" aria-hidden="true">${
    panel.y.ticks.map((tick) => {
      const y = short(yOf(panel, tick));
      return markup`<path class="grid" d="M${size.left} ${y}H${size.left + plot.width}" /><text class="tick end" x="${
        size.left - 7
      }" y="${y}" dy=".35em">${panel.y.label(tick)}</text>`;
    })
  }${
    kept.map((tick) => {
      const x = short(xOf(panel, tick));
      return markup`<path class="mark" d="M${x} ${bottom}v5" /><text class="tick mid" x="${x}" y="${bottom + 20}">${
        panel.x.label(tick)
      }</text>`;
    })
  }<path class="axis" d="M${size.left} ${size.top}V${bottom}H${
    size.left +
    plot.width
  }"/><text class="name mid" x="${size.left + plot.width / 2}" y="${
    size.height - 8
  }">${panel.xTitle}</text><text class="name mid" transform="translate(15 ${
    size.top + plot.height / 2
  })rotate(-90)">${panel.yTitle}</text></g>`;
};

/** As many ticks as have room for their labels, evenly. */
const everyOther = (ticks: ReadonlyArray<number>, label: (tick: number) => string): ReadonlyArray<number> => {
  const widest = Math.max(...ticks.map((tick) => label(tick).length)) * 9 + 12;
  const every = Math.max(1, Math.ceil(ticks.length * widest / plot.width));
  return ticks.filter((_, i) => (ticks.length - 1 - i) % every === 0);
};

const bars = (panel: Panel, line: ChartLine): Html => {
  const shift = panel.aside * (panel.lines.indexOf(line) - (panel.lines.length - 1) / 2);
  const parts = line.points.flatMap(({ x, low, high }) =>
    low === undefined || high === undefined
      ? []
      : [`M${short(xOf(panel, x) + shift)} ${short(yOf(panel, low))}V${short(yOf(panel, high))}`]
  );
  return parts.length === 0 ? raw("") : markup`<path class="bar" d="${parts.join("")}" />`;
};

const pathOf = (panel: Panel, points: ReadonlyArray<ChartPoint>): string =>
  points.map(({ x, y }, i) => `${i === 0 ? "M" : "L"}${short(xOf(panel, x))} ${short(yOf(panel, y))}`).join("");

const pointOf = (panel: Panel, line: ChartLine, { x, y, said, marked }: ChartPoint): Html => {
  const at = `translate(${short(xOf(panel, x))} ${short(yOf(panel, y))})`;
  const title = markup`<title>${`${line.name}, ${panel.xSaid(x)}: ${said}`}</title>`;
  return marked
    ? markup`<g class="pt" transform="${at}">${title}<circle class="area" r="8"/><path d="${
      symbolOf(line.shape)
    }"/></g>`
    : markup`<g class="pt dot" transform="${at}">${title}<circle r="4"/></g>`;
};

const lineOf = (panel: Panel, line: ChartLine): Html =>
  markup`<g class="series ${className(line.index)}" data-name="${line.name}">${bars(panel, line)}${
    panel.joined ? markup`<path class="line" d="${pathOf(panel, line.points)}" />` : undefined
  }${line.points.map((point) => pointOf(panel, line, point))}</g>`;

/** A panel with its title. */
export const lineChart = (panel: Panel): Html =>
  markup`<div class="panel"><h4>${panel.title}</h4>
<svg class="plot" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${panel.said}">${axes(panel)}${
    panel.lines.map((line) => lineOf(panel, line))
  }</svg></div>
`;

/** What a series looks like: a piece of its line with its symbol. */
const swatch = (shape: string): Html =>
  markup`<svg viewBox="0 0 44 12" width="44" height="12" aria-hidden="true"><path class="line" d="M1 6H43" /><path d="${
    symbolOf(shape)
  }" transform="translate(22 6)" /></svg>`;

/** The key of some series; each is a button, so that it can be pointed at without a mouse. */
export const chartKey = (lines: ReadonlyArray<Pick<ChartLine, "index" | "name" | "shape">>): Html =>
  markup`<ul class="key">${
    lines.map(({ index, name, shape }) =>
      markup`<li><button type="button" class="${className(index)}" aria-pressed="false">${
        swatch(shape)
      }${name}</button></li>
`
    )
  }</ul>
`;

/** A figure: its key, its panels, what it is, and more below. */
export const figure = (
  { id, lines, panels, caption, more }: {
    readonly id: string;
    readonly lines: ReadonlyArray<Pick<ChartLine, "index" | "name" | "shape">>;
    readonly panels: ReadonlyArray<Panel>;
    readonly caption: Child;
    readonly more?: Child;
  },
): Html =>
  markup`<figure class="figure" id="${id}">${lines.length > 1 ? chartKey(lines) : undefined}<div class="panels">${
    panels.map(lineChart)
  }</div>
<figcaption>${caption}</figcaption>${more}</figure>
`;
