/**
 * Charts as pictures, the same bytes on every machine: SVG by Vega without a browser, and PNG of that SVG by resvg with the font that stands
 * beside this file (Latin, Greek and the signs of formulas), since a bare machine has none. A label in other letters needs the SVG.
 */
import * as Schema from "@effect/schema";
import { Effect } from "effect";
import { fileURLToPath } from "node:url";
import * as vega from "vega";
import { compile } from "vega-lite";
import { visible } from "../../files/plain_text.ts";
import { reasonOf } from "../../files/text_file.ts";
import type { Chart } from "./chart.ts";

/** A chart that cannot be drawn. */
export class ChartError extends Schema.TaggedError<ChartError>()("ChartError", { message: Schema.String }) {}

const font = fileURLToPath(new URL("./fonts/dejavu_sans.ttf", import.meta.url));

// Vega measures text with a canvas where there is one and else takes 0.8 em a letter. The same measure everywhere, near DejaVu's 0.6 em,
// keeps the layout tight and the bytes equal. The hook is Vega's own, but its types lack it.
const { textMetrics } = vega as unknown as {
  readonly textMetrics: { width: (item: TextItem, text?: unknown) => number };
};
textMetrics.width = (item, text) => 0.6 * (item.fontSize ?? 11) * String(text ?? item.text ?? "").length;

interface TextItem {
  readonly fontSize?: number;
  readonly text?: unknown;
}

const failure = (chart: Chart) => (cause: unknown) =>
  new ChartError({ message: `Cannot draw "${chart.name}": ${reasonOf(cause)}` });

/** What XML does not allow in a text even as a code: noncharacters; half a surrogate pair becomes U+FFFD. */
const wellFormed = (text: string): string => visible(text.toWellFormed()).replaceAll(/[\ufffe\uffff]/g, "\ufffd");

/** A chart as SVG text, well-formed whatever its labels hold. */
export const svg = (chart: Chart): Effect.Effect<string, ChartError> =>
  Effect.tryPromise({
    try: () => {
      // Names inside of an SVG count on from picture to picture unless they start anew.
      vega.resetSVGDefIds();
      const view = new vega.View(vega.parse(compile(chart.spec).spec), { renderer: "none", logLevel: vega.None });
      return view.toSVG().then(wellFormed);
    },
    catch: failure(chart),
  });

const pngOptions = {
  fitTo: { mode: "zoom" as const, value: 2 },
  font: { loadSystemFonts: false, fontFiles: [font], defaultFontFamily: "DejaVu Sans" },
};

/** A chart as PNG bytes, two pixels for each of the SVG's. */
export const png = (chart: Chart): Effect.Effect<Uint8Array, ChartError> =>
  Effect.flatMap(svg(chart), (text) =>
    Effect.tryPromise({
      // The package asks for the machine's processors as it loads, which a filter of records may not.
      try: () => import("@resvg/resvg-js").then(({ Resvg }) => new Resvg(text, pngOptions).render().asPng()),
      catch: failure(chart),
    }));
