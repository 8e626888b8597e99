import assert from "node:assert/strict";
import { Result } from "effect";
import { table1 as published } from "../../../../data/paper/published.ts";
import { claims } from "../../../../pipelines/reports/tables/claims.ts";
import { dynamicsTable } from "../../../../pipelines/reports/tables/dynamics_table.ts";
import { flatTable } from "../../../../pipelines/reports/tables/flat_table.ts";
import { renderTables } from "../../../../pipelines/reports/tables/render_table.ts";
import { publishedName, seriesName, seriesOf } from "../../../../pipelines/reports/series.ts";
import {
  marked,
  marksNote,
  numberCell,
  percentCell,
  type Table,
  textCell,
} from "../../../../pipelines/reports/tables/table.ts";
import { publishedTable, table1 } from "../../../../pipelines/reports/tables/table_1.ts";
import { algorithms } from "../../../../pipelines/algorithms/mod.ts";
import { dynamics, evaluations } from "../study_rows.ts";

const marks = (rows: ReadonlyArray<ReadonlyArray<number>>) =>
  marked(rows.map((row) => row.map((share) => percentCell(share)))).map((row) => row.map(({ mark }) => mark));

Deno.test("a percent cell has one digit, its interval, and the numbers behind them", () => {
  assert.deepEqual(percentCell(0.694, 0.65, 0.73), {
    text: "69.4",
    value: 69.4,
    low: 65,
    high: 73,
    interval: "65.0–73.0",
  });
  assert.deepEqual(percentCell(1), { text: "100.0", value: 100 });
});

Deno.test("best and second best are marked, and what is printed alike shares its mark", () => {
  assert.deepEqual(marks([[0.5], [0.7], [0.6]]), [[undefined], ["best"], ["second"]]);
  assert.deepEqual(marks([[0.70001], [0.70002], [0.6]]), [["best"], ["best"], ["second"]]);
  assert.deepEqual(marks([[0.5, 0.1], [0.5, 0.2]]), [["best", "second"], ["best", "best"]]);
  assert.deepEqual(marks([[0.5]]), [[undefined]]);
});

Deno.test("series are the base, then the registry's order, then other labels, each with a style of its own", () => {
  const names = [...Object.keys(algorithms)].reverse();
  const series = seriesOf([
    { label: "nsr seed 2", algorithm: "nsr" },
    ...names.map((algorithm) => ({ algorithm })),
    { algorithm: "base" },
    { label: "mine" },
  ]);
  assert.deepEqual(series.map(({ label }) => label).filter((label) => label in algorithms), Object.keys(algorithms));
  assert.equal(series[0].name, "Base model");
  assert.equal(series.at(-1)?.label, "mine");
  assert.equal(new Set(series.map(({ style }) => JSON.stringify(style))).size, series.length);
  const alone = seriesOf([{ algorithm: "psr" }]);
  assert.deepEqual(alone[0].style, series.find(({ label }) => label === "psr")?.style);
});

Deno.test("a table for a terminal folds its heads and texts until a line has at most 100 characters", () => {
  const labels = ["grpo", "nsr", "psr"].map((name) => `${name}, learning rate 0.0003, steps 12`);
  const draw = (names: ReadonlyArray<string>) =>
    renderTables([{
      notes: [],
      columns: ["Setting", ...names].map((name) => ({ name, align: "left" })),
      blocks: [{ rows: [["model", ...names].map(textCell)] }],
    }], { format: "terminal", isTerminal: false }).trimEnd().split("\n");
  const [wide, narrow] = [draw(labels), draw(labels.slice(0, 1))];
  assert.ok(wide.every(({ length }) => length <= 100), wide.join("\n"));
  const rules = wide.flatMap((line, i) => line.startsWith("─") ? [i] : []);
  assert.deepEqual(rules, [0, 3, 6]);
  assert.equal(narrow.length, 5);
  assert.ok(narrow[1].endsWith(labels[0]));
});

Deno.test("table-1 has a block for each evaluation and slice, its rows in the order of the registry", () => {
  const [study, paper] = Result.getOrThrow(table1.build(evaluations));
  assert.deepEqual(study.blocks.map(({ label }) => label), [
    "countdown, T 0.6, 128 problems",
    "countdown, T 0.6, hard slice, 28 problems",
    "countdown, T 1, 128 problems",
  ]);
  assert.deepEqual(study.columns.map(({ name }) => name), ["Method", "Pass@1", "Pass@16", "Pass@256"]);
  const [block] = study.blocks;
  assert.deepEqual(block.rows.map((row) => row.map(({ text, mark }) => `${text}${mark ? ` ${mark}` : ""}`)), [
    ["Base model", "56.2", "84.1 second", "99.2 best"],
    ["PPO", "72.8 best", "85.0 best", "94.1"],
    ["NSR", "69.4 second", "85.0 best", "96.0 second"],
  ]);
  assert.equal(paper, publishedTable);
});

Deno.test("the paper's Table 1 is printed as published, with its selection named", () => {
  assert.deepEqual(publishedTable.blocks.map(({ label }) => label), ["MATH", "AIME 2025", "AMC 23"]);
  const printed = new Map(
    publishedTable.blocks.flatMap(({ label, rows }) =>
      rows.map(([method, ...cells]) => [`${label} ${method.text}`, cells.map(({ text }) => text)] as const)
    ),
  );
  assert.equal(printed.size, published.length);
  for (const { task, method, passAtK } of published) {
    const row = printed.get(`${publishedName(task)} ${seriesName(method)}`);
    assert.deepEqual(row, [...passAtK.values()].map((percent) => percent.toFixed(1)), `${task} ${method}`);
  }
  assert.match(publishedTable.notes.join(" "), /best on the MATH test set/);
});

