/**
 * Some columns of a table: those that somebody names, or, for a terminal, those that fit beside each other. Of a table that is too wide the columns
 * that say most of a training stay first, then the others from the left.
 */
import { isObject } from "../../../data/is_object.ts";
import { Result } from "effect";
import { encode } from "../../records/record.ts";
import { nearest } from "../../settings/resolve.ts";
import type { Line } from "../report.ts";
import type { Table } from "./table.ts";

/** Characters of a line that a table takes at most. */
const terminalWidth = 100;

/** What stays first of a table that is too wide. */
const telling = [
  "label",
  "step",
  "testAccuracy",
  "correctRatio",
  "meanReward",
  "meanEntropy",
  "loss",
  "gradNorm",
  "approxKl",
  "meanResponseLength",
];

/** The fields of a row, those inside of groups as `group.field`. */
const flattened = (row: object, path = ""): ReadonlyArray<readonly [string, unknown]> =>
  Object.entries(row).flatMap(([name, value]) =>
    isObject(value) ? flattened(value, `${path}${name}.`) : [[`${path}${name}`, value] as const]
  );

/** A line with the fields of its groups beside its own, as `group.field`. */
export const withGroups = (line: Line): Line => {
  const row = { ...line.row, ...Object.fromEntries(flattened(line.row)) };
  return { ...line, row, text: encode(row) };
};

const kept = (table: Table, places: ReadonlyArray<number>): Table => ({
  ...table,
  columns: places.map((i) => table.columns[i]),
  blocks: table.blocks.map((block) => ({ ...block, rows: block.rows.map((row) => places.map((i) => row[i])) })),
});

/** The named columns of a table, in their order, or what is wrong with a name. */
export const columnsOf = (table: Table, names: ReadonlyArray<string>): Result.Result<Table, string> => {
  const known = table.columns.map(({ name }) => name);
  const missing = names.find((name) => !known.includes(name));
  return missing === undefined
    ? Result.succeed(kept(table, names.map((name) => known.indexOf(name))))
    : Result.fail(`"${missing}": expected some of ${known.join(", ")}${nearest(missing, known)}`);
};

const widthOf = (table: Table, column: number): number =>
  2 + Math.max(
    table.columns[column].name.length,
    ...table.blocks.flatMap(({ rows }) =>
      rows.flatMap((row) => [Math.min(48, row[column].text.length), row[column].interval?.length ?? 0])
    ),
  );

/** The columns that fit into `width` characters, with a note about the others; the table itself where all do. */
export const fittingTable = (table: Table, width: number = terminalWidth): Table => {
  const all = table.columns.map((_, i) => i);
  const rank = (i: number) => {
    const at = telling.indexOf(table.columns[i].name);
    return at < 0 ? telling.length : at;
  };
  let left = width + 2;
  const fitting = new Set<number>();
  for (const i of all.toSorted((a, b) => rank(a) - rank(b) || a - b)) {
    left -= widthOf(table, i);
    if (left < 0) break;
    fitting.add(i);
  }
  const others = all.filter((i) => !fitting.has(i)).map((i) => table.columns[i].name);
  if (others.length === 0) return table;
  const places = all.filter((i) => fitting.has(i));
  const note = `${others.length} more columns, by --columns or --format csv: ${others.join(", ")}`;
  return { ...kept(table, places), notes: [...table.notes, note] };
};
