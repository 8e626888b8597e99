/**
 * A panel of lines as SVG: axes, and for each series its error bars, its line and its points. Every point says its value to who points at it
 * (a `title`, "SERIES, PLACE: VALUE", which needs no script; the script gathers those of one place, and knows the points whose symbol is
 * not drawn). Series are named where they end. Colours, dashes and sizes of text are the page's style, so one drawing serves a light, a dark
 * and a printed page.
 */
import * as Elementary from "../../../data/elementary/mod.ts";
import { type Anchor, besideLabels, columnWidth, nearLabels, type PlacedLabel } from "./direct_labels.ts";
import { attribute, type Child, type Html, markup, raw, short } from "./html.ts";
import { className } from "./palette.ts";
import type { Scale } from "./scale.ts";

/** One point; `said` is its value in words, `place` where that is if x alone does not say it, `marked` whether its symbol is drawn. */
export interface ChartPoint {
  readonly x: number;
  readonly y: number;
  readonly low?: number;
  readonly high?: number;
  readonly said: string;
  readonly place?: string;
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
  /** Whether a place is one x, where all series are compared, or a point of its own. */
  readonly places: "columns" | "points";
  /** Points with a name that belong to no series alone: where all begin. */
  readonly notes?: ReadonlyArray<{ readonly name: string; readonly x: number; readonly y: number }>;
}

const size = { width: 480, height: 330, left: 58, right: 14, top: 12, bottom: 52 } as const;

/** A panel in a figure, whose lines are named where the figure has several. */
interface Drawn extends Panel {
  readonly isNamed: boolean;
}

/** Single points that are named where they are; the names of more would hide them. */
const mostNear = 4;

const isBeside = ({ places, lines }: Panel): boolean => places === "columns" || lines.length > mostNear;

/** The rectangle in which a panel draws; numbers and names beside it take their width from it. */
const plotOf = (panel: Drawn) => {
  const { lines, isNamed, y } = panel;
  const right = isNamed && isBeside(panel) ? columnWidth(lines.map(({ name }) => name)) : size.right;
  const left = Math.max(size.left, 34 + 8 * Math.max(...y.ticks.map((tick) => y.label(tick).length)));
  return {
    left,
    right: size.width - right,
    top: size.top,
    bottom: size.height - size.bottom,
    width: size.width - left - right,
    height: size.height - size.top - size.bottom,
  };
};

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

const xOf = (panel: Drawn, x: number): number => size.left + plotOf(panel).width * panel.x.at(x);
const yOf = (panel: Drawn, y: number): number => size.top + plotOf(panel).height * (1 - panel.y.at(y));

const axes = (panel: Drawn): Html => {
  const { left, right, top, bottom, width, height } = plotOf(panel);
  const kept = everyOther(panel.x.ticks, panel.x.label, width);
  return markup`<g class="axes" aria-hidden="true">${
    panel.y.ticks.map((tick) => {
      const y = short(yOf(panel, tick));
      return markup`<path class="grid" d="M${left} ${y}H${right}" /><text class="tick end" x="${
        left - 7
      }" y="${y}" dy=".35em">${panel.y.label(tick)}</text>`;
    })
  }${
    kept.map((tick) => {
      const x = short(xOf(panel, tick));
      return markup`<path class="mark" d="M${x} ${bottom}v5" /><text class="tick mid" x="${x}" y="${bottom + 20}">${
        panel.x.label(tick)
      }</text>`;
    })
  }<path class="axis" d="M${left} ${top}V${bottom}H${right}"/><text class="name mid" x="${left + width / 2}" y="${
    size.height - 8
  }">${panel.xTitle}</text><text class="name mid" transform="translate(15 ${
    top + height / 2
  })rotate(-90)">${panel.yTitle}</text></g>`;
};

/** As many ticks as have room for their labels, evenly. */
const everyOther = (
  ticks: ReadonlyArray<number>,
  label: (tick: number) => string,
  width: number,
): ReadonlyArray<number> => {
  const widest = Math.max(...ticks.map((tick) => label(tick).length)) * 9 + 12;
  const every = Math.max(1, Math.ceil(ticks.length * widest / width));
  return ticks.filter((_, i) => (ticks.length - 1 - i) % every === 0);
};

const bars = (panel: Drawn, line: ChartLine): Html => {
  const shift = panel.aside * (panel.lines.indexOf(line) - (panel.lines.length - 1) / 2);
  const parts = line.points.flatMap(({ x, low, high }) =>
    low === undefined || high === undefined
      ? []
      : [`M${short(xOf(panel, x) + shift)} ${short(yOf(panel, low))}V${short(yOf(panel, high))}`]
  );
  return parts.length === 0 ? raw("") : markup`<path class="bar" d="${parts.join("")}" />`;
};

