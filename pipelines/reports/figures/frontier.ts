/**
 * The frontier: Pass@k against Pass@1 along training, a line for each algorithm from the base on, a panel for each condition and k. Where two
 * lines lie on each other, one algorithm is a slower road to where the other goes; where one lies above, it reaches what the other does not.
 */
import { Result } from "effect";
import { FrontierRow } from "../../records/study_rows.ts";
import { panelChart, panelSize, panelTitle, seriesEncoding } from "./chart.ts";
import { chartReport } from "../report.ts";
import { namesOf, type Series, seriesOf } from "../series.ts";

const percent = (share: number): number => Number((100 * share).toPrecision(9));

const panel = (rows: ReadonlyArray<FrontierRow>, series: ReadonlyArray<Series>) => {
  const [{ condition, k, cells }] = rows;
  const { color, strokeDash, shape } = seriesEncoding(series);
  const nameOf = new Map(series.map(({ label, name }) => [label, name]));
  const lastStep = Math.max(...rows.map(({ step }) => step));
  const axis = (field: string, title: string) => ({
    field,
    type: "quantitative" as const,
    title,
    scale: { zero: false, nice: 6 },
    axis: { tickCount: 6, labelFlush: false },
  });
  const x = axis("passAt1", "Pass@1 (%)");
  const y = axis("passAtK", `Pass@${k} (%)`);
  return {
    ...panelSize,
    title: panelTitle(`${condition}, k = ${k}, ${cells} ${cells === 1 ? "cell" : "cells"}`),
    data: {
      values: rows.toSorted((a, b) => a.step - b.step).map((row) => ({
        series: nameOf.get(row.label),
        step: row.step,
        passAt1: percent(row.passAt1),
        passAtK: percent(row.passAtK),
        ...(row.step === lastStep ? { low: percent(row.low), high: percent(row.high) } : {}),
      })),
    },
    encoding: { color },
    layer: [
      {
        transform: [{ filter: "isValid(datum.low)" }],
        mark: { type: "rule" as const, opacity: 0.3, strokeWidth: 1.2 },
        encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" } },
      },
      {
        mark: { type: "line" as const, strokeWidth: 1.8 },
        encoding: { x, y, strokeDash, order: { field: "step", type: "quantitative" as const } },
      },
      { mark: { type: "point" as const, filled: true, size: 42, opacity: 1 }, encoding: { x, y, shape } },
    ],
  };
};

/** Pass@k against Pass@1 along training. */
export const frontier = chartReport({
  name: "frontier",
  summary: "Pass@k against Pass@1 along training, a line for each algorithm",
  row: FrontierRow,
  needs: ["passAt1", "passAtK", "k", "step", "label", "condition", "low", "high", "cells"],
  build: (rows) => {
    if (rows.length === 0) return Result.fail("there are no rows");
    const series = seriesOf(rows);
    const panels = [...Map.groupBy(rows, ({ condition, k }) => JSON.stringify([condition, k]))].map(([, members]) =>
      panel(members, series)
    );
    return Result.succeed(panelChart({
      name: "frontier",
      title: "Frontier: Pass@k against Pass@1 along training",
      subtitle: "Each line begins at the base; bars at its end: 95 % bootstrap interval over cells and problems",
      description: `Pass@k against Pass@1 in percent along training, one line for each of ${namesOf(series)}.`,
      series,
      panels,
    }));
  },
});
