/**
 * Figure 4 of the paper for a study of one's own, the training dynamics: (a) greedy accuracy on the test split, (b) the entropy of those
 * greedy responses, (c) correct rollouts in the batch and (d) prompts with all of theirs correct, each against the training step.
 */
import { Result } from "effect";
import { panelChart, panelSize, panelTitle, seriesEncoding } from "./chart.ts";
import { chartReport } from "../report.ts";
import { DynamicsRow } from "../../records/rows.ts";
import { labelOf, nameOf, namesOf, type Series, seriesOf } from "../series.ts";

interface Panel {
  readonly field: "testAccuracy" | "testEntropy" | "correctRatio" | "fullySolvedRatio";
  readonly title: string;
  readonly axis: string;
  /** Measured at few steps: each is drawn as it is, with a symbol. */
  readonly isSparse: boolean;
  readonly scale: number;
}

const panels: ReadonlyArray<Panel> = [
  {
    field: "testAccuracy",
    title: "(a) greedy accuracy on the test split",
    axis: "accuracy (%)",
    isSparse: true,
    scale: 100,
  },
  {
    field: "testEntropy",
    title: "(b) entropy on the test split",
    axis: "entropy (nats a token)",
    isSparse: true,
    scale: 1,
  },
  { field: "correctRatio", title: "(c) correct rollouts in the batch", axis: "share (%)", isSparse: false, scale: 100 },
  {
    field: "fullySolvedRatio",
    title: "(d) fully solved prompts in the batch",
    axis: "share (%)",
    isSparse: false,
    scale: 100,
  },
];

/** The panels of training batches draw a centred mean of 5 steps, fewer at the ends, where there are more than 20. */
const reachOf = (steps: number): number => steps > 20 ? 2 : 0;

const points = (rows: ReadonlyArray<DynamicsRow>, { field, isSparse, scale }: Panel) =>
  [...Map.groupBy(rows, labelOf)].flatMap(([label, members]) => {
    const measured = members
      .flatMap((row) => {
        const value = row[field];
        return value !== undefined ? [{ step: row.step, value: value * scale }] : [];
      })
      .sort((a, b) => a.step - b.step);
    const every = Math.ceil(measured.length / 6);
    return measured.map(({ step }, i) => {
      const reach = isSparse ? 0 : Math.min(reachOf(measured.length), i, measured.length - 1 - i);
      const near = measured.slice(i - reach, i + reach + 1);
      const mean = near.reduce((sum, one) => sum + one.value, 0) / near.length;
      const isMarked = isSparse || i % every === Math.floor(every / 2);
      return { series: nameOf(label), step, value: Number(mean.toPrecision(9)), ...(isMarked ? { isMarked } : {}) };
    });
  });

const isSmoothed = (rows: ReadonlyArray<DynamicsRow>): boolean =>
  [...Map.groupBy(rows.filter((row) => row.correctRatio !== undefined), labelOf).values()]
    .some((members) => reachOf(members.length) > 0);

const drawn = (panel: Panel, rows: ReadonlyArray<DynamicsRow>, series: ReadonlyArray<Series>) => {
  const values = points(rows, panel);
  if (values.length === 0) return [];
  const { color, strokeDash, shape } = seriesEncoding(series);
  const steps = rows.map(({ step }) => step);
  const domain = [Math.min(...steps), Math.max(...steps)];
  return [{
    ...panelSize,
    title: panelTitle(panel.title),
    data: { values },
    encoding: {
      x: {
        field: "step",
        type: "quantitative" as const,
        title: "step",
        scale: { nice: false, zero: false, domain },
        axis: { tickMinStep: 1, tickCount: 8, format: "d", labelFlush: false },
      },
      y: {
        field: "value",
        type: "quantitative" as const,
        title: panel.axis,
        scale: { zero: false, nice: 6 },
        axis: { tickCount: 6 },
      },
      color,
    },
    layer: [
      { mark: { type: "line" as const, strokeWidth: 1.8 }, encoding: { strokeDash } },
      {
        transform: [{ filter: "datum.isMarked" }],
        mark: { type: "point" as const, filled: true, size: 42, opacity: 1 },
        encoding: { shape },
      },
    ],
  }];
};

/** Training dynamics of a study, or of one run. */
export const figure4 = chartReport({
  name: "figure-4",
  summary: "Training dynamics: accuracy, entropy, correct and fully solved ratio against the step",
  row: DynamicsRow,
  needs: ["step"],
  build: (rows) => {
    const series = seriesOf(rows);
    const present = panels.flatMap((panel) => drawn(panel, rows, series));
    return present.length === 0
      ? Result.fail(`no row has ${panels.map(({ field }) => `"${field}"`).join(" or ")}`)
      : Result.succeed(panelChart({
        name: "figure-4",
        title: "Training dynamics",
        subtitle: isSmoothed(rows) ? "(c) and (d): centred mean over 5 steps, fewer at the ends" : undefined,
        description:
          "Accuracy and entropy on the test split, and correct and fully solved ratio of the training batches, against " +
          `the training step, one line for each of ${namesOf(series)}.`,
        series,
        panels: present,
      }));
  },
});