const pathOf = (panel: Drawn, points: ReadonlyArray<ChartPoint>): string =>
  points.map(({ x, y }, i) => `${i === 0 ? "M" : "L"}${short(xOf(panel, x))} ${short(yOf(panel, y))}`).join("");

const placeOf = (panel: Drawn, { x, place }: ChartPoint): string => place ?? panel.xSaid(x);

const pointOf = (panel: Drawn, line: ChartLine, point: ChartPoint): Html =>
  markup`<g class="pt" transform="translate(${short(xOf(panel, point.x))} ${
    short(yOf(panel, point.y))
  })"><title>${`${line.name}, ${placeOf(panel, point)}: ${point.said}`}</title><circle class="area" r="8"/><path d="${
    symbolOf(line.shape)
  }"/></g>`;

/** Points without a symbol, for the script: `X Y PLACE: VALUE`, one after the other with a bar between. */
const unmarked = (panel: Drawn, points: ReadonlyArray<ChartPoint>): string =>
  points.filter(({ marked }) => !marked).map((point) =>
    `${short(xOf(panel, point.x))} ${short(yOf(panel, point.y))} ${placeOf(panel, point)}: ${point.said}`
  ).join("|");

const lineOf = (panel: Drawn, line: ChartLine): Html =>
  markup`<g class="series ${className(line.index)}" data-name="${line.name}"${
    attribute("data-points", unmarked(panel, line.points))
  }>${bars(panel, line)}${panel.joined ? markup`<path class="line" d="${pathOf(panel, line.points)}" />` : undefined}${
    line.points.filter(({ marked }) => marked).map((point) => pointOf(panel, line, point))
  }</g>`;

/** Points every few pixels of a line, so that a name does not stand on it. */
const along = (points: ReadonlyArray<{ readonly x: number; readonly y: number }>, joined: boolean) =>
  points.flatMap((point, i) => {
    const before = joined && i > 0 ? points[i - 1] : point;
    const [dx, dy] = [point.x - before.x, point.y - before.y];
    const pieces = Math.max(1, Math.ceil(Elementary.hypot(dx, dy) / 10));
    return Array.from({ length: pieces }, (_, piece) => ({
      x: point.x - dx * piece / pieces,
      y: point.y - dy * piece / pieces,
    }));
  });

const labelsOf = (panel: Drawn): ReadonlyArray<PlacedLabel> => {
  const placed = ({ x, y }: { readonly x: number; readonly y: number }) => ({ x: xOf(panel, x), y: yOf(panel, y) });
  const points = panel.lines.flatMap((line) => along(line.points.map(placed), panel.joined));
  const notes = (panel.notes ?? []).map(({ name, ...at }) => ({ index: -1, name, ...placed(at) }));
  const ends = panel.lines.flatMap(({ index, name, points }): ReadonlyArray<Anchor> =>
    points.length === 0 || !panel.isNamed ? [] : [{ index, name, ...placed(points[points.length - 1]) }]
  );
  return isBeside(panel)
    ? [...besideLabels(ends, plotOf(panel)), ...nearLabels(notes, points, plotOf(panel))]
    : nearLabels([...notes, ...ends], points, plotOf(panel));
};

/** A name, and the line from its series' end to it where it stands off. */
const labelOf = ({ index, name, x, y, at, isFar }: PlacedLabel): Html => {
  const towards = at.align === "start" ? -3 : at.align === "end" ? 3 : 0;
  const rule = markup`<path class="leader" d="M${short(x)} ${short(y)}L${short(at.x + towards)} ${short(at.y)}" />`;
  return markup`<g class="label ${className(index)}">${isFar ? rule : undefined}<text class="${at.align}" x="${
    short(at.x)
  }" y="${short(at.y)}" dy=".35em">${name}</text></g>`;
};

/** A panel with its title. */
const lineChart = (panel: Drawn): Html =>
  markup`<div class="panel"><h4>${panel.title}</h4>
<svg class="plot" viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${panel.said}" data-places="${panel.places}">${
    axes(panel)
  }<g aria-hidden="true">${labelsOf(panel).map(labelOf)}</g>${
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
    panels.map((panel) => lineChart({ ...panel, isNamed: lines.length > 1 }))
  }</div>
<figcaption>${caption}</figcaption>${more}</figure>
`;
