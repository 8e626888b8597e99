/**
 * Tables as text: for a terminal, for a page (Markdown as GitHub reads it), for a paper (LaTeX with booktabs), for programs (CSV, JSON). The
 * first three show the rounded text, the other two the numbers behind it, in the same unit. On a terminal the best is bold and the second
 * underlined; in a pipe they are marked ** and __ and nothing is coloured.
 */
import CliTable from "cli-table3";
import { stringify } from "csv-stringify/sync";
import type { Settings } from "../settings.ts";
import type { Cell, Table } from "./table.ts";

/** How text is written; `isTerminal` says whether stdout understands bold and underlined. */
export interface Rendering {
  readonly format: Settings["format"];
  readonly isTerminal: boolean;
}

const escape = (on: number, off: number) => (text: string) => `\x1b[${on}m${text}\x1b[${off}m`;

interface Marks {
  readonly best: (text: string) => string;
  readonly second: (text: string) => string;
}

const styled = ({ text, mark }: Cell, marks: Marks, plain: (text: string) => string = (text) => text): string =>
  mark === undefined ? plain(text) : marks[mark](plain(text));

const border = ["top", "bottom", "left", "right", "mid"];
const noBorder = Object.fromEntries(
  [...border, ...border.flatMap((side) => border.map((end) => `${side}-${end}`)), "middle"].map((part) => [part, ""]),
);

const terminal = (table: Table, isTerminal: boolean): string => {
  const marks: Marks = isTerminal
    ? { best: escape(1, 22), second: escape(4, 24) }
    : { best: (text) => `**${text}**`, second: (text) => `__${text}__` };
  const small = isTerminal ? escape(2, 22) : (text: string) => text;
  const drawn = new CliTable({
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
    chars: noBorder,
    colAligns: table.columns.map(({ align }) => align),
  });
  // What has a rule below it, by the number of lines drawn so far: the head, and each block.
  const ruled = new Set([1]);
  let lines = 1;
  drawn.push(table.columns.map(({ name }) => name));
  for (const { label, rows } of table.blocks) {
    if (label !== undefined) drawn.push([{ content: label, colSpan: table.columns.length }]);
    for (const row of rows) {
      drawn.push(
        row.map((cell) =>
          cell.interval === undefined ? styled(cell, marks) : `${styled(cell, marks)}\n${small(cell.interval)}`
        ),
      );
      lines += row.some(({ interval }) => interval !== undefined) ? 2 : 1;
    }
    lines += label === undefined ? 0 : 1;
    ruled.add(lines);
  }
  const body = drawn.toString().split("\n");
  const rule = "─".repeat(Math.max(...body.map((text) => widthOf(text.trimEnd()))));
  return [
    ...(table.title === undefined ? [] : [table.title]),
    rule,
    ...body.flatMap((text, i) => ruled.has(i + 1) ? [text.trimEnd(), rule] : [text.trimEnd()]),
    ...table.notes,
    "",
  ].join("\n");
};

// deno-lint-ignore no-control-regex
const widthOf = (text: string): number => text.replaceAll(/\x1b\[\d+m/g, "").length;

const markdownText = (text: string): string =>
  text.replaceAll("\n", " ").replaceAll(/[\\|*`<]/g, (sign) => sign === "<" ? "&lt;" : `\\${sign}`);

const markdown = (table: Table): string => {
  const marks: Marks = { best: (text) => `**${text}**`, second: (text) => `<ins>${text}</ins>` };
  const line = (cells: ReadonlyArray<string>) => `| ${cells.join(" | ")} |`;
  const cell = (one: Cell) =>
    styled(one, marks, markdownText) +
    (one.interval === undefined ? "" : `<br><sub>${markdownText(one.interval)}</sub>`);
  return [
    ...(table.title === undefined ? [] : [`**${markdownText(table.title)}**`, ""]),
    line(table.columns.map(({ name }) => markdownText(name))),
    line(table.columns.map(({ align }) => align === "right" ? "--:" : ":--")),
    ...table.blocks.flatMap(({ label, rows }) => [
      ...(label === undefined ? [] : [line(table.columns.map((_, i) => i === 0 ? `*${markdownText(label)}*` : ""))]),
      ...rows.map((row) => line(row.map(cell))),
    ]),
    ...table.notes.flatMap((note) => ["", markdownText(note)]),
    "",
  ].join("\n");
};

const latexSigns: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "\\textless{}",
  ">": "\\textgreater{}",
  "–": "--",
};

const latexText = (text: string): string =>
  text.replaceAll("\n", " ").replaceAll(/[\\~^<>–&%$#_{}]/g, (sign) => latexSigns[sign] ?? `\\${sign}`);

const latex = (table: Table): string => {
  const marks: Marks = { best: (text) => `\\textbf{${text}}`, second: (text) => `\\underline{${text}}` };
  const line = (cells: ReadonlyArray<string>) => `    ${cells.join(" & ")} \\\\`;
  const rowLines = (row: ReadonlyArray<Cell>) => [
    line(row.map((cell) => styled(cell, marks, latexText))),
    ...(row.some(({ interval }) => interval !== undefined)
      ? [line(row.map(({ interval }) => interval === undefined ? "" : `{\\tiny ${latexText(interval)}}`))]
      : []),
  ];
  const caption = [table.title ?? [], table.notes].flat().map(latexText).join(" ");
  return [
    "\\begin{table}",
    "  \\centering",
    ...(caption === "" ? [] : [`  \\caption{${caption}}`]),
    `  \\begin{tabular}{${table.columns.map(({ align }) => align[0]).join("")}}`,
    "    \\toprule",
    line(table.columns.map(({ name }) => latexText(name))),
    ...table.blocks.flatMap(({ label, rows }) => [
      "    \\midrule",
      ...(label === undefined
        ? []
        : [`    \\multicolumn{${table.columns.length}}{l}{\\emph{${latexText(label)}}} \\\\`]),
      ...rows.flatMap(rowLines),
    ]),
    "    \\bottomrule",
    "  \\end{tabular}",
    "\\end{table}",
    "",
  ].join("\n");
};

/** All tables as one sheet: one line a row, one column a number and one for each end of an interval. */
const csv = (tables: ReadonlyArray<Table>): string => {
  const records = tables.flatMap(({ title, blockColumn, columns, blocks }) =>
    blocks.flatMap(({ label, rows }) =>
      rows.map((row): Record<string, Cell["value"]> => ({
        ...(tables.length > 1 && title !== undefined ? { table: title } : {}),
        ...(label === undefined ? {} : { [blockColumn ?? "block"]: label }),
        ...Object.fromEntries(columns.flatMap(({ name }, i) => {
          const { value, low, high } = row[i];
          const interval = low === undefined ? [] : [[`${name} low`, low], [`${name} high`, high]];
          return [[name, value], ...interval];
        })),
      }))
    )
  );
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  return stringify([names, ...records.map((record) => names.map((name) => record[name]))], {
    cast: { boolean: (value) => String(value) },
  });
};

/** Some tables as the text of one format, with a newline at the end. */
export const renderTables = (tables: ReadonlyArray<Table>, { format, isTerminal }: Rendering): string => {
  switch (format) {
    case "terminal":
      return tables.map((table) => terminal(table, isTerminal)).join("\n");
    case "markdown":
      return tables.map(markdown).join("\n");
    case "latex":
      return tables.map(latex).join("\n");
    case "csv":
      return csv(tables);
    case "json":
      return `${JSON.stringify(tables, null, 2)}\n`;
  }
};
