/**
 * The frontier: Pass@k against Pass@1 along training, one line per algorithm from the base on, one panel per condition and k; an algorithm
 * that was evaluated at the end alone is a point. If two lines coincide, one algorithm is a slower way along the same frontier; if one is
 * above, it reaches what the other does not.
 */
import { Result } from "effect";
import { FrontierRow } from "../../records/study_rows.ts";
import type { Panel } from "./chart.ts";
import { chartReport } from "../report.ts";
import { namesOf, type Series, seriesIn, seriesOf } from "../series.ts";
import { linear, percents } from "./axes.ts";
import { linePanel } from "./line_panel.ts";
import { percent, pointOf, valuesOf } from "./shares.ts";

/** The rows of a panel. */
export interface FrontierGroup {
  readonly name: string;
  readonly k: number;
  readonly rows: ReadonlyArray<FrontierRow>;
}

const cellsOf = (rows: ReadonlyArray<FrontierRow>): string => {
  const counts = rows.map(({ cells }) => cells);
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  return fewest === most ? `${most} ${most === 1 ? "cell" : "cells"}` : `${fewest} to ${most} cells`;
};

/** One panel per condition and k, the smaller k first, across evaluations. */
export const frontierGroups = (rows: ReadonlyArray<FrontierRow>): ReadonlyArray<FrontierGroup> => {
  const evaluations = new Set(rows.map(({ evaluation }) => evaluation)).size;
  return [...Map.groupBy(rows, ({ condition, evaluation, k }) => JSON.stringify([condition, evaluation, k]))].map((
    [, members],
  ) => {
    const [{ condition, evaluation, k }] = members;
    const name = [condition, evaluations > 1 ? evaluation : [], `k = ${k}`, cellsOf(members)].flat().join(", ");
    return { name, k, rows: members };
  });
};

/** The rows of a model along training. */
export const alongTraining = ({ rows }: FrontierGroup, label: string): ReadonlyArray<FrontierRow> =>
  rows.filter((row) => row.label === label).sort((a, b) => a.step - b.step);

const lineOf = (group: FrontierGroup, series: Series) => {
  const rows = alongTraining(group, series.label);
  const points = rows.map((row, i) => {
    const { y, low, high, said } = pointOf(row);
    const x = percent(row.passAt1);
    return {
      x,
      y,
      place: row.step === 0 ? "the base" : `step ${row.step}`,
      said: `Pass@1 ${x.toFixed(1)} %, Pass@${row.k} ${said}`,
      ...(i === rows.length - 1 && { low, high }),
    };
  });
  return points.length === 0 ? [] : [{ series, points }];
};

const panelOf = (group: FrontierGroup, series: ReadonlyArray<Series>): Panel => {
  const { name, k, rows } = group;
  const lines = series.flatMap((one) => lineOf(group, one));
  const ends = lines.map(({ series, points }) => {
    const [first, last] = [points[0], points[points.length - 1]];
    const from = points.length === 1 ? "" : `from ${first.said} at ${first.place} to `;
    return `${series.name} ${from}${last.said} at ${last.place}`;
  });
  return linePanel({
    title: name,
    description: `Pass@${k} against Pass@1 along training, ${name}: ${ends.join("; ")}.`,
    x: linear("Pass@1 (%)", rows.map(({ passAt1 }) => percent(passAt1))),
    y: percents(`Pass@${k} (%)`, valuesOf(lines)),
    lines,
    series,
    isColumns: false,
  });
};

/** Pass@k against Pass@1 along training. */
export const frontier = chartReport({
  name: "frontier",
  summary: "Pass@k against Pass@1 along training, a line for each algorithm",
  row: FrontierRow,
  needs: ["passAt1", "passAtK", "k", "step", "label", "condition", "low", "high", "cells"],
  build: (rows, among = seriesOf(rows)) => {
    if (rows.length === 0) return Result.fail("there are no rows");
    const series = seriesIn(rows, among);
    return Result.succeed({
      name: "frontier",
      title: "Frontier: Pass@k against Pass@1 along training",
      subtitle:
        "Each line begins at the base, a lone point is the end of training; bars at ends: 95 % bootstrap interval over cells and problems",
      description: `Pass@k against Pass@1 in percent along training, one line for each of ${namesOf(series)}.`,
      series,
      panels: frontierGroups(rows).map((group) => panelOf(group, series)),
    });
  },
});
