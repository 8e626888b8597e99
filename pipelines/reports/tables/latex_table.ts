/** A table as LaTeX with the package booktabs: best bold, second underlined, intervals in a small line below. */
import { type Cell, type Marks, styled, type Table } from "./table.ts";

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

/** A table as a LaTeX `table` environment. */
export const latexTable = (table: Table): string => {
  const marks: Marks = { best: (text) => `\\textbf{${text}}`, second: (text) => `\\underline{${text}}` };
  const line = (cells: ReadonlyArray<string>) => `    ${cells.join(" & ")} \\\\`;
  const rowLines = (row: ReadonlyArray<Cell>) => [
    line(row.map((cell) => styled(cell, marks, latexText))),
    ...(row.some(({ interval }) => interval !== undefined)
      ? [line(row.map(({ interval }) => interval === undefined ? "" : `{\\tiny ${latexText(interval)}}`))]
      : []),
  ];
  const caption = [table.title?.replace(/[^.?!]$/, "$&.") ?? [], table.notes].flat().map(latexText).join(" ");
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
