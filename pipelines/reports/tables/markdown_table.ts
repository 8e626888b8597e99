/** A table as Markdown for GitHub: best bold, second underlined, intervals small below their number. */
import { type Cell, type Marks, styled, type Table } from "./table.ts";

/** Escapes text for Markdown, so that it makes no markup and no link, not even from an address. */
export const markdownText = (text: string): string =>
  text.replaceAll("\n", " ")
    .replaceAll(/&(?=#?\w+;)/g, "&amp;")
    .replaceAll(/[\\|*`<]|~(?=~)|(?<=~)~|(?<!\w)_|_(?!\w)/g, (sign) => sign === "<" ? "&lt;" : `\\${sign}`)
    .replaceAll(/\](?=[(\[:])/g, "\\]")
    .replaceAll(/\b(https?|ftp|mailto|xmpp):/gi, "$1\\:")
    .replaceAll(/\bwww\./gi, (found) => `${found.slice(0, -1)}\\.`)
    .replaceAll(/(?<=[\w.+-])@(?=[\w-]+\.\w*[a-z])/gi, "\\@");

/** A table as Markdown text. */
export const markdownTable = (table: Table): string => {
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
