/**
 * A chart as a value: a Vega-Lite specification with its data inside, and in words what it shows. What every figure shares stands here:
 * white ground, thin grid, one legend below, and a series told by colour, dash and shape at once. `render_chart.ts` draws it.
 */
import type { TopLevelSpec } from "vega-lite";

/** A figure before it is drawn; `description` is the sentence for those who cannot see it. */
export interface Chart {
  readonly name: string;
  readonly description: string;
  readonly spec: TopLevelSpec;
}

/** The family that figures are set in, first the one that PNGs carry. */
export const fontFamily = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif";
