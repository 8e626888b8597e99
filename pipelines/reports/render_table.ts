/**
 * Tables as text: for a terminal, for a page (Markdown), for a paper (LaTeX), for programs (CSV, JSON). The first three show the rounded
 * text, the other two the numbers behind it, in the same unit.
 */
import type { Settings } from "../settings.ts";
import { csvTables } from "./csv_table.ts";
import { latexTable } from "./latex_table.ts";
import { markdownTable } from "./markdown_table.ts";
import type { Table } from "./table.ts";
import { terminalTable } from "./terminal_table.ts";

/** How tables are written; `isTerminal` says whether the reader understands bold and underlined. */
export interface Rendering {
  readonly format: Settings["format"];
  readonly isTerminal: boolean;
}

/** Some tables as the text of one format, with a newline at the end. */
export const renderTables = (tables: ReadonlyArray<Table>, { format, isTerminal }: Rendering): string => {
  switch (format) {
    case "terminal":
      return tables.map((table) => terminalTable(table, isTerminal)).join("\n");
    case "markdown":
      return tables.map(markdownTable).join("\n");
    case "latex":
      return tables.map(latexTable).join("\n");
    case "csv":
      return csvTables(tables);
    case "json":
      return `${JSON.stringify(tables, null, 2)}\n`;
  }
};
