/** Pass@k on a page: in a few sentences, as curves, as Table 1 above the paper's, and as a trade-off. */
import { percentText } from "../figures/shares.ts";
import { Result } from "effect";
import { table1 as publishedRows } from "../../../data/paper/published.ts";
import { figure2, nameOfBlock, tradePanels } from "../figures/figure_2.ts";
import { type EvaluationBlock, evaluationBlocks, ksOf } from "../tables/evaluation_blocks.ts";
import type { EvaluationRow } from "../../records/rows.ts";
import { publishedName, type Series, seriesIn } from "../series.ts";
import { type Block, type Cell, marksNote, type Table } from "../tables/table.ts";
import { publishedCells, table1 } from "../tables/table_1.ts";
import { type Html, markup } from "./html.ts";
import { htmlTable, type Remark } from "./html_table.ts";
import { figure } from "./figure.ts";

/** The difference of a cell from its block's base model, as a class with steps. */
const besideBase = (cell: Cell, column: number, block: Block): Remark | undefined => {
  const [base] = block.rows;
  const [name, zero] = [base[0].text, base[column]?.value];
  if (name !== "Base model" || base.includes(cell) || typeof zero !== "number" || typeof cell.value !== "number") {
    return;
  }
  const difference = Number(cell.text) - Number(base[column].text);
  const size = Math.min(3, Math.ceil(Math.abs(difference) / 4));
  if (Math.abs(difference) < 0.05) return { name: "same", said: "as the base model" };
  const words = `${Math.abs(difference).toFixed(1)} points ${difference > 0 ? "above" : "below"} the base model`;
  return { name: `${difference > 0 ? "above" : "below"} d${size}`, said: words };
};

const shading = "Shaded by the difference from the base model of the block; ▾ is below it.";

const publishedBlocks = (ks: ReadonlyArray<number>): ReadonlyArray<Block> =>
  [...new Set(publishedRows.map(({ task }) => task))].flatMap((task) => {
    const rows = publishedCells(task, ks);
    return rows.some((row) => row.some(({ value }) => typeof value === "number"))
      ? [{ label: `The paper: ${publishedName(task)}, Qwen2.5-Math-7B`, rows }]
      : [];
  });

/** A table's notes; that about marks says what they are of, which the written tables leave to their intervals. */
const notesOf = ({ notes }: Table): ReadonlyArray<string> =>
  notes.map((note) =>
    note === marksNote ? `${note} The marks are of point estimates: a small difference may be chance.` : note
  );

/** The study's blocks, those of all problems first, then the paper's at the same k. */
const besidePaper = (rows: ReadonlyArray<EvaluationRow>, table: Table): Table => {
  const published = publishedBlocks(ksOf(rows));
  const notes = [
    ...notesOf(table),
    shading,
    ...(published.length === 0 ? [] : [
      "The paper's blocks are its Table 1 (arXiv 2506.01347): 256 samples at temperature 0.6 and top-p 0.95, of the checkpoint that is " +
      "best on the MATH test set. Nothing is selected in this study, and its model and task are others: compare the order of the methods, " +
      "not the numbers.",
    ]),
  ];
  return { ...table, notes, blocks: [...table.blocks, ...published] };
};

const over = (rows: ReadonlyArray<EvaluationRow>): string =>
  rows.some(({ cells }) => cells !== undefined) ? "problems and models (bases × seeds)" : "problems";

const first = <A>(list: ReadonlyArray<A>): A => list[0];

