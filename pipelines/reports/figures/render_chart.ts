/**
 * Renders charts with the same bytes on every machine: SVG by Vega without a browser, and PNG of that SVG by resvg with the font in this
 * folder (Latin, Greek and mathematical symbols), since a bare machine has no fonts. A label in other scripts needs the SVG. Tooltips are
 * `title` elements, which every browser shows. A page takes each panel separately, in its own colours.
 */
import * as Schema from "@effect/schema";
import { Effect } from "effect";
import { fileURLToPath } from "node:url";
import * as vega from "vega";
import { compile, type TopLevelSpec } from "vega-lite";
import { visible } from "../../files/plain_text.ts";
import { reasonOf } from "../../files/text_file.ts";
import style from "../page/page.css" with { type: "text" };
import { type Chart, wholeSpec } from "./chart.ts";

/** A chart that cannot be drawn. */
export class ChartError extends Schema.TaggedError<ChartError>()("ChartError", { message: Schema.String }) {}

const font = fileURLToPath(new URL("./fonts/dejavu_sans.ttf", import.meta.url));

interface TextItem {
  readonly fontSize?: number;
  readonly text?: unknown;
}

// Vega measures text with a canvas if there is one, else assumes 0.8 em per letter. A fixed 0.6 em, near DejaVu's width, keeps the layout
// tight and the bytes equal. Vega's types lack this hook and the size of a view.
const { textMetrics, SVGStringRenderer } = vega as unknown as {
  readonly textMetrics: { width: (item: TextItem, text?: unknown) => number };
  readonly SVGStringRenderer: new () => {
    readonly initialize: (element: null, width: number, height: number, origin: ReadonlyArray<number>) => Renderer;
  };
};
textMetrics.width = (item, text) => 0.6 * (item.fontSize ?? 11) * String(text ?? item.text ?? "").length;

interface Renderer {
  readonly background: (color: string) => Renderer;
  readonly render: (scene: unknown) => Renderer;
  readonly svg: () => string;
}

interface Drawable {
  readonly _viewWidth: number;
  readonly _viewHeight: number;
  readonly _origin: readonly [number, number];
  readonly _scenegraph: { readonly root: unknown };
}

/** Replaces characters that XML does not allow even as codes (noncharacters); half a surrogate pair becomes U+FFFD. */
const wellFormed = (text: string): string => visible(text.toWellFormed()).replaceAll(/[\ufffe\uffff]/g, "\ufffd");

/** Turns the ARIA label of an invisible mark into a `title`. */
const titled = (svg: string): string =>
  svg.replaceAll(
    /<(path|line) aria-label="([^"]*)" role="[^"]*" aria-roledescription="[^"]*"([^>]*)\/>/g,
    (_, tag, said, more) => `<${tag}${more}><title>${said}</title></${tag}>`,
  );

/** Removes parts that draw nothing and digits beyond visible precision. */
const slim = (svg: string): string =>
  svg.replaceAll(
    /<path class="(?:background" aria-hidden="true" d="[^"]*"(?: pointer-events="none")?|foreground"[^>]*display="none")\/>| (?:stroke-width|opacity)="1"(?=[^<]*>)/g,
    "",
  )
    .replaceAll(
      /<[^>]*>/g,
      (tag) => tag.replaceAll(/\d+\.\d{3,}/g, (digits) => String(Number(Number(digits).toFixed(2)))),
    );

const failure = (chart: Chart) => (cause: unknown) =>
  new ChartError({ message: `Cannot draw "${chart.name}": ${reasonOf(cause)}` });

/** The last drawn specifications: a study needs each as SVG and PNG, a page the same key in every figure. */
const known = new Map<string, string>();
const mostKnown = 100;

/** The SVG of a specification, with variables as colours. */
const drawn = (spec: TopLevelSpec): string => {
  const name = JSON.stringify(spec);
  const found = known.get(name);
  if (found !== undefined) return found;
  if (known.size >= mostKnown) known.clear();
  const made = draw(spec);
  known.set(name, made);
  return made;
};

const draw = (spec: TopLevelSpec): string => {
  // Names inside an SVG continue from the previous one unless they are reset.
  vega.resetSVGDefIds();
  const view = new vega.View(vega.parse(compile(spec).spec), { renderer: "none", logLevel: vega.None }).run();
  const { _viewWidth, _viewHeight, _origin, _scenegraph } = view as unknown as Drawable;
  const { left, right, top, bottom } = view.padding() as Record<"left" | "right" | "top" | "bottom", number>;
  return slim(titled(wellFormed(
    new SVGStringRenderer()
      .initialize(null, _viewWidth + left + right, _viewHeight + top + bottom, [left + _origin[0], top + _origin[1]])
      .background(view.background()).render(_scenegraph.root).svg(),
  )));
};

/** The light-mode colours of the page, by variable. */
const colors = new Map(
  [...style.slice(0, style.indexOf("}")).matchAll(/(--[\w-]+): (#\w+);/g)].map(([, name, color]) => [name, color]),
);

/** A chart as well-formed SVG text, whatever its labels contain. */
export const svg = (chart: Chart): Effect.Effect<string, ChartError> =>
  Effect.try({
    try: () => drawn(wholeSpec(chart)).replaceAll(/="var\((--[\w-]+)\)"/g, (_, name) => `="${colors.get(name)}"`),
    catch: failure(chart),
  });

const pngOptions = {
  fitTo: { mode: "zoom" as const, value: 2 },
  font: { loadSystemFonts: false, fontFiles: [font], defaultFontFamily: "DejaVu Sans" },
};

/** A chart as PNG bytes, at two pixels per pixel of the SVG. */
export const png = (chart: Chart): Effect.Effect<Uint8Array, ChartError> =>
  Effect.flatMap(svg(chart), (text) =>
    Effect.tryPromise({
      // The package reads the number of processors when it loads, which a filter of records has no permission for.
      try: () => import("@resvg/resvg-js").then(({ Resvg }) => new Resvg(text, pngOptions).render().asPng()),
      catch: failure(chart),
    }));

/** An SVG for a page: without size and font, and without labels of its parts for screen readers. */
const inPage = (text: string) => {
  const [, width, height, content] = /^<svg [^>]*viewBox="0 0 (\d+) (\d+)">(.*)<\/svg>$/s.exec(text) ??
    ["", "0", "0", ""];
  return {
    width: Number(width),
    height: Number(height),
    content: content.replaceAll(/ (?:aria-[a-z]+|role|font-family|pointer-events)="[^"]*"(?=[^<]*>)/g, ""),
  };
};

/** A panel or another plot for a page: its size and content, in the page's colours. */
export const pageSvg = (spec: TopLevelSpec) => inPage(drawn(spec));
