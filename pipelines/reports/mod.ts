/** The reports by name: the choices of `--report`. A new one is a file and a line here; `table` prints and `plot` draws what stands here. */
import { claims } from "./claims.ts";
import { flatTable } from "./flat_table.ts";
import type { Report } from "./report.ts";
import { table1 } from "./table_1.ts";

export type { ChartReport, Report, TableReport } from "./report.ts";

/** Every report, by name. */
export const reports: Readonly<Record<string, Report>> = Object.fromEntries(
  [flatTable, table1, claims].map((report): [string, Report] => [report.name, report]),
);