/** The leading models at the smallest and at the largest k, in sentences. */
const inShort = (blocks: ReadonlyArray<EvaluationBlock>): Html => {
  const lead = (block: EvaluationBlock, k: number): Html => {
    const ranked = block.series
      .flatMap(({ label, name }) => {
        const row = block.at(label, k);
        return row === undefined ? [] : [{ name, row }];
      })
      .sort((a, b) => b.row.passAtK - a.row.passAtK);
    const best = first(ranked);
    const ties = ranked.filter(({ row }) => percentText(row.passAtK) === percentText(best.row.passAtK));
    const base = block.series.find(({ label }) => label === "base");
    const start = base && block.at(base.label, k);
    const names = ties.length === ranked.length && ranked.length > 2
      ? "all models alike"
      : ties.map(({ name }) => name).join(", ");
    return markup`<div><dt>Pass@${k}</dt><dd><b>${
      percentText(
        best.row.passAtK,
      )
    } %</b> <span>${names}</span>${
      start === undefined || ties.some(({ name }) => name === base?.name)
        ? undefined
        : markup`<span class="faint">base ${percentText(start.passAtK)} %</span>`
    }</dd></div>
`;
  };
  return markup`<div class="cards">${
    blocks.filter(({ series }) => series.length > 1).map((block) =>
      markup`<section class="card"><h3>${nameOfBlock(block)}</h3>
<dl>${[...new Set([first(block.ks), block.ks[block.ks.length - 1]])].map((k) => lead(block, k))}</dl>
<p class="note">Highest point estimate; intervals are in Table 1.</p></section>
`
    )
  }</div>
`;
};

/** Pass@k of the ablations, one block per condition, or a fault of the rows; undefined if there are none. */
export const ablationsSection = (rows: ReadonlyArray<EvaluationRow>): Result.Result<Html | undefined, string> =>
  rows.length === 0
    ? Result.succeed(undefined)
    : Result.map(table1.build(rows), ([table]) =>
      markup`<p>Each block changes the main condition in one thing, named after the evaluation; the base is the same. What the changes are is in <a href="#settings">What was run</a>, what they were asked in <a href="#claims">the claims</a>.</p>
${
        htmlTable({ ...table, notes: [...notesOf(table), shading] }, {
          id: "ablations-table",
          caption: "Ablations: Pass@k in percent",
          remark: besideBase,
        })
      }`);

/** The parts of the section, or a fault of the rows; `traded` adds the figure of the trade-off between few and many responses. */
export const evaluationSection = (
  rows: ReadonlyArray<EvaluationRow>,
  series: ReadonlyArray<Series>,
  traded: boolean,
): Result.Result<{ readonly short: Html; readonly body: Html }, string> =>
  Result.gen(function* () {
    const blocks = yield* evaluationBlocks(rows);
    const [table] = yield* table1.build(rows);
    const whole = blocks.filter(({ slice }) => slice === undefined);
    const parts = blocks.filter(({ slice }) => slice !== undefined);
    const ordered = [...whole, ...parts].map((block) => table.blocks[blocks.indexOf(block)]);
    const shown = seriesIn(rows, series);
    const chart = yield* figure2.build(rows, shown);
    const hasIntervals = rows.some(({ low, high }) => low !== undefined && high !== undefined);
    const trades = traded ? whole.flatMap((block) => tradePanels(block, shown)) : [];
    return {
      short: inShort(whole),
      body: markup`${
        figure({
          id: "figure-2",
          chart,
          caption: markup`<b>Pass@k against k</b>, as Figure 2 of the paper.${
            hasIntervals ? ` Bars: 95 % bootstrap interval over ${over(rows)}, side by side around their k.` : undefined
          } The numbers are in Table 1.`,
        })
      }${
        trades.length === 0 ? undefined : figure({
          id: "trade",
          chart: { series: shown, panels: trades, lines: false },
          caption:
            markup`<b>What is traded for what</b>: the largest k against the smallest; up and to the right is better.${
              hasIntervals ? " Bars: 95 % interval of the largest k." : undefined
            }`,
        })
      }<h3>Table 1</h3>${
        htmlTable(besidePaper(rows, { ...table, blocks: ordered }), {
          id: "table-1",
          caption: "Table 1. Pass@k in percent, and the paper's numbers",
          remark: besideBase,
          blockClass: ({ label }) => label?.startsWith("The paper:") ? "published" : undefined,
        })
      }`,
    };
  });
