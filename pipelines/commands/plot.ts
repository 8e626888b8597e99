/**
 * `plot`: a figure of results as SVG on stdout, or in the file that `--out` names, which may be PNG as well. Where no report is named it is
 * the first figure that the rows have the fields for.
 */
import { Effect, Struct } from "effect";
import { cannotRun, makeCommand, orRefusal } from "../settings/command.ts";
import { files, reading, reporting } from "../settings/groups.ts";
import { nearest } from "../settings/resolve.ts";
import { writeText } from "../files/run_directory.ts";
import { StandardStreams } from "../files/standard_streams.ts";
import { isPicture, pictureOf, svgOf } from "../reports/figures/picture.ts";
import { type ChartReport, reports } from "../reports/mod.ts";
import { readLines } from "../reports/read_lines.ts";
import type { Line } from "../reports/report.ts";
import { resultFiles } from "./result_files.ts";

const chartReports = Object.values(reports).filter((report): report is ChartReport => report.kind === "chart");
const names = chartReports.map(({ name }) => name);

const fail = cannotRun("plot");

const named = (asked: ReadonlyArray<string>) => {
  if (asked.length !== 1) return fail(`--report takes one figure, found ${asked.length}`);
  const [name] = asked;
  const report = chartReports.find((one) => one.name === name);
  if (report !== undefined) return Effect.succeed(report);
  return !Object.hasOwn(reports, name)
    ? fail(`--report "${name}": expected one of ${names.join(", ")}${nearest(name, names)}`)
    : fail(`--report "${name}": that is a table, which table prints`);
};

const fitting = (lines: ReadonlyArray<Line>) => {
  if (lines.length === 0) return fail("there are no rows");
  const report = chartReports.find(({ needs, hints }) =>
    lines.some(({ row }) => [...needs, ...hints].every((field) => field in row))
  );
  const fields = chartReports.map(({ name, needs }) => `${name} needs ${needs.join(", ")}`).join("; ");
  return report === undefined ? fail(`no figure fits the rows: ${fields}`) : Effect.succeed(report);
};

/** Draws a figure of results. */
export const plotCommand = makeCommand({
  name: "plot",
  summary: `Figures of results, as SVG or PNG: ${names.join(", ")} (default: what the rows fit)`,
  settings: {
    ...Struct.pick(reporting, ["report"]),
    ...Struct.pick(reading, ["first"]),
    ...Struct.pick(files, ["out"]),
  },
  positional: resultFiles,
  run: Effect.fnUntraced(function* ({ report: asked, first, out }, files) {
    if (out !== undefined && !isPicture(out)) yield* fail(`--out "${out}": expected a name in .svg or .png`);
    const wanted = asked === undefined ? undefined : yield* named(asked);
    const lines = yield* readLines(files, wanted?.steps);
    const report = wanted ?? (yield* fitting(lines));
    if (first !== undefined && report.takesFirst !== true) {
      yield* fail(`--first ${first}: the figure "${report.name}" has no first ones`);
    }
    const chart = yield* orRefusal(report.fromLines(lines, { first }));
    if (out !== undefined) return yield* writeText(out, yield* pictureOf(chart, out));
    const { write } = yield* StandardStreams;
    yield* write(`${yield* svgOf(chart)}\n`);
  }),
});
