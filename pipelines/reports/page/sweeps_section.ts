/** Settings at several values on a page: Pass@k against lambda, entropy coefficient, learning rate and updates a batch, as panels and as a table. */
import type { Series } from "../series.ts";
import type { SweepRow } from "../../records/study_rows.ts";
import { percentCell, type Table, textCell } from "../tables/table.ts";
import { type Html, markup } from "./html.ts";
import { htmlTable } from "./html_table.ts";
import { type ChartLine, figure, type Panel } from "./line_chart.ts";
import { named, percents } from "./scale.ts";

const percent = (share: number): string => (100 * share).toFixed(1);

/** `lambda (0 is NSR, 1 is REINFORCE)` without what is in brackets. */
const shortName = (setting: string): string => setting.replace(/ \(.*\)$/, "");

const valuesOf = (rows: ReadonlyArray<SweepRow>): ReadonlyArray<string> => [
  ...new Set(rows.map(({ value }) => value)),
];

const panelOf = (rows: ReadonlyArray<SweepRow>, series: ReadonlyArray<Series>): Panel => {
  const [{ setting, k }] = rows;
  const values = valuesOf(rows);
  const lines = series.flatMap(({ label, name, style }, index): ReadonlyArray<ChartLine> => {
    const points = rows.filter((row) => row.label === label).map((row) => ({
      x: values.indexOf(row.value),
      y: 100 * row.passAtK,
      low: 100 * row.low,
      high: 100 * row.high,
      said: `${percent(row.passAtK)} % (${percent(row.low)}–${percent(row.high)}), ${row.cells} cells`,
      marked: true,
    })).sort((a, b) => a.x - b.x);
    return points.length === 0 ? [] : [{ index, name, shape: style.shape, points }];
  });
  const title = `Pass@${k}, ${shortName(setting)}`;
  const said = lines.map(({ name, points }) =>
    `${name}: ${points.map(({ x, said }) => `${values[x]} ${said}`).join(", ")}`
  );
  return {
    title,
    said: `Pass@${k} in percent against ${setting}. ${said.join("; ")}.`,
    xTitle: setting,
    yTitle: `Pass@${k} (%)`,
    xSaid: (place) => `${shortName(setting)} ${values[place]}`,
    x: named(values),
    y: percents(rows.flatMap(({ passAtK, low, high }) => [passAtK, low, high].map((share) => 100 * share))),
    lines,
    aside: 4,
    joined: true,
    places: "columns",
  };
};

/** The points of some sweeps, a block a setting. */
export const sweepsTable = (rows: ReadonlyArray<SweepRow>, series: ReadonlyArray<Series>): Table => {
  const ks = [...new Set(rows.map(({ k }) => k))].sort((a, b) => a - b);
  return {
    notes: ["Each number is the mean over the cells that the whole line has, with its 95 % bootstrap interval."],
    columns: [
      { name: "Algorithm, value", align: "left" },
      ...ks.map((k) => ({ name: `Pass@${k}`, align: "right" as const })),
      { name: "cells", align: "right" },
    ],
    blocks: [...Map.groupBy(rows, ({ setting }) => setting)].map(([setting, members]) => ({
      label: setting,
      rows: series.flatMap(({ label, name }) => {
        const own = members.filter((row) => row.label === label);
        return valuesOf(own).map((value) => {
          const at = own.filter((row) => row.value === value);
          return [
            textCell(`${name}, ${value}`),
            ...ks.map((k) => {
              const row = at.find((one) => one.k === k);
              return row === undefined ? textCell("–") : percentCell(row.passAtK, row.low, row.high);
            }),
            { text: String(at[0].cells), value: at[0].cells },
          ];
        });
      }),
    })),
  };
};

/** The section; empty where no setting was tried at several values. */
export const sweepsSection = (all: ReadonlyArray<SweepRow>, series: ReadonlyArray<Series>): Html | undefined => {
  const rows = all.filter(({ setting }) => valuesOf(all.filter((row) => row.setting === setting)).length > 1);
  if (rows.length === 0) return undefined;
  const panels = [...Map.groupBy(rows, ({ setting, k }) => JSON.stringify([setting, k]))].map(([, members]) =>
    panelOf(members, series)
  );
  const lines = series.map(({ name, style }, index) => ({ index, name, shape: style.shape }))
    .filter(({ index }) => panels.some((panel) => panel.lines.some((line) => line.index === index)));
  return figure({
    id: "sweeps-figure",
    lines,
    panels,
    caption:
      markup`<b>One setting at several values</b>, all others the same. Bars: 95 % bootstrap interval over cells and problems.`,
    more: markup`<details><summary>The numbers as a table</summary>${
      htmlTable(sweepsTable(rows, series), { caption: "Settings at several values, Pass@k in percent" })
    }</details>
`,
  });
};
