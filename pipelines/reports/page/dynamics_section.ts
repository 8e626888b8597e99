/**
 * Training on a page: Figure 4 of the paper, and what the records say beside it (entropy of the batches, gradient norms, the angle between the
 * gradients of the two signs), each against the step, with the tested steps as a table.
 */
import { Result } from "effect";
import { dynamicsTable } from "../tables/dynamics_table.ts";
import type { DynamicsRow } from "../../records/rows.ts";
import { labelOf, type Series } from "../series.ts";
import { empty, type Table, textCell } from "../tables/table.ts";
import { type Html, markup } from "./html.ts";
import { htmlTable } from "./html_table.ts";
import { type ChartLine, figure, type Panel } from "./line_chart.ts";
import { linear } from "./scale.ts";

interface Measure {
  readonly title: string;
  readonly axis: string;
  /** Where the number stands in a row: inside of it, or flat, as a study of cells keeps it. */
  readonly path: ReadonlyArray<string>;
  readonly flat?: string;
  readonly scale: number;
  readonly digits: number;
  readonly unit: string;
}

const share = { axis: "share (%)", scale: 100, digits: 1, unit: " %" } as const;
const plain = { scale: 1, digits: 3, unit: "" } as const;

const paperMeasures: ReadonlyArray<Measure> = [
  { ...share, title: "(a) greedy accuracy on the test split", axis: "accuracy (%)", path: ["testAccuracy"] },
  { ...plain, title: "(b) entropy on the test split", axis: "entropy (nats a token)", path: ["testEntropy"] },
  { ...share, title: "(c) correct rollouts in the batch", path: ["correctRatio"] },
  { ...share, title: "(d) fully solved prompts in the batch", path: ["fullySolvedRatio"] },
];

const moreMeasures: ReadonlyArray<Measure> = [
  { ...plain, title: "Entropy of the batch", axis: "entropy (nats a token)", path: ["meanEntropy"] },
  { ...plain, title: "Gradient norm before it is clipped", axis: "norm", path: ["gradNorm"] },
  {
    ...plain,
    title: "Gradient norm, correct responses",
    axis: "norm",
    path: ["positive", "gradNorm"],
    flat: "positiveGradNorm",
  },
  {
    ...plain,
    title: "Gradient norm, incorrect responses",
    axis: "norm",
    path: ["negative", "gradNorm"],
    flat: "negativeGradNorm",
  },
  { ...plain, title: "Cosine of the two signs' gradients", axis: "cos(g+, g−)", path: ["cosine"] },
  { ...share, title: "Clipped tokens", path: ["clipFraction"] },
];

/** A number inside of a row, which may have more fields than its noun names. */
const numberAt = (row: object, { path, flat }: Measure): number | undefined => {
  const nested = path.reduce<unknown>(
    (value, name) => typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined,
    row,
  );
  const found = nested ?? (flat === undefined ? undefined : Reflect.get(row, flat));
  return typeof found === "number" && Number.isFinite(found) ? found : undefined;
};

interface Measured {
  readonly step: number;
  readonly value: number;
}

const measuredOf = (rows: ReadonlyArray<DynamicsRow>, label: string, measure: Measure): ReadonlyArray<Measured> =>
  rows.filter((row) => labelOf(row) === label)
    .flatMap((row) => {
      const value = numberAt(row, measure);
      return value === undefined ? [] : [{ step: row.step, value }];
    })
    .sort((a, b) => a.step - b.step);

/** Steps to both sides that are averaged with each: two, fewer at the ends, where there are more than 20. */
const reachOf = (i: number, count: number): number => count > 20 ? Math.min(2, i, count - 1 - i) : 0;

const panelOf = (
  rows: ReadonlyArray<DynamicsRow>,
  series: ReadonlyArray<Series>,
  measure: Measure,
): ReadonlyArray<Panel> => {
  const { title, axis, scale, digits, unit } = measure;
  const lines = series.flatMap(({ label, name, style }, index): ReadonlyArray<ChartLine> => {
    const measured = measuredOf(rows, label, measure);
    const every = Math.max(1, Math.ceil(measured.length / 7));
    const points = measured.map(({ step, value }, i) => {
      const reach = reachOf(i, measured.length);
      const near = measured.slice(i - reach, i + reach + 1);
      const mean = near.reduce((sum, one) => sum + one.value, 0) / near.length;
      return {
        x: step,
        y: mean * scale,
        said: `${(value * scale).toFixed(digits)}${unit}`,
        marked: i % every === Math.floor(every / 2),
      };
    });
    return points.length === 0 ? [] : [{ index, name, shape: style.shape, points }];
  });
  if (lines.length === 0) return [];
  const points = lines.flatMap((line) => line.points);
  const ends = lines.map(({ name, points }) => `${name} from ${points[0].said} to ${points[points.length - 1].said}`);
  return [{
    title,
    said: `${title}, ${axis}, against the training step: ${ends.join("; ")}.`,
    xTitle: "step",
    yTitle: axis,
    xSaid: (step) => `step ${step}`,
    x: linear(rows.map(({ step }) => step), { whole: true, tight: true, most: 8 }),
    y: linear(points.map(({ y }) => y)),
    lines,
    aside: 0,
    joined: true,
    places: "columns",
  }];
};

