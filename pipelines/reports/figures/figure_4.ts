/**
 * Figure 4 of the paper for another study, the training dynamics: (a) greedy accuracy on the test split, (b) the entropy of those greedy
 * responses, (c) correct rollouts in the batch and (d) prompts with all rollouts correct, each against the training step. Other measures of
 * the records are drawn alike.
 */
import { Result } from "effect";
import type { Panel } from "./chart.ts";
import { linear, steps } from "./axes.ts";
import { linePanel } from "./line_panel.ts";
import { chartReport } from "../report.ts";
import { DynamicsRow } from "../../records/rows.ts";
import { labelOf, namesOf, type Series, seriesOf } from "../series.ts";

/** A measure along training. */
export interface Measure {
  readonly title: string;
  readonly axis: string;
  /** The field of the number: `path` into a nested row, or `flat` in the rows of a study with recorded cells. */
  readonly path: ReadonlyArray<string>;
  readonly flat?: string;
  /** Measured at few steps: each value is drawn with a symbol, without smoothing. */
  readonly isSparse?: boolean;
  readonly scale: number;
  /** Digits after the point; without a value, three that count. */
  readonly digits?: number;
  readonly unit: string;
}

const share = { axis: "share (%)", scale: 100, digits: 1, unit: " %" } as const;
const plain = { scale: 1, digits: 3, unit: "" } as const;
const entropy = { ...plain, axis: "entropy (nats a token)" } as const;

/** The measures on the test split. */
export const testMeasures: ReadonlyArray<Measure> = [
  {
    ...share,
    title: "(a) greedy accuracy on the test split",
    axis: "accuracy (%)",
    path: ["testAccuracy"],
    isSparse: true,
  },
  { ...entropy, title: "(b) entropy on the test split", path: ["testEntropy"], isSparse: true },
];

const paperMeasures: ReadonlyArray<Measure> = [
  ...testMeasures,
  { ...share, title: "(c) correct rollouts in the batch", path: ["correctRatio"] },
  { ...share, title: "(d) fully solved prompts in the batch", path: ["fullySolvedRatio"] },
];

/** The angle between the gradients of the two signs. */
export const cosine: Measure = {
  ...plain,
  title: "Cosine of the two signs' gradients",
  axis: "cos(g+, g−)",
  path: ["cosine"],
};

const norm = (of: string, path: ReadonlyArray<string>, flat?: string): Measure => ({
  ...plain,
  title: `Gradient norm${of}`,
  axis: "norm",
  path,
  flat,
});

/** The recorded measures of updates that the paper does not show. */
export const updateMeasures: ReadonlyArray<Measure> = [
  { ...entropy, title: "Entropy of the batch", path: ["meanEntropy"] },
  norm(" before it is clipped", ["gradNorm"]),
  norm(", correct responses", ["positive", "gradNorm"], "positiveGradNorm"),
  norm(", incorrect responses", ["negative", "gradNorm"], "negativeGradNorm"),
  cosine,
  { ...share, title: "Clipped tokens", path: ["clipFraction"] },
];

/** The number of a measure in a row, which may have more fields than its record type. */
const numberAt = (row: object, { path, flat }: Measure): number | undefined => {
  const nested = path.reduce<unknown>(
    (value, name) => typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined,
    row,
  );
  const found = nested ?? (flat === undefined ? undefined : Reflect.get(row, flat));
  return typeof found === "number" && Number.isFinite(found) ? found : undefined;
};

/** The steps at which a model was measured, in order, with their values. */
export const measuredOf = (rows: ReadonlyArray<DynamicsRow>, label: string, measure: Measure) =>
  rows.filter((row) => labelOf(row) === label)
    .flatMap((row) => {
      const value = numberAt(row, measure);
      return value === undefined ? [] : [{ step: row.step, value }];
    })
    .sort((a, b) => a.step - b.step);

/** A number of a measure as text. */
export const measureText = (value: number, { scale, digits }: Measure): string =>
  digits === undefined ? String(Number((value * scale).toPrecision(3))) : (value * scale).toFixed(digits);

/** The number of steps on each side that are averaged with a step, if there are more than 20. */
const reachOf = (count: number, { isSparse }: Measure): number => count > 20 && isSparse !== true ? 2 : 0;

const pointsOf = (rows: ReadonlyArray<DynamicsRow>, label: string, measure: Measure) => {
  const measured = measuredOf(rows, label, measure);
  const every = measure.isSparse ? 1 : Math.ceil(measured.length / 6);
  return measured.map(({ step, value }, i) => {
    const reach = Math.min(reachOf(measured.length, measure), i, measured.length - 1 - i);
    const near = measured.slice(i - reach, i + reach + 1);
    const mean = near.reduce((sum, one) => sum + one.value, 0) / near.length;
    return {
      x: step,
      y: Number((mean * measure.scale).toPrecision(9)),
      place: `step ${step}`,
      said: `${measureText(value, measure)}${measure.unit}`,
      isMarked: i % every === Math.floor(every / 2),
    };
  });
};

const panelOf = (
  rows: ReadonlyArray<DynamicsRow>,
  series: ReadonlyArray<Series>,
  measure: Measure,
): ReadonlyArray<Panel> => {
  const { title, axis } = measure;
  const lines = series.map((series) => ({ series, points: pointsOf(rows, series.label, measure) }))
    .filter(({ points }) => points.length > 0);
  if (lines.length === 0) return [];
  const ends = lines.map(({ series, points }) =>
    `${series.name} from ${points[0].said} to ${points[points.length - 1].said}`
  );
  return [linePanel({
    title,
    description: `${title}, ${axis}, against the training step: ${ends.join("; ")}.`,
    x: steps(rows.map(({ step }) => step)),
    y: linear(axis, lines.flatMap(({ points }) => points.map(({ y }) => y))),
    lines,
    series,
  })];
};

/** Whether the lines are centred means rather than single values. */
export const isSmoothed = (
  rows: ReadonlyArray<DynamicsRow>,
  series: ReadonlyArray<Series>,
  measures: ReadonlyArray<Measure> = paperMeasures,
): boolean =>
  series.some(({ label }) => measures.some((measure) => reachOf(measuredOf(rows, label, measure).length, measure) > 0));

/** One panel for each measure that has values. */
export const dynamicsPanels = (
  rows: ReadonlyArray<DynamicsRow>,
  series: ReadonlyArray<Series>,
  measures: ReadonlyArray<Measure>,
): ReadonlyArray<Panel> => measures.flatMap((measure) => panelOf(rows, series, measure));

/** Training dynamics of a study or of one run. */
export const figure4 = chartReport({
  name: "figure-4",
  summary: "Training dynamics: accuracy, entropy, correct and fully solved ratio against the step",
  row: DynamicsRow,
  needs: ["step"],
  build: (rows, series = seriesOf(rows)) => {
    const panels = dynamicsPanels(rows, series, paperMeasures);
    return panels.length === 0
      ? Result.fail(`no row has ${paperMeasures.map(({ path }) => `"${path[0]}"`).join(" or ")}`)
      : Result.succeed({
        name: "figure-4",
        title: "Training dynamics",
        subtitle: isSmoothed(rows, series) ? "(c) and (d): centred mean over 5 steps, fewer at the ends" : undefined,
        description:
          "Accuracy and entropy on the test split, and correct and fully solved ratio of the training batches, against " +
          `the training step, one line for each of ${namesOf(series)}.`,
        series,
        panels,
      });
  },
});
