/**
 * The frontier on a page: Pass@k against Pass@1 along training, one panel per condition and k, every line from the base on, above the
 * matched comparisons. If lines coincide, one algorithm is a slower way along the same frontier.
 */
import { percentText } from "../figures/shares.ts";
import { Result } from "effect";
import type { FrontierRow } from "../../records/study_rows.ts";
import { alongTraining, frontier, frontierGroups } from "../figures/frontier.ts";
import type { Series } from "../series.ts";
import { columnsUnder, empty, type Table, textCell } from "../tables/table.ts";
import { type Judged, statementOf, tallyOf, whereOf } from "../tables/verdicts.ts";
import { answerOf, isAboutFrontier } from "./claims_section.ts";
import { type Html, markup } from "./html.ts";
import { htmlTable } from "./html_table.ts";
import { figure } from "./figure.ts";

/** One block per panel: an algorithm per row, a step per column. */
export const frontierTable = (rows: ReadonlyArray<FrontierRow>, series: ReadonlyArray<Series>): Table => {
  const groups = frontierGroups(rows);
  const steps = [...new Set(groups.flatMap(({ rows }) => rows.map(({ step }) => step)))].sort((a, b) => a - b);
  return {
    notes: [],
    columns: columnsUnder("Algorithm", steps.map((step) => step === 0 ? "base" : `step ${step}`)),
    blocks: groups.map((group) => ({
      label: group.name,
      rows: series.flatMap(({ label, name }) => {
        const own = alongTraining(group, label);
        return own.length === 0 ? [] : [[
          textCell(name),
          ...steps.map((step) => {
            const row = own.find((one) => one.step === step);
            return row === undefined ? empty : textCell(`${percentText(row.passAt1)} → ${percentText(row.passAtK)}`);
          }),
        ]];
      }),
    })),
  };
};

/** The verdicts of the matched comparisons, one line per claim. */
const comparisons = (judged: ReadonlyArray<Judged>): Html | undefined =>
  judged.length === 0 ? undefined : markup`<h3>Special, or a slower road?</h3>
<p>What the frontier and the comparisons at matched Pass@1 and at matched updates were asked beforehand: ${
    tallyOf(judged).map(({ count, words }) => `${count} ${words}`).join(", ")
  }.</p>
<ul class="answers">${
    judged.map((row) => answerOf(row, markup`${statementOf(row)} <span class="faint">${whereOf(row)}</span>`))
  }</ul>
`;

/** The section; undefined if nothing was evaluated along training. */
export const frontierSection = (
  rows: ReadonlyArray<FrontierRow>,
  series: ReadonlyArray<Series>,
  judged: ReadonlyArray<Judged>,
): Html | undefined => {
  if (rows.length === 0) return undefined;
  const drawn = Result.map(frontier.build(rows, series), (chart) =>
    figure({
      id: "frontier-figure",
      chart,
      caption:
        markup`<b>Pass@k against Pass@1 along training</b>, beyond the paper. Every line begins at the base and is named where training ends; a lone point is an algorithm that was evaluated at its end alone. Lines on each other: the one that is behind is on a slower road to the same place. A line above: it reaches what the other does not. Bars at the ends: 95 % bootstrap interval of Pass@k over cells and problems.`,
      more: markup`<details><summary>The points as a table</summary>${
        htmlTable(frontierTable(rows, series), { caption: "Pass@1 → Pass@k in percent, along training" })
      }</details>
`,
    }));
  return markup`${Result.getOrUndefined(drawn)}${comparisons(judged.filter(isAboutFrontier))}`;
};
