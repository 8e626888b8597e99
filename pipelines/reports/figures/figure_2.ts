/**
 * Figure 2 of the paper for a study of one's own: Pass@k against k, a panel for each evaluation, a curve for each model, with the bootstrap
 * interval over problems as light bars.
 */
import { Result } from "effect";
import * as Elementary from "../../../data/elementary/mod.ts";
import { panelChart, panelSize, panelTitle, seriesEncoding } from "./chart.ts";
import { blockName, type EvaluationBlock, evaluationBlocks } from "../tables/evaluation_blocks.ts";
import { chartReport } from "../report.ts";
import { EvaluationRow } from "../../records/rows.ts";
import { namesOf, type Series, seriesOf } from "../series.ts";

const percent = (share: number): number => Number((100 * share).toPrecision(9));

/** Octaves between the error bars of neighbouring series, which stand side by side around their k. */
const gap = 0.075;

const points = (block: EvaluationBlock, series: ReadonlyArray<Series>) =>
  series.flatMap(({ label, name }, i) =>
    block.ks.flatMap((k) => {
      const row = block.at(label, k);
      if (row === undefined) return [];
      const { passAtK, low, high } = row;
      const hasEnds = low !== undefined && high !== undefined;
      const aside = Number((k * Elementary.pow(2, gap * (i - (series.length - 1) / 2))).toPrecision(6));
      const bar = hasEnds ? { aside, low: percent(low), high: percent(high) } : {};
      return [{ series: name, k, passAtK: percent(passAtK), ...bar }];
    })
  );

const panel = (block: EvaluationBlock, series: ReadonlyArray<Series>) => {
  const { color, strokeDash, shape } = seriesEncoding(series);
  const x = {
    field: "k",
    type: "quantitative" as const,
    title: "k",
    scale: { type: "log" as const, base: 2, nice: false, domain: domainOf(block.ks) },
    axis: { values: [...block.ks], format: "d", labelOverlap: true, labelFlush: false },
  };
  const y = {
    field: "passAtK",
    type: "quantitative" as const,
    title: "Pass@k (%)",
    scale: { zero: false, nice: 6 },
    axis: { tickCount: 6 },
  };
  return {
    ...panelSize,
    title: panelTitle([block.task ?? [], blockName(block) || []].flat().join(", ")),
    data: { values: points(block, series) },
    encoding: { color },
    layer: [
      {
        transform: [{ filter: "isValid(datum.low)" }],
        mark: { type: "rule" as const, opacity: 0.3, strokeWidth: 1.2 },
        encoding: { x: { ...x, field: "aside" }, y: { ...y, field: "low" }, y2: { field: "high" } },
      },
      { mark: { type: "line" as const, strokeWidth: 1.8 }, encoding: { x, y, strokeDash } },
      { mark: { type: "point" as const, filled: true, size: 42, opacity: 1 }, encoding: { x, y, shape } },
    ],
  };
};

/** A third of an octave more than the data on both sides, where the outer error bars stand. */
const domainOf = (
  ks: ReadonlyArray<number>,
): [number, number] => [ks[0] / Elementary.pow(2, 1 / 3), ks[ks.length - 1] * Elementary.pow(2, 1 / 3)];

/** Pass@k curves of a study. */
export const figure2 = chartReport({
  name: "figure-2",
  summary: "Pass@k against k, evaluation by evaluation, a curve for each model",
  row: EvaluationRow,
  needs: ["k", "passAtK"],
  build: (rows) =>
    Result.map(evaluationBlocks(rows), (blocks) => {
      const series = seriesOf(rows);
      const hasIntervals = rows.some(({ low, high }) => low !== undefined && high !== undefined);
      return panelChart({
        name: "figure-2",
        title: "Pass@k",
        subtitle: hasIntervals ? "Bars: 95 % bootstrap interval over problems, side by side around their k" : undefined,
        description: `Pass@k in percent against k on a logarithmic axis, one curve for each of ${namesOf(series)}.`,
        series,
        panels: blocks.map((block) => panel(block, series)),
      });
    }),
});
