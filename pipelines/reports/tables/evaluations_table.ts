/**
 * Evaluations side by side: Pass@k and greedy accuracy above the paper's Table 1 for the task; cons@k, lengths and the share that was cut off; Pass@k of each
 * part of the problems. Rows are runs; those with the same sampling share a block.
 */
import { Result } from "effect";
import { type EvaluationBlock, evaluationBlocks, ksOf } from "./evaluation_blocks.ts";
import { tableReport } from "../report.ts";
import { EvaluationRow } from "../../records/rows.ts";
import { publishedName } from "../series.ts";
import { type Block, type Cell, columnsUnder, empty, numberCell, percentCell, type Table, textCell } from "./table.ts";
import { blockOf, passBlock, publishedCells } from "./table_1.ts";

const consCell = ({ consAtK }: EvaluationRow): Cell => consAtK === undefined ? empty : percentCell(consAtK);

const lengthCells = ({ meanResponseLength, truncatedRatio }: EvaluationRow): ReadonlyArray<Cell> => [
  meanResponseLength === undefined ? empty : { text: meanResponseLength.toFixed(1), value: meanResponseLength },
  truncatedRatio === undefined ? empty : percentCell(truncatedRatio),
];

/** Greedy accuracy as a further column, where any of the evaluations has it. */
const greedyColumn = (blocks: ReadonlyArray<EvaluationBlock>) => {
  const rows = blocks.flatMap((block) => block.series.flatMap(({ label }) => block.at(label, block.ks[0]) ?? []));
  const isThere = rows.some(({ greedyAccuracy }) => greedyAccuracy !== undefined);
  return {
    names: isThere ? ["greedy"] : [],
    blank: isThere ? [empty] : [],
    cells: ({ greedyAccuracy, greedyLow, greedyHigh }: EvaluationRow): ReadonlyArray<Cell> =>
      !isThere ? [] : [greedyAccuracy === undefined ? empty : percentCell(greedyAccuracy, greedyLow, greedyHigh)],
  };
};

const greedyNote = "greedy: the share of problems that one response at temperature 0 solves.";

const passTable = (blocks: ReadonlyArray<EvaluationBlock>, ks: ReadonlyArray<number>): Table => {
  const greedy = greedyColumn(blocks);
  const published = [...new Set(blocks.flatMap(({ task }) => task ?? []))].flatMap((task): ReadonlyArray<Block> => {
    const rows = publishedCells(task, ks).map((cells) => [...cells, ...greedy.blank]);
    return rows.length === 0 ? [] : [{ label: `${publishedName(task)} in the paper, Qwen2.5-Math-7B`, rows }];
  });
  return {
    title: "Pass@k in percent",
    notes: [
      "Below each number: the 95 % bootstrap interval over problems.",
      ...(greedy.names.length === 0 ? [] : [greedyNote]),
      ...(published.length === 0 ? [] : [
        "The paper's numbers (Table 1, arXiv 2506.01347): 256 samples at temperature 0.6 and top-p 0.95, of the checkpoint that is best " +
        "on the MATH test set.",
      ]),
    ],
    blockColumn: "Evaluation",
    columns: columnsUnder("Model", [...ks.map((k) => `Pass@${k}`), ...greedy.names]),
    blocks: [
      ...blocks.map((block) => passBlock(block, ks, greedy.cells)),
      ...published,
    ],
  };
};

const consTable = (blocks: ReadonlyArray<EvaluationBlock>, ks: ReadonlyArray<number>): Table => ({
  title: "cons@k (majority of k responses) in percent, and length",
  notes: [
    "cons@1 is Pass@1. Length: mean tokens of a response, where they were counted; cut off: percent of responses that were too long.",
  ],
  blockColumn: "Evaluation",
  columns: columnsUnder("Model", [...ks.map((k) => `cons@${k}`), "length", "cut off %"]),
  blocks: blocks.map((block) => blockOf(block, ks, consCell, lengthCells)),
});

const partTitle = "Pass@k in percent by part of the problems";

/** The columns of parts after those of Pass@k: greedy accuracy where it was measured, and lengths. */
const partColumns = (blocks: ReadonlyArray<EvaluationBlock>) => {
  const greedy = greedyColumn(blocks);
  return {
    names: [...greedy.names, "length", "cut off %"],
    cells: (row: EvaluationRow): ReadonlyArray<Cell> => [
      ...greedy.cells({ ...row, greedyLow: undefined, greedyHigh: undefined }),
      ...lengthCells(row),
    ],
  };
};

/** The parts of one run, one row each. */
const partRows = (blocks: ReadonlyArray<EvaluationBlock>, ks: ReadonlyArray<number>): Table => ({
  title: partTitle,
  notes: [],
  blockColumn: "Evaluation",
  columns: columnsUnder("Part", ["problems", ...ks.map((k) => `Pass@${k}`), ...partColumns(blocks).names]),
  blocks: [...Map.groupBy(blocks, ({ task, evaluation }) => [task ?? [], evaluation ?? []].flat().join(", "))].map((
    [label, members],
  ) => ({
    ...(label === "" ? {} : { label }),
    rows: members.map((block) => {
      const [cells] = blockOf(block, ks, ({ passAtK }) => percentCell(passAtK), partColumns(blocks).cells).rows;
      const { slice = "", problems } = block;
      return [textCell(slice), problems === undefined ? empty : numberCell(problems), ...cells.slice(1)];
    }),
  })),
});

/** The parts of several runs, one block each. */
const partBlocks = (blocks: ReadonlyArray<EvaluationBlock>, ks: ReadonlyArray<number>): Table => ({
  title: partTitle,
  notes: [],
  blockColumn: "Part",
  columns: columnsUnder("Model", [...ks.map((k) => `Pass@${k}`), ...partColumns(blocks).names]),
  blocks: blocks.map((block) => blockOf(block, ks, ({ passAtK }) => percentCell(passAtK), partColumns(blocks).cells)),
});

/** The tables of some evaluations. */
export const evaluationsTable = tableReport({
  name: "evaluations",
  summary: "Evaluations side by side with the paper's numbers: Pass@k, cons@k, lengths, by level and type",
  row: EvaluationRow,
  needs: ["k", "passAtK"],
  build: (rows) =>
    Result.map(evaluationBlocks(rows), (blocks) => {
      const ks = ksOf(rows);
      const whole = blocks.filter(({ slice }) => slice === undefined);
      const parts = blocks.filter(({ slice }) => slice !== undefined);
      const voted = rows.some(({ consAtK, meanResponseLength }) =>
        consAtK !== undefined || meanResponseLength !== undefined
      );
      return [
        ...(whole.length > 0 ? [passTable(whole, ks)] : []),
        ...(whole.length > 0 && voted ? [consTable(whole, ks)] : []),
        ...(parts.length > 0
          ? [(parts.every(({ series }) => series.length === 1) ? partRows : partBlocks)(parts, ks)]
          : []),
      ];
    }),
});
