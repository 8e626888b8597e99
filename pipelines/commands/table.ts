/**
 * `table`: any records as a plain table, or the tables of the reports that `--report` names, in the format that is asked for. On a terminal a plain
 * table has the columns that fit; `--columns` chooses others.
 */
import { Effect } from "effect";
import { cannotRun, makeCommand, orRefusal } from "../settings/command.ts";
import { reading, reporting } from "../settings/groups.ts";
import { nearest } from "../settings/resolve.ts";
import { OutputIsTerminal, StandardStreams } from "../files/standard_streams.ts";
import { reports, type TableReport } from "../reports/mod.ts";
import { columnsOf, fittingTable, withGroups } from "../reports/tables/table_columns.ts";
import { readLines } from "../reports/read_lines.ts";
import type { Table } from "../reports/tables/table.ts";
import { resultFiles } from "./result_files.ts";

const refuse = cannotRun("table");

const tableReports = Object.values(reports).filter((report): report is TableReport => report.kind === "table");

const chosen = Effect.fnUntraced(function* (name: string) {
  const report = tableReports.find((one) => one.name === name);
  if (report !== undefined) return report;
  const names = tableReports.map((one) => one.name);
  const problem = !Object.hasOwn(reports, name)
    ? `expected one of ${names.join(", ")}${nearest(name, names)}`
    : "that is a figure, which plot draws";
  return yield* refuse(`--report "${name}": ${problem}`);
});

const picked = (table: Table, columns: ReadonlyArray<string>) =>
  Effect.catch(Effect.fromResult(columnsOf(table, columns)), (problem) => refuse(`--columns ${problem}`));

/** Prints tables of results. */
export const tableCommand = makeCommand({
  name: "table",
  summary: `Tables of results: ${tableReports.map(({ name }) => name).join(", ")} (default: flat)`,
  settings: { report: reporting.report, columns: reporting.columns, first: reading.first, format: reporting.format },
  positional: resultFiles,
  run: Effect.fnUntraced(function* ({ report = ["flat"], columns, first, format }, files) {
    const wanted = yield* Effect.forEach(report, chosen);
    const heedless = wanted.find(({ takesFirst }) => first !== undefined && takesFirst !== true);
    if (heedless !== undefined) {
      return yield* refuse(`--first ${first}: the report "${heedless.name}" has no first ones`);
    }
    const apart = wanted.find(({ steps }) => steps !== wanted[0].steps);
    if (apart !== undefined) {
      return yield* refuse(`--report "${wanted[0].name},${apart.name}": they read different files of a run`);
    }
    const read = yield* readLines(files, wanted[0].steps);
    const lines = read.map((line) => columns === undefined ? line : withGroups(line));
    const tables: Table[] = [];
    for (const one of wanted) {
      for (const table of yield* orRefusal(one.fromLines(lines, { first }))) {
        tables.push(columns === undefined ? table : yield* picked(table, columns));
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
