/**
 * A table for a terminal: rules above and below the head and each block, long text folded, the more so where the table is wide. On a
 * terminal the best is bold, the second underlined and the interval faint; piped text is plain: it has no marks, no note about them and no
 * escape code.
 */
import CliTable from "cli-table3";
import { clearBestNote, type Marks, marksNote, styled, type Table } from "./table.ts";

const escape = (on: number, off: number) => (text: string) => `\x1b[${on}m${text}\x1b[${off}m`;

const plain = (text: string): string => text;

const border = ["top", "bottom", "left", "right", "mid"];
const noBorder = Object.fromEntries(
  [...border, ...border.flatMap((side) => border.map((end) => `${side}-${end}`)), "middle"].map((part) => [part, ""]),
);

/** Characters of a line that a table takes at most, where folded text allows it, and of a line of folded text: the first that fits. */
const [lineWidth, foldWidths] = [100, [48, 32, 24, 16, 12]];

/** A table as lines of text; `isTerminal` says whether bold and underline are supported. */
export const terminalTable = (table: Table, isTerminal: boolean): string => {
  const drawings = foldWidths.values().map((width) => drawn(table, isTerminal, width));
  const { body, ruled, width } = drawings.find(({ width }) => width <= lineWidth) ??
    drawn(table, isTerminal, foldWidths[0]);
  const rule = "─".repeat(width);
  const notes = table.notes.filter((note) => isTerminal || (note !== marksNote && note !== clearBestNote));
  return [
    ...(table.title === undefined ? [] : [table.title]),
    rule,
    ...body.flatMap((text, i) => ruled.has(i + 1) ? [text, rule] : [text]),
    ...notes.map((note) => folded(note, lineWidth)),
    "",
  ].join("\n");
};

/** The lines of a table whose text is folded to `width` characters, the numbers of those that a rule follows, and how long they are. */
const drawn = (table: Table, isTerminal: boolean, width: number) => {
  const marks: Marks = isTerminal ? { best: escape(1, 22), second: escape(4, 24) } : { best: plain, second: plain };
  const small = isTerminal ? escape(2, 22) : plain;
  const cells = new CliTable({
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
    chars: noBorder,
    colAligns: table.columns.map(({ align }) => align),
  });
  /** A row of the package for each line: over a cell of many lines it takes time with the square of their length. */
  const add = (texts: ReadonlyArray<ReadonlyArray<string>>): void => {
    const height = Math.max(...texts.map(({ length }) => length));
    for (let line = 0; line < height; line++) cells.push(texts.map((lines) => lines[line] ?? ""));
  };
  add(table.columns.map(({ name }) => folded(name, width).split("\n")));
  // The header, and the last line of each block.
  const ruled = new Set([cells.length]);
  for (const { label, rows } of table.blocks) {
    if (label !== undefined) cells.push([{ content: label, colSpan: table.columns.length }]);
    for (const row of rows) {
      add(
        row.map(({ interval, ...cell }) =>
          interval === undefined
            ? folded(cell.text, width).split("\n").map((text) => styled({ ...cell, text }, marks))
            : [styled(cell, marks), small(interval)]
        ),
      );
    }
    ruled.add(cells.length);
  }
  const body = cells.toString().split("\n").map((text) => text.trimEnd());
  return { body, ruled, width: Math.max(...body.map(widthOf)) };
};

/** Long text folded at words into lines of at most `width` characters if possible. */
const folded = (text: string, width: number): string =>
  text.replaceAll(new RegExp(`(.{1,${width}})( +|$)`, "g"), "$1\n").trimEnd();

// deno-lint-ignore no-control-regex
const widthOf = (text: string): number => text.replaceAll(/\x1b\[\d+m/g, "").length;
