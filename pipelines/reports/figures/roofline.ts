/**
 * The roofline: operations per second against operations per byte, on logarithmic axes, below the two roofs that the same run measured.
 * Work on the slope waits for memory; work under the flat roof can be as fast as the best product. The distance to the roof is the possible
 * gain.
 */
import { Result } from "effect";
import * as Elementary from "../../../data/elementary/mod.ts";
import { nullableField, type RecordOf, recordSchema } from "../../records/record_schema.ts";
import { faint, marks, type Panel, places, seriesEncoding } from "./chart.ts";
import { chartReport } from "../report.ts";
import { namesOf, type Series, seriesOf } from "../series.ts";

/** A measured piece of work, and the roofs of its run (`--format json` of bench); the intensity is null if no bytes are moved. */
export const RooflineRow = recordSchema("Roofline", {
  part: "string",
  work: "string",
  model: "string",
  intensity: nullableField("number"),
  gflops: "number",
  roofGflops: "number",
  roofGbPerSecond: "number",
  device: "string",
  date: "string",
  load: "number",
});
export type RooflineRow = RecordOf<typeof RooflineRow>;

const size = { width: 620, height: 380 } as const;

/** The label of a point: the kind of work for a model, the operation for a kernel. */
const labelOf = ({ part, work }: RooflineRow): string =>
  part === "model"
    ? work
    : work.startsWith("matmul") || part === "product"
    ? "matrix products"
    : work.startsWith("attention")
    ? "attention"
    : "other kernels";

const logAxis = (field: string, title: string, domain: readonly [number, number]) => ({
  field,
  type: "quantitative" as const,
  title,
  scale: { type: "log" as const, domain: [...domain], nice: false },
  axis: { tickCount: 6, format: "~g", labelOverlap: true, labelFlush: false },
});

/** The powers of ten that enclose some numbers. */
const decades = (values: ReadonlyArray<number>): readonly [number, number] => [
  Elementary.pow(10, Math.floor(Elementary.log10(Math.min(...values)))),
  Elementary.pow(10, Math.ceil(Elementary.log10(Math.max(...values)))),
];

const figure = (value: number): string => Number(value.toPrecision(3)).toLocaleString("en-US");

/** The value at a share of the length of a logarithmic axis. */
const along = ([low, high]: readonly [number, number], share: number): number =>
  low * Elementary.pow(high / low, share);

/** A row with operations and bytes. */
type Point = RooflineRow & { readonly intensity: number };

const isPoint = (row: RooflineRow): row is Point => row.intensity !== null && row.intensity > 0 && row.gflops > 0;

const panel = (rows: ReadonlyArray<Point>, series: ReadonlyArray<Series>): Panel => {
  const [{ roofGflops, roofGbPerSecond }] = rows;
  const ridge = roofGflops / roofGbPerSecond;
  const across = decades([...rows.map(({ intensity }) => intensity), ridge / 2, ridge * 2]);
  const up = decades([...rows.map(({ gflops }) => gflops), roofGflops * 2]);
  const x = logAxis("intensity", "arithmetic intensity (FLOP/byte)", across);
  const y = logAxis("gflops", "GFLOP/s", up);
  const { color, shape } = seriesEncoding(series);
  const roof = [
    { intensity: Math.max(across[0], up[0] / roofGbPerSecond), gflops: Math.max(across[0] * roofGbPerSecond, up[0]) },
    { intensity: ridge, gflops: roofGflops },
    { intensity: across[1], gflops: roofGflops },
  ];
  const words = [
    { intensity: across[1], gflops: roofGflops, text: `best product ${figure(roofGflops)} GFLOP/s` },
    {
      intensity: along([roof[0].intensity, ridge], 0.55),
      gflops: along([roof[0].gflops, roofGflops], 0.55),
      text: `best copy ${figure(roofGbPerSecond)} GB/s`,
    },
  ];
  const measured = rows.map((row) => ({
    series: nameOf(labelOf(row)),
    intensity: Number(row.intensity.toPrecision(6)),
    gflops: Number(row.gflops.toPrecision(6)),
    said: `${row.work}\n${figure(row.gflops)} GFLOP/s at ${figure(row.intensity)} FLOP/byte`,
  }));
  return {
    title: `${rows.length} measured works and kernels`,
    description: "Operations a second against operations a byte",
    plot: {
      ...size,
      layer: [
        { data: { values: roof }, mark: { ...marks.line, color: faint }, encoding: { x, y } },
        {
          data: { values: words },
          mark: {
            type: "text" as const,
            align: "right" as const,
            baseline: "bottom" as const,
            dx: -6,
            dy: -5,
            fontSize: 11,
            color: faint,
          },
          encoding: { x, y, text: { field: "text" } },
        },
        {
          data: { values: measured },
          mark: { ...marks.point, size: 52, opacity: 0.85 },
          encoding: { x, y, color, shape },
        },
        places(measured, { x, y }),
      ],
    },
  };
};

const nameOf = (label: string): string => label === "grpo" ? "GRPO step" : label;

const order = ["sample", "score", "gradient", "train", "grpo", "matrix products", "attention", "other kernels"];

/** Work and kernels of a run below its measured roofs. */
export const roofline = chartReport({
  name: "roofline",
  summary: "Work and kernels of bench under the roofs that it measured",
  row: RooflineRow,
  needs: ["part", "work", "intensity", "gflops", "roofGflops", "roofGbPerSecond"],
  build: (rows) => {
    const computing = rows.filter(isPoint);
    if (computing.length === 0) return Result.fail("no row computes anything");
    const labels = [...new Set(computing.map(labelOf))].sort((a, b) => order.indexOf(a) - order.indexOf(b));
    const series = seriesOf(labels.map((label) => ({ label: nameOf(label) })));
    const [{ device, date, load }] = computing;
    const beside = load === undefined
      ? []
      : [`load before it began: ${load.toFixed(2)} a processor${load > 0.25 ? ", so other work ran beside it" : ""}`];
    return Result.succeed({
      name: "roofline",
      title: "Roofline",
      subtitle: [...device === undefined ? [] : [device], ...date === undefined ? [] : [date], ...beside].join("; "),
      description:
        "Operations a second against operations a byte, below the measured arithmetic of the best product and the measured " +
        `bandwidth, for ${namesOf(series)}.`,
      series,
      panels: [panel(computing, series)],
      lines: false,
    });
  },
});
