/**
 * `table`: any records as a plain table, or the tables of the reports that `--report` names, in the format that is asked for. On a terminal a plain
 * table has the columns that fit; `--columns` chooses others.
 */
import { Effect, Result } from "effect";
import { makeCommand, UsageError } from "../settings/command.ts";
import { reading, reporting } from "../settings/groups.ts";
import { nearest } from "../settings/resolve.ts";
import { OutputIsTerminal, StandardStreams } from "../files/standard_streams.ts";
import { reports, type TableReport } from "../reports/mod.ts";
import { columnsOf, fittingTable, withGroups } from "../reports/tables/table_columns.ts";
import { readLines, ReportError } from "../reports/read_lines.ts";
import type { Table } from "../reports/tables/table.ts";

const tableReports = Object.values(reports).filter((report): report is TableReport => report.kind === "table");

const chosen = Effect.fnUntraced(function* (name: string) {
  const report = tableReports.find((one) => one.name === name);
  if (report !== undefined) return report;
  const names = tableReports.map((one) => one.name);
  const problem = !Object.hasOwn(reports, name)
    ? `expected one of ${names.join(", ")}${nearest(name, names)}`
    : "that is a figure, which plot draws";
  return yield* new UsageError({ message: `Cannot run "table": --report "${name}": ${problem}` });
});

const picked = (table: Table, columns: ReadonlyArray<string>) =>
  Result.mapError(
    columnsOf(table, columns),
    (problem) => new UsageError({ message: `Cannot run "table": --columns ${problem}` }),
  );

/** Prints tables of results. */
export const tableCommand = makeCommand({
  name: "table",
  summary: `Tables of results: ${tableReports.map(({ name }) => name).join(", ")} (default: flat)`,
  settings: { report: reporting.report, columns: reporting.columns, first: reading.first, format: reporting.format },
  positional: {
    name: "FILE",
    summary: "NDJSON files, or folders of evaluations and runs (default: stdin)",
    optional: true,
    many: true,
  },
  run: Effect.fnUntraced(function* ({ report = ["flat"], columns, first, format }, files) {
    const wanted = yield* Effect.forEach(report, chosen);
    const heedless = wanted.find(({ takesFirst }) => first !== undefined && takesFirst !== true);
    if (heedless !== undefined) {
      const message = `Cannot run "table": --first ${first}: the report "${heedless.name}" has no first ones`;
      return yield* new UsageError({ message });
    }
    const apart = wanted.find(({ steps }) => steps !== wanted[0].steps);
    if (apart !== undefined) {
      const message = `Cannot run "table": --report "${
        wanted[0].name
      },${apart.name}": they read different files of a run`;
      return yield* new UsageError({ message });
    }
    const read = yield* readLines(files, wanted[0].steps);
    const lines = read.map((line) => columns === undefined ? line : withGroups(line));
    const tables: Table[] = [];
    for (const one of wanted) {
      const made = yield* Effect.mapError(
        Effect.fromResult(one.fromLines(lines, { first })),
        (message) => new ReportError({ message }),
      );
      for (const table of made) {
        tables.push(columns === undefined ? table : yield* Effect.fromResult(picked(table, columns)));
      }
    }
    const isTerminal = yield* OutputIsTerminal;
    const fits = isTerminal && format === "terminal" && columns === undefined;
    // Loaded here, because help loads this file and only this command draws.
    const { renderTables } = yield* Effect.promise(() => import("../reports/tables/render_table.ts"));
    const { write } = yield* StandardStreams;
    const shown = fits ? tables.map((table) => fittingTable(table)) : tables;
    yield* write(renderTables(shown, { format, isTerminal }));
  }),
});