Deno.test("a missing number is a dash, and rows that cannot be are refused", () => {
  const [first, ...others] = evaluations;
  const [study] = Result.getOrThrow(table1.build([{ ...first, k: 2 }, ...others]));
  assert.deepEqual(study.blocks[0].rows[2].map(({ text }) => text), ["NSR", "–", "69.4", "85.0", "96.0"]);
  const refusal = (rows: typeof evaluations) => Result.getOrThrow(Result.flip(table1.build(rows)));
  assert.match(refusal([first, first]), /two rows for one model at one k, model "nsr", evaluation "T 0.6", k 1/);
  assert.match(refusal([{ ...first, passAtK: 69.4 }]), /passAtK from 0 to 1, found .*69.4/);
  assert.match(refusal([]), /no rows/);
});

Deno.test("claims are answered from the paper's numbers and the study's, and left open where a method is missing", () => {
  const [table] = Result.getOrThrow(claims.build(evaluations.filter(({ slice }) => slice !== "hard")));
  const rows = table.blocks[0].rows.map((row) => row.map(({ text }) => text));
  assert.deepEqual(table.columns.map(({ name }) => name).slice(2), [
    "paper: MATH",
    "paper: AIME 2025",
    "paper: AMC 23",
    "T 0.6",
    "T 1",
  ]);
  assert.deepEqual(rows[0].slice(2), ["yes", "yes", "yes", "no", "no"]);
  assert.equal(rows[2][5], "–");
});

Deno.test("the dynamics table has the first and the last tested step and the mean of the last batches", () => {
  const [table] = Result.getOrThrow(dynamicsTable.build(dynamics));
  assert.deepEqual(table.blocks[0].rows.map((row) => row.map(({ text }) => text)), [
    ["PPO", "30", "60.0", "70.0", "0.435", "0.375", "52.8", "19.5"],
    ["NSR", "30", "60.0", "70.0", "0.435", "0.405", "52.8", "18.5"],
  ]);
});

Deno.test("any records are a plain table of their scalar fields", () => {
  const rows = [{ a: 1, b: 0.123456, list: [1] }, { a: 2, c: "x", group: { d: 1 }, e: true }];
  const tables = Result.getOrThrow(flatTable.build(rows));
  assert.equal(renderTables(tables, { format: "csv", isTerminal: false }), "a,b,c,e\n1,0.123456,,\n2,,x,true\n");
  const rule = "─".repeat(18);
  assert.equal(
    renderTables(tables, { format: "terminal", isTerminal: false }),
    [rule, "a       b  c     e", rule, "1  0.1235  –     –", "2       –  x  true", rule, ""].join("\n"),
  );
});

const sample: Table = {
  title: "A & B",
  notes: ["50 % of a_b"],
  blockColumn: "Evaluation",
  columns: [{ name: "Method", align: "left" }, { name: "Pass@1", align: "right" }],
  blocks: [
    { label: "T 1", rows: marked([[textCell("x|y"), percentCell(0.5, 0.4, 0.6)], [textCell("z"), percentCell(0.25)]]) },
    { label: "T 2", rows: [[textCell("z"), numberCell(3)]] },
  ],
};

Deno.test("a piped terminal table is plain text, one on a terminal marks by bold and underlined", () => {
  const piped = renderTables([sample], { format: "terminal", isTerminal: false });
  assert.match(piped, /x\|y +50\.0\n +40\.0–60\.0\n/);
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(piped, /\*\*|__|\x1b/);
  const noted = { ...sample, notes: [marksNote, "kept"] };
  assert.doesNotMatch(renderTables([noted], { format: "terminal", isTerminal: false }), /marked/);
  assert.match(renderTables([noted], { format: "terminal", isTerminal: true }), /marked[^]*kept/);
  const shown = renderTables([sample], { format: "terminal", isTerminal: true });
  assert.ok(shown.includes("\x1b[1m50.0\x1b[22m") && shown.includes("\x1b[4m25.0\x1b[24m"));
  // deno-lint-ignore no-control-regex
  const widths = shown.replaceAll(/\x1b\[\d+m/g, "").split("\n").map((line) => line.length);
  assert.equal(new Set(widths.filter((_, i) => [2, 5, 6].includes(i))).size, 1);
});

Deno.test("Markdown, LaTeX, CSV and JSON each escape what would mean something to them", () => {
  const render = (format: "markdown" | "latex" | "csv" | "json") =>
    renderTables([sample], { format, isTerminal: true });
  assert.ok(render("markdown").includes("| x\\|y | **50.0**<br><sub>40.0–60.0</sub> |\n| z | <ins>25.0</ins> |"));
  const latex = render("latex");
  assert.ok(latex.includes("\\caption{A \\& B. 50 \\% of a\\_b}"));
  assert.ok(
    latex.includes("x|y & \\textbf{50.0} \\\\\n     & {\\tiny 40.0--60.0} \\\\\n    z & \\underline{25.0} \\\\"),
  );
  assert.equal(
    render("csv"),
    "Evaluation,Method,Pass@1,Pass@1 low,Pass@1 high\nT 1,x|y,50,40,60\nT 1,z,25,,\nT 2,z,3,,\n",
  );
  assert.deepEqual(JSON.parse(render("json")), JSON.parse(JSON.stringify([sample])));
});
