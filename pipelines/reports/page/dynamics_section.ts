/**
 * Training on a page: Figure 4 of the paper, and further measures (entropy of the batches, gradient norms, the angle between the gradients
 * of the two signs), each against the step, with the tested steps as a table.
 */
import { Result } from "effect";
import {
  cosine,
  dynamicsPanels,
  figure4,
  isSmoothed,
  type Measure,
  measuredOf,
  measureText,
  testMeasures,
  updateMeasures,
} from "../figures/figure_4.ts";
import { dynamicsTable } from "../tables/dynamics_table.ts";
import type { DynamicsRow } from "../../records/rows.ts";
import { type Series, seriesIn } from "../series.ts";
import { columnsUnder, empty, type Table, textCell } from "../tables/table.ts";
import { type Html, markup } from "./html.ts";
import { htmlTable } from "./html_table.ts";
import { figure } from "./figure.ts";

/** The measures on the test split, one row per step and one column per series. */
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
    columns: columnsUnder("Step", columns.map(({ name }) => name)),
    blocks: [{
      rows: steps.map((step) => [
        textCell(String(step)),
        ...columns.map(({ at }) => {
          const value = at.get(step);
          return value === undefined ? empty : { text: measureText(value, measure), value };
        }),
      ]),
    }],
  }];
};

/** Facts about the rows for the text of the section. */
export interface DynamicsWords {
  /** The fewest and most cells per mean, in a study with recorded cells. */
  readonly cells?: readonly [fewest: number, most: number];
  /** The measures below Figure 4; by default those of the updates. */
  readonly measures?: ReadonlyArray<Measure>;
  /** Dynamics with one update per batch, which are fully on-policy. */
  readonly onPolicy?: ReadonlyArray<DynamicsRow>;
}

const meanOf = ([fewest, most]: readonly [number, number]): string =>
  ` Each line is the mean over ${fewest === most ? most : `${fewest} to ${most}`} ${most === 1 ? "cell" : "cells"}.`;

/** The section, or a fault of the rows; undefined if nothing was measured. */
export const dynamicsSection = (
  rows: ReadonlyArray<DynamicsRow>,
  all: ReadonlyArray<Series>,
  { cells, onPolicy = [], measures = updateMeasures }: DynamicsWords = {},
): Result.Result<Html, string> =>
  Result.map(dynamicsTable.build(rows), (tables) => {
    const series = seriesIn([...rows, ...onPolicy], all);
    const chart = Result.getOrUndefined(figure4.build(rows, series));
    const more = [
      ...dynamicsPanels(rows, series, measures),
      ...dynamicsPanels(onPolicy, series, [{ ...cosine, title: `${cosine.title}, one update a batch` }]),
    ];
    const said = [
      cells === undefined ? "" : meanOf(cells),
      isSmoothed(rows, series)
        ? " Lines over training batches are a centred mean of 5 steps, fewer at the ends; a point says its own step's value."
        : "",
    ].join("");
    const tested = testMeasures.flatMap((measure) => testedTable(rows, series, measure));
    return markup`${
      chart === undefined ? undefined : figure({
        id: "figure-4",
        chart,
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
        chart: { series, panels: more },
        caption:
          markup`<b>What the updates were made of</b>, beyond the paper. Gradients of correct and of incorrect responses are over one common denominator, so they add up; on-policy their expectations are one and the same vector (E[∇ log π] = 0), and without noise their cosine would be 1.${said}`,
      })
    }`;
  });
