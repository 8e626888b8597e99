/**
 * Table 1 of the paper for another study: Pass@k of the base and of every algorithm, one block per evaluation, with the bootstrap interval
 * over problems, which the paper does not print. The paper's Table 1 follows as a second table. The paper takes the best checkpoint on the
 * test set of MATH; here each model is the last of its training.
 */
import { Result } from "effect";
import { ks as publishedKs, table1 as publishedRows } from "../../../data/paper/published.ts";
import { type EvaluationBlock, evaluationBlocks, fullName, ksOf } from "./evaluation_blocks.ts";
import { tableReport } from "../report.ts";
import { EvaluationRow } from "../../records/rows.ts";
import { publishedName, seriesName, seriesOf } from "../series.ts";
import {
  type Block,
  type Cell,
  columnsUnder,
  empty,
  marked,
  marksNote,
  percentCell,
  type Table,
  textCell,
} from "./table.ts";

const columns = (ks: ReadonlyArray<number>) => columnsUnder("Method", ks.map((k) => `Pass@${k}`));

/** A block of a table: one row per model, one cell per k. */
export const blockOf = (
  block: EvaluationBlock,
  ks: ReadonlyArray<number>,
  cellOf: (row: EvaluationRow) => Cell,
  more: (row: EvaluationRow) => ReadonlyArray<Cell> = () => [],
): Block => {
  const name = fullName(block);
  const rows = block.series.map(({ label, name }) => {
    const [first] = block.ks.flatMap((k) => block.at(label, k) ?? []);
    const cells = ks.map((k) => {
      const row = block.at(label, k);
      return row === undefined ? empty : cellOf(row);
    });
    return [textCell(name), ...cells, ...more(first)];
  });
  return { ...(name === "" ? {} : { label: name }), rows };
};

/** Pass@k in percent with its interval, and `more` cells, best and second best marked. */
export const passBlock = (
  block: EvaluationBlock,
  ks: ReadonlyArray<number>,
  more?: (row: EvaluationRow) => ReadonlyArray<Cell>,
): Block => {
  const made = blockOf(block, ks, ({ passAtK, low, high }) => percentCell(passAtK, low, high), more);
  return { ...made, rows: marked(made.rows) };
};

/** Pass@k of a study in percent, best and second best of each block marked. */
const studyTable = (
  blocks: ReadonlyArray<EvaluationBlock>,
  ks: ReadonlyArray<number>,
  intervals: string | undefined,
): Table => ({
  title: "Pass@k in percent",
  notes: [
    marksNote,
    ...(intervals === undefined ? [] : [intervals]),
  ],
  blockColumn: "Evaluation",
  columns: columns(ks),
  blocks: blocks.map((block) => passBlock(block, ks)),
});

/** The paper's Table 1 for a task at some k, one row per method; empty for a task that is not in it. */
export const publishedCells = (task: string, ks: ReadonlyArray<number>): ReadonlyArray<ReadonlyArray<Cell>> => {
  const members = publishedRows.filter((row) => row.task === task);
  return marked(
    seriesOf(members.map(({ method }) => ({ algorithm: method }))).map(({ label }) => {
      const passAtK = members.find(({ method }) => method === label)?.passAtK;
      return [
        textCell(seriesName(label)),
        ...ks.map((k) => {
          const percent = passAtK?.get(k);
          return percent === undefined ? empty : percentCell(percent / 100);
        }),
      ];
    }),
  );
};

/** The paper's Table 1 in the same form. */
export const publishedTable: Table = {
  title: "The paper's Table 1: Pass@k in percent of Qwen2.5-Math-7B (arXiv 2506.01347)",
  notes: [
    "256 samples a problem at temperature 0.6, top-p 0.95. The paper reports the checkpoint that is best on the MATH test set; " +
    "nothing is selected here.",
  ],
  blockColumn: "Evaluation",
  columns: columns(publishedKs),
  blocks: [...new Set(publishedRows.map(({ task }) => task))].map((task) => ({
    label: publishedName(task),
    rows: publishedCells(task, publishedKs),
  })),
};

/** The units resampled for the intervals, if there are any: problems, and cells (bases x seeds) if numbers are means of several. */
const intervalsOf = (rows: ReadonlyArray<EvaluationRow>): string | undefined => {
  if (!rows.some(({ low, high }) => low !== undefined && high !== undefined)) return undefined;
  const counts = rows.flatMap(({ cells }) => cells ?? []);
  if (counts.length === 0) return "Below each number: the 95 % bootstrap interval over problems.";
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  return `Each number is the mean of ${
    fewest === most ? most : `${fewest} to ${most}`
  } cells, each a base and a seed (of the untrained base a seed of its samples). ` +
    "Below it: the 95 % bootstrap interval over problems and cells.";
};

/** Table 1 of a study, and the paper's. */
export const table1 = tableReport({
  name: "table-1",
  summary: "Pass@k of every model, evaluation by evaluation, and the paper's Table 1",
  row: EvaluationRow,
  needs: ["k", "passAtK"],
  build: (rows) =>
    Result.map(evaluationBlocks(rows), (blocks) => {
      return [studyTable(blocks, ksOf(rows), intervalsOf(rows)), publishedTable];
    }),
});
