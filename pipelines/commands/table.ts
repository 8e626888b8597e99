/** `table`: any records as a plain table, or the tables of the reports that `--report` names, in the format that is asked for. */
import { Effect } from "effect";
import { makeCommand, UsageError } from "../settings/command.ts";
import { reporting } from "../settings/groups.ts";
import { nearest } from "../settings/resolve.ts";
import { OutputIsTerminal, StandardStreams } from "../files/standard_streams.ts";
import { reports, type TableReport } from "../reports/mod.ts";
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

/** Prints tables of results. */
export const tableCommand = makeCommand({
  name: "table",
  summary: `Tables of results: ${tableReports.map(({ name }) => name).join(", ")} (default: flat)`,
  settings: { report: reporting.report, format: reporting.format },
  positional: {
    name: "FILE",
    summary: "NDJSON files, or folders of evaluations and runs (default: stdin)",
    optional: true,
    many: true,
  },
  run: Effect.fnUntraced(function* ({ report = ["flat"], format }, files) {
    const wanted = yield* Effect.forEach(report, chosen);
    const lines = yield* readLines(files);
    const tables: Table[] = [];
    for (const one of wanted) {
      const made = yield* Effect.mapError(
        Effect.fromResult(one.fromLines(lines)),
        (message) => new ReportError({ message }),
      );
      tables.push(...made);
    }
    // Loaded here, because help loads this file and only this command draws.
    const { renderTables } = yield* Effect.promise(() => import("../reports/tables/render_table.ts"));
    const { write } = yield* StandardStreams;
    yield* write(renderTables(tables, { format, isTerminal: yield* OutputIsTerminal }));
  }),
});
