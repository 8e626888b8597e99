/**
 * The colours of the series on a light and on a dark ground: the hues of the printed figures, each with at least three times the contrast of
 * its ground, which those of Okabe and Ito have on neither. Dash and shape tell the series apart without any colour.
 */
import type { Series } from "../series.ts";

interface Pair {
  readonly light: string;
  readonly dark: string;
}

const pairs: Readonly<Record<string, Pair>> = {
  "#000000": { light: "#16181d", dark: "#f1f3f6" },
  "#e69f00": { light: "#b06f00", dark: "#efb02e" },
  "#56b4e9": { light: "#2b8cc4", dark: "#8ed0f6" },
  "#d55e00": { light: "#cf4f00", dark: "#ff8540" },
  "#0072b2": { light: "#0b4fa0", dark: "#5f9df5" },
  "#009e73": { light: "#00805c", dark: "#25c596" },
  "#cc79a7": { light: "#b3518c", dark: "#e79ac6" },
  "#7f7f7f": { light: "#6b6f76", dark: "#a9aeb6" },
};

/** A series by its place in the page: how CSS and the marks name it; -1 is none. */
export const className = (index: number): string => index < 0 ? "none" : `s${index}`;

/**
 * The rules of the series: their colours, and that pointing at one in a key makes the others of its figure faint, which needs no script.
 */
export const seriesRules = (series: ReadonlyArray<Series>): string => {
  const colours = (ground: keyof Pair) =>
    series.map(({ style }, i) => `--${className(i)}:${(pairs[style.color] ?? pairs["#7f7f7f"])[ground]}`).join(";");
  const rules = series.map(({ style }, i) => {
    const name = className(i);
    const dash = style.dash[1] === 0 ? "none" : style.dash.join(" ");
    return `.${name}{--c:var(--${name})}.${name} .line{stroke-dasharray:${dash}}` +
      `.figure:has(.key .${name}:is(:hover,:focus-visible,[aria-pressed=true])) .plot .series:not(.${name}){opacity:.12}`;
  });
  return [
    `:root{${colours("light")}}`,
    `@media (prefers-color-scheme:dark){:root:not([data-theme=light]){${colours("dark")}}}`,
    `@media print{:root{${colours("light")}}}`,
    ...rules,
  ].join("\n");
};
