/** Charts as picture files. The renderer is loaded with the first one, because most commands draw nothing. */
import { Effect } from "effect";
import { extname } from "node:path";
import type { Chart } from "./chart.ts";
import type { ChartError } from "./render_chart.ts";

const renderer = Effect.promise(() => import("./render_chart.ts"));

const endingOf = (file: string): string => extname(file).toLowerCase();

/** Whether a file is named as a picture, in .svg or .png. */
export const isPicture = (file: string): boolean => [".svg", ".png"].includes(endingOf(file));

/** A chart as SVG. */
export const svgOf = (chart: Chart) => Effect.flatMap(renderer, ({ svg }) => svg(chart));

/** A chart as PNG. */
export const pngOf = (chart: Chart) => Effect.flatMap(renderer, ({ png }) => png(chart));

/** A chart in the format that a file's name asks for. */
export const pictureOf = (chart: Chart, file: string): Effect.Effect<string | Uint8Array, ChartError> =>
  endingOf(file) === ".png" ? pngOf(chart) : svgOf(chart);
