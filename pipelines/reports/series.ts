/**
 * The models of a report and their styles: the base first, then the algorithms in the order of their registry, then all other labels. An
 * algorithm has the same colour, dash and shape in every figure. The hues are those of Okabe and Ito, distinguishable under all common
 * kinds of colour blindness; dash and shape distinguish series without colour. `page.css` defines each hue per background.
 */
import { algorithms } from "../algorithms/mod.ts";

/** One model of a report; `name` is printed. */
export interface Series {
  readonly label: string;
  readonly name: string;
  readonly style: Style;
}

/** The style of a series; `color` is a variable of `page.css`, `dash` the lengths of strokes and gaps, `shape` a symbol of Vega. */
export interface Style {
  readonly color: string;
  readonly dash: ReadonlyArray<number>;
  readonly shape: string;
}

interface Labelled {
  readonly label?: string;
  readonly algorithm?: string;
}

const styles: ReadonlyArray<Style> = [
  { color: "hue-black", dash: [5, 3], shape: "circle" },
  { color: "hue-orange", dash: [2, 2], shape: "square" },
  { color: "hue-sky", dash: [9, 3], shape: "triangle-up" },
  { color: "hue-vermillion", dash: [9, 3, 2, 3], shape: "diamond" },
  { color: "hue-blue", dash: [1, 0], shape: "triangle-down" },
  { color: "hue-green", dash: [14, 3], shape: "cross" },
  { color: "hue-purple", dash: [9, 2, 2, 2, 2, 2], shape: "triangle-right" },
  { color: "hue-grey", dash: [1, 3], shape: "triangle-left" },
];

const known: ReadonlyArray<string> = ["base", ...Object.keys(algorithms)];

const rank = (algorithm: string | undefined): number => {
  const at = known.indexOf(algorithm ?? "");
  return at < 0 ? known.length : at;
};

/** The label of a row: its own, else its algorithm's, else `model`. */
export const labelOf = ({ label, algorithm }: Labelled): string => label ?? algorithm ?? "model";

/** The printed name of a label: `w-reinforce` is `W-REINFORCE`; a label that is not an algorithm stays as it is. */
export const seriesName = (label: string): string =>
  label === "base" ? "Base model" : known.includes(label) ? label.toUpperCase() : label;

/** The names of some series as a list in a sentence. */
export const namesOf = (series: ReadonlyArray<Series>): string => series.map(({ name }) => name).join(", ");

/** The name of a task in the paper's Table 1: `aime-2025` is AIME 2025. */
export const publishedName = (task: string): string => task.replaceAll(/[-_]/g, " ").toUpperCase();

/** The style of the `n`th series without one: first the unused styles, then new combinations of colour, dash and shape. */
const extraStyle = (free: ReadonlyArray<number>, n: number): Style => {
  if (n < free.length) return styles[free[n]];
  const round = Math.floor(n / styles.length);
  const [color, dash, shape] = [0, 3 + round, 5 + 2 * round].map((shift) => styles[(n + shift) % styles.length]);
  return { color: color.color, dash: dash.dash, shape: shape.shape };
};

/** The series that occur in the rows. */
export const seriesIn = (rows: ReadonlyArray<Labelled>, series: ReadonlyArray<Series>): ReadonlyArray<Series> => {
  const labels = new Set(rows.map(labelOf));
  return series.filter(({ label }) => labels.has(label));
};

/** The series of some rows, in order; unknown labels take the unused styles, then combinations. */
export const seriesOf = (rows: ReadonlyArray<Labelled>): ReadonlyArray<Series> => {
  const ranks = new Map<string, number>();
  for (const row of rows) if (!ranks.has(labelOf(row))) ranks.set(labelOf(row), rank(row.algorithm ?? row.label));
  const labels = [...ranks].sort(([, a], [, b]) => a - b).map(([label]) => label);
  const isKnown = (label: string) => known.indexOf(label) >= 0 && known.indexOf(label) < styles.length;
  const free = styles.map((_, i) => i).filter((i) => !labels.some((label) => isKnown(label) && known[i] === label));
  let taken = 0;
  return labels.map((label) => {
    const style = isKnown(label) ? styles[known.indexOf(label)] : extraStyle(free, taken++);
    return { label, name: seriesName(label), style };
  });
};
