/** Settings at several values: Pass@1 and Pass@64 against lambda, entropy coefficient, learning rate and updates per batch, with intervals. */
import { Result } from "effect";
import { SweepRow } from "../../records/study_rows.ts";
import type { Panel } from "./chart.ts";
import { chartReport } from "../report.ts";
import { namesOf, type Series, seriesIn, seriesOf } from "../series.ts";
import { named, percents } from "./axes.ts";
import { linePanel } from "./line_panel.ts";
import { pointOf, valuesOf } from "./shares.ts";

/** `lambda (0 is NSR, 1 is REINFORCE)` without the parenthesis. */
const shortName = (setting: string): string => setting.replace(/ \(.*\)$/, "");

/** The values of a setting, in the order of the rows. */
export const settingValues = (rows: ReadonlyArray<SweepRow>): ReadonlyArray<string> => [
  ...new Set(rows.map(({ value }) => value)),
];

const panelOf = (rows: ReadonlyArray<SweepRow>, series: ReadonlyArray<Series>): Panel => {
  const [{ setting, k }] = rows;
  const values = settingValues(rows);
  const lines = series.flatMap((series) => {
    const points = values.flatMap((value) => {
      const row = rows.find((one) => one.label === series.label && one.value === value);
      if (row === undefined) return [];
      const point = pointOf(row);
      const place = `${shortName(setting)} ${value}`;
      return [{ ...point, x: value, place, said: `${point.said}, ${row.cells} cells` }];
    });
    return points.length === 0 ? [] : [{ series, points }];
  });
  const said = lines.map(({ series, points }) =>
    `${series.name}: ${points.map(({ x, said }) => `${x} ${said}`).join(", ")}`
  );
  return linePanel({
    title: `Pass@${k}, ${shortName(setting)}`,
    description: `Pass@${k} in percent against ${setting}. ${said.join("; ")}.`,
    x: named(setting, values),
    y: percents(`Pass@${k} (%)`, valuesOf(lines)),
    lines,
    series,
  });
};

/** Pass@1 and Pass@64 against a setting, one row of panels each. */
export const sweeps = chartReport({
  name: "sweeps",
  summary: "Pass@k against a setting: lambda, entropy coefficient, learning rate, updates a batch",
  row: SweepRow,
  needs: ["setting", "value", "k", "passAtK", "low", "high", "label"],
  build: (rows, among = seriesOf(rows)) => {
    if (rows.length === 0) return Result.fail("there are no rows");
    const series = seriesIn(rows, among);
    return Result.succeed({
      name: "sweeps",
      title: "Settings at several values",
      subtitle: "Bars: 95 % bootstrap interval over cells and problems",
      description: `Pass@k in percent against the values of a setting, one line for each of ${namesOf(series)}.`,
      series,
      panels: [...Map.groupBy(rows, ({ setting, k }) => JSON.stringify([setting, k]))].map(([, members]) =>
        panelOf(members, series)
      ),
    });
  },
});