/** What was measured on the test split, a row a step and a column a series. */
const testedTable = (
  rows: ReadonlyArray<DynamicsRow>,
  series: ReadonlyArray<Series>,
  measure: Measure,
): ReadonlyArray<Table> => {
  const present = series.filter(({ label }) => measuredOf(rows, label, measure).length > 0);
  const columns = present.map(({ label, name }) => ({
    name,
    at: new Map(measuredOf(rows, label, measure).map(({ step, value }) => [step, value])),
  }));
  const steps = [...new Set(columns.flatMap(({ at }) => [...at.keys()]))].sort((a, b) => a - b);
  if (steps.length === 0) return [];
  return [{
    title: `${measure.title}, ${measure.axis}`,
    notes: [],
    columns: [
      { name: "Step", align: "left" },
      ...columns.map(({ name }) => ({ name, align: "right" as const })),
    ],
    blocks: [{
      rows: steps.map((step) => [
        textCell(String(step)),
        ...columns.map(({ at }) => {
          const value = at.get(step);
          return value === undefined ? empty : { text: (value * measure.scale).toFixed(measure.digits), value };
        }),
      ]),
    }],
  }];
};

/** What is said of the rows beside their numbers. */
export interface DynamicsWords {
  /** Fewest and most cells that a line is the mean of, in a study of cells. */
  readonly cells?: readonly [fewest: number, most: number];
  /** Dynamics with one update a batch, where nothing is off-policy. */
  readonly onPolicy?: ReadonlyArray<DynamicsRow>;
}

const meanOf = ([fewest, most]: readonly [number, number]): string =>
  ` Each line is the mean over ${fewest === most ? most : `${fewest} to ${most}`} ${most === 1 ? "cell" : "cells"}.`;

/** The section, or what is wrong with the rows; it is empty where nothing was measured. */
export const dynamicsSection = (
  rows: ReadonlyArray<DynamicsRow>,
  series: ReadonlyArray<Series>,
  { cells, onPolicy = [] }: DynamicsWords = {},
): Result.Result<Html, string> =>
  Result.map(dynamicsTable.build(rows), (tables) => {
    const panels = paperMeasures.flatMap((measure) => panelOf(rows, series, measure));
    const cosine = moreMeasures.filter(({ path }) => path[0] === "cosine")
      .map((measure) => ({ ...measure, title: `${measure.title}, one update a batch` }));
    const more = [
      ...moreMeasures.flatMap((measure) => panelOf(rows, series, measure)),
      ...cosine.flatMap((measure) => panelOf(onPolicy, series, measure)),
    ];
    const isSmoothed = [...Map.groupBy(rows, labelOf).values()].some(({ length }) => length > 21);
    const lines = series.map(({ name, style }, index) => ({ index, name, shape: style.shape }))
      .filter(({ index }) => [...panels, ...more].some((panel) => panel.lines.some((line) => line.index === index)));
    const said = [
      cells === undefined ? "" : meanOf(cells),
      isSmoothed
        ? " Lines over training batches are a centred mean of 5 steps, fewer at the ends; a point says its own step's value."
        : "",
    ].join("");
    const tested = paperMeasures.slice(0, 2).flatMap((measure) => testedTable(rows, series, measure));
    return markup`${
      panels.length === 0 ? undefined : figure({
        id: "figure-4",
        lines,
        panels,
        caption: markup`<b>Training dynamics</b>, as Figure 4 of the paper.${said}`,
        more: tested.length === 0
          ? undefined
          : markup`<details><summary>The tested steps as tables</summary>${
            tested.map((table) => htmlTable(table, { caption: table.title ?? "" }))
          }</details>
`,
      })
    }${
      tables.map((table) => htmlTable({ ...table, title: undefined }, { caption: table.title ?? "Training dynamics" }))
    }${
      more.length === 0 ? undefined : figure({
        id: "training",
        lines,
        panels: more,
        caption:
          markup`<b>What the updates were made of</b>, beyond the paper. Gradients of correct and of incorrect responses are over one common denominator, so they add up; on-policy their expectations are one and the same vector (E[∇ log π] = 0), and without noise their cosine would be 1.${said}`,
      })
    }`;
  });
