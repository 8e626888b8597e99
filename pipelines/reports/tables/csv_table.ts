/**
 * Tables as CSV: the unrounded numbers, in their printed unit. A text that a spreadsheet would read as a formula, since it begins with = +
 * - @, a tab or a carriage return, gets a ' before it; numbers do not.
 */
import { stringify } from "csv-stringify/sync";
import type { Cell, Table } from "./table.ts";

/** A text that no spreadsheet reads as a formula. */
const inert = (value: Cell["value"]): Cell["value"] =>
  typeof value === "string" && /^\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/.test(value) &&
    !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value)
    ? `'${value}`
    : value;

/** All tables as one sheet: one line per row, one column per number and one for each end of an interval. */
export const csvTables = (tables: ReadonlyArray<Table>): string => {
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
  return stringify([names.map(inert), ...records.map((record) => names.map((name) => inert(record[name])))], {
    cast: { boolean: (value) => String(value) },
  });
};
