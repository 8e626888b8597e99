/** A report that only the tests have: the longest responses of a run's steps, of which `--first` keeps some. */
import { Result } from "effect";
import { tableReport } from "../../pipelines/reports/report.ts";
import { reports } from "../../pipelines/reports/mod.ts";
import { numberCell, textCell } from "../../pipelines/reports/tables/table.ts";
import { recordSchema } from "../../pipelines/records/record_schema.ts";

const Row = recordSchema("Length", { step: "count", problemId: "string", responseTokens: "tokens", reward: "number" });

/** The report. */
export const throwAwayReport = tableReport({
  name: "throw-away",
  summary: "the longest responses",
  row: Row,
  needs: ["step", "problemId", "responseTokens", "reward"],
  steps: "reward",
  takesFirst: true,
  build: (rows, choice) =>
    Result.succeed([{
      notes: [],
      columns: [{ name: "step", align: "right" }, { name: "problem", align: "left" }, {
        name: "tokens",
        align: "right",
      }],
      blocks: [{
        rows: rows.toSorted((a, b) => b.responseTokens.length - a.responseTokens.length).slice(0, choice?.first)
          .map(({ step, problemId, responseTokens }) => [
            numberCell(step),
            textCell(problemId),
            numberCell(responseTokens.length),
          ]),
      }],
    }]),
});

Object.assign(reports, { [throwAwayReport.name]: throwAwayReport });
