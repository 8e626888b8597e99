/**
 * The frontier on a page: Pass@k against Pass@1 along training, a panel for each condition and k, every line from the base on; below it what the
 * matched comparisons say. Where lines lie on each other, one algorithm is a slower road to where another goes.
 */
import type { FrontierRow } from "../../records/study_rows.ts";
import type { Series } from "../series.ts";
import { empty, type Table, textCell } from "../tables/table.ts";
import { type Judged, tallyOf, whereOf } from "../tables/verdicts.ts";
import { answerOf, isAboutFrontier } from "./claims_section.ts";
import { type Html, markup } from "./html.ts";
import { htmlTable } from "./html_table.ts";
import { type ChartLine, figure, type Panel } from "./line_chart.ts";
import { linear, percents } from "./scale.ts";

const percent = (share: number): string => (100 * share).toFixed(1);

interface Group {
  readonly name: string;
  readonly k: number;
  readonly rows: ReadonlyArray<FrontierRow>;
}

const cellsOf = (rows: ReadonlyArray<FrontierRow>): string => {
  const counts = rows.map(({ cells }) => cells);
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  return fewest === most ? `${most} ${most === 1 ? "cell" : "cells"}` : `${fewest} to ${most} cells`;
};

/** Panels by condition, the smaller k first, whatever evaluation they are of. */
const groupsOf = (rows: ReadonlyArray<FrontierRow>): ReadonlyArray<Group> => {
  const evaluations = new Set(rows.map(({ evaluation }) => evaluation)).size;
  return [...Map.groupBy(rows, ({ condition, evaluation, k }) => JSON.stringify([condition, evaluation, k]))].map((
    [, members],
  ) => {
    const [{ condition, evaluation, k }] = members;
    const name = [condition, evaluations > 1 ? evaluation : [], `k = ${k}`, cellsOf(members)].flat().join(", ");
    return { name, k, rows: members };
  });
};

const orderedOf = ({ rows }: Group, label: string): ReadonlyArray<FrontierRow> =>
  rows.filter((row) => row.label === label).sort((a, b) => a.step - b.step);

const panelOf = (group: Group, series: ReadonlyArray<Series>): Panel => {
  const { name, k, rows } = group;
  const lines = series.flatMap(({ label, name, style }, index): ReadonlyArray<ChartLine> => {
    const own = orderedOf(group, label);
    const points = own.map((row, i) => ({
      x: 100 * row.passAt1,
      y: 100 * row.passAtK,
      place: row.step === 0 ? "the base" : `step ${row.step}`,
      said: `Pass@1 ${percent(row.passAt1)} %, Pass@${k} ${percent(row.passAtK)} % (${percent(row.low)}–${
        percent(row.high)
      })`,
      marked: true,
      ...(i === own.length - 1 && { low: 100 * row.low, high: 100 * row.high }),
    }));
    return points.length === 0 ? [] : [{ index, name, shape: style.shape, points }];
  });
  const ends = lines.map(({ name, points }) =>
    `${name} from ${points[0].said} at ${points[0].place} to ${points[points.length - 1].said}`
  );
  return {
    title: name,
    said: `Pass@${k} against Pass@1 along training, ${name}: ${ends.join("; ")}.`,
    xTitle: "Pass@1 (%)",
    yTitle: `Pass@${k} (%)`,
    xSaid: (x) => `Pass@1 ${x.toFixed(1)} %`,
    x: linear(rows.map(({ passAt1 }) => 100 * passAt1)),
    y: percents(lines.flatMap(({ points }) => points.flatMap(({ y, low, high }) => [y, low ?? y, high ?? y]))),
    lines,
    aside: 0,
    joined: true,
    places: "points",
    notes: rows.filter(({ step }) => step === 0).slice(0, 1)
      .map(({ passAt1, passAtK }) => ({ name: "base", x: 100 * passAt1, y: 100 * passAtK })),
  };
};

/** A block for each panel: an algorithm a row, a step a column. */
export const frontierTable = (rows: ReadonlyArray<FrontierRow>, series: ReadonlyArray<Series>): Table => {
  const groups = groupsOf(rows);
  const steps = [...new Set(groups.flatMap(({ rows }) => rows.map(({ step }) => step)))].sort((a, b) => a - b);
  return {
    notes: [],
    columns: [
      { name: "Algorithm", align: "left" },
      ...steps.map((step) => ({ name: step === 0 ? "base" : `step ${step}`, align: "right" as const })),
    ],
    blocks: groups.map((group) => ({
      label: group.name,
      rows: series.flatMap(({ label, name }) => {
        const own = orderedOf(group, label);
        return own.length === 0 ? [] : [[
          textCell(name),
          ...steps.map((step) => {
            const row = own.find((one) => one.step === step);
            return row === undefined ? empty : textCell(`${percent(row.passAt1)} → ${percent(row.passAtK)}`);
          }),
        ]];
      }),
    })),
  };
};

/** What the matched comparisons found, a line a claim. */
const comparisons = (judged: ReadonlyArray<Judged>): Html | undefined =>
  judged.length === 0 ? undefined : markup`<h3>Special, or a slower road?</h3>
<p>What the frontier and the comparisons at matched Pass@1 and at matched updates were asked beforehand: ${
    tallyOf(judged).map(({ count, words }) => `${count} ${words}`).join(", ")
  }.</p>
<ul class="answers">${
    judged.map((row) => answerOf(row, markup`${row.statement} <span class="faint">${whereOf(row)}</span>`))
  }</ul>
`;

/** The section; empty where nothing was evaluated along training. */
export const frontierSection = (
  rows: ReadonlyArray<FrontierRow>,
  series: ReadonlyArray<Series>,
  judged: ReadonlyArray<Judged>,
): Html | undefined => {
  if (rows.length === 0) return undefined;
  const groups = groupsOf(rows);
  const panels = groups.map((group) => panelOf(group, series));
  const lines = series.map(({ name, style }, index) => ({ index, name, shape: style.shape }))
    .filter(({ index }) => panels.some((panel) => panel.lines.some((line) => line.index === index)));
  return markup`${
    figure({
      id: "frontier-figure",
      lines,
      panels,
      caption:
        markup`<b>Pass@k against Pass@1 along training</b>, beyond the paper. Every line begins at the base and is named where training ends. Lines on each other: the one that is behind is on a slower road to the same place. A line above: it reaches what the other does not. Bars at the ends: 95 % bootstrap interval of Pass@k over cells and problems.`,
      more: markup`<details><summary>The points as a table</summary>${
        htmlTable(frontierTable(rows, series), { caption: "Pass@1 → Pass@k in percent, along training" })
      }</details>
`,
    })
  }${comparisons(judged.filter(isAboutFrontier))}`;
};
