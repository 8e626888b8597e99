/** Settings at several values on a page: Pass@k against lambda, entropy coefficient, learning rate and updates per batch. */
import { Result } from "effect";
import type { Series } from "../series.ts";
import type { SweepRow } from "../../records/study_rows.ts";
import { settingValues, sweeps } from "../figures/sweeps.ts";
import { columnsUnder, percentCell, type Table, textCell } from "../tables/table.ts";
import { type Html, markup } from "./html.ts";
import { htmlTable } from "./html_table.ts";
import { figure } from "./figure.ts";

/** The points of some sweeps, one block per setting. */
export const sweepsTable = (rows: ReadonlyArray<SweepRow>, series: ReadonlyArray<Series>): Table => {
  const ks = [...new Set(rows.map(({ k }) => k))].sort((a, b) => a - b);
  return {
    notes: ["Each number is the mean over the cells that the whole line has, with its 95 % bootstrap interval."],
    columns: columnsUnder("Algorithm, value", [...ks.map((k) => `Pass@${k}`), "cells"]),
    blocks: [...Map.groupBy(rows, ({ setting }) => setting)].map(([setting, members]) => ({
      label: setting,
      rows: series.flatMap(({ label, name }) => {
        const own = members.filter((row) => row.label === label);
        return settingValues(own).map((value) => {
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

/** The section; undefined if no setting has several values. */
export const sweepsSection = (all: ReadonlyArray<SweepRow>, series: ReadonlyArray<Series>): Html | undefined => {
  const rows = all.filter(({ setting }) => settingValues(all.filter((row) => row.setting === setting)).length > 1);
  if (rows.length === 0) return undefined;
  return Result.getOrUndefined(Result.map(sweeps.build(rows, series), (chart) =>
    figure({
      id: "sweeps-figure",
      chart,
      caption:
        markup`<b>One setting at several values</b>, all others the same. Bars: 95 % bootstrap interval over cells and problems.`,
      more: markup`<details><summary>The numbers as a table</summary>${
        htmlTable(sweepsTable(rows, series), { caption: "Settings at several values, Pass@k in percent" })
      }</details>
`,
    })));
};
