/**
 * Figure 2 of the paper for another study: Pass@k against k, one panel per evaluation, those of all problems first, one curve per model,
 * with the bootstrap interval over problems as light bars. Also the trade-off: the largest k against the smallest.
 */
import { Result } from "effect";
import type { Panel } from "./chart.ts";
import { linePanel } from "./line_panel.ts";
import { doubling, linear, percents } from "./axes.ts";
import { blockName, type EvaluationBlock, evaluationBlocks } from "../tables/evaluation_blocks.ts";
import { chartReport } from "../report.ts";
import { EvaluationRow } from "../../records/rows.ts";
import { namesOf, type Series, seriesOf } from "../series.ts";
import { percent, pointOf, valuesOf } from "./shares.ts";

const said = (row: EvaluationRow): string => pointOf(row).said;

/** The evaluation with its task. */
export const nameOfBlock = (block: EvaluationBlock): string =>
  [block.task ?? [], blockName(block) || []].flat().join(", ") || "this study";

const inBlock = (block: EvaluationBlock, series: ReadonlyArray<Series>) =>
  series.filter(({ label }) => block.series.some((one) => one.label === label));

const curves = (block: EvaluationBlock, series: ReadonlyArray<Series>): Panel => {
  const own = inBlock(block, series);
  const lines = own.map((series) => ({
    series,
    points: block.ks.flatMap((k) => {
      const row = block.at(series.label, k);
      return row === undefined ? [] : [{ x: k, place: `k = ${k}`, ...pointOf(row) }];
    }),
  }));
  const ends = own.map(({ label, name }) => {
    const rows = [block.ks[0], block.ks[block.ks.length - 1]].flatMap((k) => block.at(label, k) ?? []);
    return `${name} from ${rows.map(said).join(" to ")}`;
  });
  return linePanel({
    title: nameOfBlock(block),
    description: `Pass@k in percent against k, ${nameOfBlock(block)}: ${ends.join("; ")}.`,
    x: doubling("k (log scale)", block.ks),
    y: percents("Pass@k (%)", valuesOf(lines)),
    lines,
    series,
  });
};

/** Every model as a point: Pass@k at the smallest k against the largest; none if there is little to compare. */
export const tradePanels = (block: EvaluationBlock, series: ReadonlyArray<Series>): ReadonlyArray<Panel> => {
  const [few, many] = [block.ks[0], block.ks[block.ks.length - 1]];
  const lines = inBlock(block, series).flatMap((series) => {
    const [first, last] = [block.at(series.label, few), block.at(series.label, many)];
    if (first === undefined || last === undefined) return [];
    const x = percent(first.passAtK);
    const place = `Pass@${few} ${x.toFixed(1)} %`;
    return [{ series, points: [{ ...pointOf(last), x, place, said: `Pass@${many} ${said(last)}` }] }];
  });
  if (few === many || lines.length < 2) return [];
  return [linePanel({
    title: nameOfBlock(block),
    description: `Pass@${many} against Pass@${few}, a point for each of ${namesOf(inBlock(block, series))}.`,
    x: linear(`Pass@${few} (%)`, lines.flatMap(({ points }) => points.map(({ x }) => x))),
    y: percents(`Pass@${many} (%)`, valuesOf(lines)),
    lines,
    series,
    isColumns: false,
    isJoined: false,
  })];
};

/** Pass@k curves of a study. */
export const figure2 = chartReport({
  name: "figure-2",
  summary: "Pass@k against k, evaluation by evaluation, a curve for each model",
  row: EvaluationRow,
  needs: ["k", "passAtK"],
  build: (rows, series = seriesOf(rows)) =>
    Result.map(evaluationBlocks(rows), (blocks) => ({
      name: "figure-2",
      title: "Pass@k",
      subtitle: rows.some(({ low, high }) => low !== undefined && high !== undefined)
        ? "Bars: 95 % bootstrap interval over problems, side by side around their k"
        : undefined,
      description: `Pass@k in percent against k on a logarithmic axis, one curve for each of ${namesOf(series)}.`,
      series,
      panels: blocks.toSorted((a, b) => Number(a.slice !== undefined) - Number(b.slice !== undefined))
        .map((block) => curves(block, series)),
    })),
});
