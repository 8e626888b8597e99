/** The registry of reports: the choices of `--report`. By default `plot` takes the first chart whose required fields the rows have. */
import { claims } from "./tables/claims.ts";
import { dynamicsTable } from "./tables/dynamics_table.ts";
import { evaluationsTable } from "./tables/evaluations_table.ts";
import { figure2 } from "./figures/figure_2.ts";
import { figure4 } from "./figures/figure_4.ts";
import { figure5 } from "./figures/figure_5.ts";
import { flatTable } from "./tables/flat_table.ts";
import { frontier } from "./figures/frontier.ts";
import type { Report } from "./report.ts";
import { roofline } from "./figures/roofline.ts";
import { training } from "./figures/training.ts";
import { sweeps } from "./figures/sweeps.ts";
import { table1 } from "./tables/table_1.ts";
import { verdicts } from "./tables/verdicts.ts";

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
    training,
    figure2,
    figure4,
    figure5,
    roofline,
  ]
    .map((
      report,
    ): [string, Report] => [report.name, report]),
);
