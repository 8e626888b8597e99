/**
 * The reports by name: the choices of `--report`. A new one is a file and a line here; `table` prints and `plot` draws what stands here, and
 * where nobody chooses, `plot` takes the first chart that the rows have the fields for.
 */
import { claims } from "./claims.ts";
import { dynamicsTable } from "./dynamics_table.ts";
import { evaluationsTable } from "./evaluations_table.ts";
import { figure2 } from "./figure_2.ts";
import { figure4 } from "./figure_4.ts";
import { figure5 } from "./figure_5.ts";
import { flatTable } from "./flat_table.ts";
import { frontier } from "./frontier.ts";
import type { Report } from "./report.ts";
import { roofline } from "./roofline.ts";
import { sweeps } from "./sweeps.ts";
import { table1 } from "./table_1.ts";
import { verdicts } from "./verdicts.ts";

export type { ChartReport, Report, TableReport } from "./report.ts";

/** Every report, by name. */
export const reports: Readonly<Record<string, Report>> = Object.fromEntries(
  [
    flatTable,
    table1,
    evaluationsTable,
    claims,
    verdicts,
    dynamicsTable,
    frontier,
    sweeps,
    figure2,
    figure4,
    figure5,
    roofline,
  ]
    .map((
      report,
    ): [string, Report] => [report.name, report]),
);
