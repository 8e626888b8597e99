/**
 * Tables as text: for a terminal, as Markdown, LaTeX, CSV or JSON. The first three show the rounded text, the other two the numbers behind
 * it, in the same unit. Record text cannot act: control characters are shown as codes except in JSON, which escapes them, and each format
 * escapes its special characters.
 */
import type { Settings } from "../../settings/settings.ts";
import { csvTables } from "./csv_table.ts";
import { latexTable } from "./latex_table.ts";
import { markdownTable } from "./markdown_table.ts";
import { visible } from "../../files/plain_text.ts";
import type { Cell, Table } from "./table.ts";
import { terminalTable } from "./terminal_table.ts";

/** The format of tables; `isTerminal` says whether bold and underline are supported. */
export interface Rendering {
  readonly format: Settings["format"];
  readonly isTerminal: boolean;
}

const shownCell = (cell: Cell): Cell => ({
  ...cell,
  text: visible(cell.text),
  ...(typeof cell.value === "string" && { value: visible(cell.value) }),
});

/** A table without control characters. */
const shown = (table: Table): Table => ({
  ...table,
  ...(table.title !== undefined && { title: visible(table.title) }),
  notes: table.notes.map(visible),
  columns: table.columns.map((column) => ({ ...column, name: visible(column.name) })),
  blocks: table.blocks.map(({ label, rows }) => ({
    ...(label !== undefined && { label: visible(label) }),
    rows: rows.map((row) => row.map(shownCell)),
  })),
});

/** Some tables as text in one format, with a newline at the end. */
export const renderTables = (given: ReadonlyArray<Table>, { format, isTerminal }: Rendering): string => {
  if (format === "json") return `${JSON.stringify(given, null, 2)}\n`;
  const tables = given.map(shown);
  switch (format) {
    case "terminal":
      return tables.map((table) => terminalTable(table, isTerminal)).join("\n");
    case "markdown":
      return tables.map(markdownTable).join("\n");
    case "latex":
      return tables.map(latexTable).join("\n");
    case "csv":
      return csvTables(tables);
  }
};
