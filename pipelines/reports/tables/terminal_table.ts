/**
 * A table for a terminal: rules above and below the head and each block, long text folded. On a terminal the best is bold, the second
 * underlined and the interval faint; piped text is plain: it has no marks, no note about them and no escape code.
 */
import CliTable from "cli-table3";
import { clearBestNote, type Marks, marksNote, styled, type Table } from "./table.ts";

const escape = (on: number, off: number) => (text: string) => `\x1b[${on}m${text}\x1b[${off}m`;

const plain = (text: string): string => text;

const border = ["top", "bottom", "left", "right", "mid"];
const noBorder = Object.fromEntries(
  [...border, ...border.flatMap((side) => border.map((end) => `${side}-${end}`)), "middle"].map((part) => [part, ""]),
);

/** A table as lines of text; `isTerminal` says whether bold and underline are supported. */
export const terminalTable = (table: Table, isTerminal: boolean): string => {
  const marks: Marks = isTerminal ? { best: escape(1, 22), second: escape(4, 24) } : { best: plain, second: plain };
  const small = isTerminal ? escape(2, 22) : plain;
  const notes = table.notes.filter((note) => isTerminal || (note !== marksNote && note !== clearBestNote));
  const drawn = new CliTable({
    style: { head: [], border: [], "padding-left": 0, "padding-right": 2 },
    chars: noBorder,
    colAligns: table.columns.map(({ align }) => align),
  });
  // Numbers of the lines that a rule follows: the header, and the last line of each block.
  const ruled = new Set([1]);
  let lines = 1;
  drawn.push(table.columns.map(({ name }) => name));
  for (const { label, rows } of table.blocks) {
    if (label !== undefined) drawn.push([{ content: label, colSpan: table.columns.length }]);
    for (const row of rows) {
      const texts = row.map(({ interval, ...cell }) =>
        interval === undefined
          ? styled(cell, marks, (text) => folded(text))
          : `${styled(cell, marks)}\n${small(interval)}`
      );
      drawn.push(texts);
      lines += Math.max(...texts.map((text) => text.split("\n").length));
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
    ...notes.map((note) => folded(note, 100)),
    "",
  ].join("\n");
};

/** Long text folded at words into lines of at most `width` characters if possible. */
const folded = (text: string, width = 48): string =>
  text.replaceAll(new RegExp(`(.{1,${width}})( +|$)`, "g"), "$1\n").trimEnd();

// deno-lint-ignore no-control-regex
const widthOf = (text: string): number => text.replaceAll(/\x1b\[\d+m/g, "").length;
