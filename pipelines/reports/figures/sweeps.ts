/** Settings at several values: Pass@1 and Pass@64 against lambda, entropy coefficient, learning rate and updates a batch, with intervals. */
import { Result } from "effect";
import { SweepRow } from "../../records/study_rows.ts";
import { panelChart, panelSize, panelTitle, seriesEncoding } from "./chart.ts";
import { chartReport } from "../report.ts";
import { namesOf, type Series, seriesOf } from "../series.ts";

const percent = (share: number): number => Number((100 * share).toPrecision(9));

const panel = (rows: ReadonlyArray<SweepRow>, series: ReadonlyArray<Series>) => {
  const [{ setting, k }] = rows;
  const { color, strokeDash, shape } = seriesEncoding(series);
  const nameOf = new Map(series.map(({ label, name }) => [label, name]));
  const values = [...new Set(rows.map(({ value }) => value))];
  const x = {
    field: "value",
    type: "ordinal" as const,
    title: setting,
    scale: { domain: values, padding: 0.5, type: "point" as const },
    axis: { labelAngle: 0 },
  };
  const y = {
    field: "passAtK",
    type: "quantitative" as const,
    title: `Pass@${k} (%)`,
    scale: { zero: false, nice: 6 },
    axis: { tickCount: 6 },
  };
  return {
    ...panelSize,
    title: panelTitle(`Pass@${k}`),
    data: {
      values: rows.map((row) => ({
        series: nameOf.get(row.label),
        value: row.value,
        place: values.indexOf(row.value),
        passAtK: percent(row.passAtK),
        low: percent(row.low),
        high: percent(row.high),
      })),
    },
    encoding: { color },
    layer: [
      {
        mark: { type: "rule" as const, opacity: 0.3, strokeWidth: 1.2 },
        encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" } },
      },
      {
        mark: { type: "line" as const, strokeWidth: 1.8 },
        encoding: { x, y, strokeDash, order: { field: "place", type: "quantitative" as const } },
      },
      { mark: { type: "point" as const, filled: true, size: 42, opacity: 1 }, encoding: { x, y, shape } },
    ],
  };
};

/** Pass@1 and Pass@64 against a setting, a row of panels for each. */
export const sweeps = chartReport({
  name: "sweeps",
  summary: "Pass@k against a setting: lambda, entropy coefficient, learning rate, updates a batch",
  row: SweepRow,
  needs: ["setting", "value", "k", "passAtK", "low", "high", "label"],
  build: (rows) => {
    if (rows.length === 0) return Result.fail("there are no rows");
    const series = seriesOf(rows);
    const panels = [...Map.groupBy(rows, ({ setting, k }) => JSON.stringify([setting, k]))].map(([, members]) =>
      panel(members, series)
    );
    return Result.succeed(panelChart({
      name: "sweeps",
      title: "Settings at several values",
      subtitle: "Bars: 95 % bootstrap interval over cells and problems",
      description: `Pass@k in percent against the values of a setting, one line for each of ${namesOf(series)}.`,
      series,
      panels,
    }));
  },
});
