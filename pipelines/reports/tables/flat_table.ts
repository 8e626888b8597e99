/** Any flat records as a plain table, one column per field in order of first appearance. Lists and nested objects are left out. */
import { Result } from "effect";
import { tableReport } from "../report.ts";
import { FlatRow } from "../../records/rows.ts";
import { type Cell, empty, numberCell, type Table, textCell } from "./table.ts";

const isScalar = (value: unknown): boolean => value === null || typeof value !== "object";

const cellOf = (value: unknown): Cell =>
  typeof value === "number"
    ? numberCell(value)
    : typeof value === "boolean"
    ? { text: String(value), value }
    : typeof value === "string"
    ? textCell(value)
    : empty;

const flat = (rows: ReadonlyArray<FlatRow>): Table => {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row).filter((name) => isScalar(row[name]))))];
  return {
    notes: [],
    columns: names.map((name) => ({
      name,
      align: rows.some((row) => typeof row[name] === "string") ? "left" : "right",
    })),
    blocks: [{ rows: rows.map((row) => names.map((name) => isScalar(row[name]) ? cellOf(row[name]) : empty)) }],
  };
};

/** The fields of any records, unchanged. */
export const flatTable = tableReport({
  name: "flat",
  summary: "The plain fields of any records, a row a record",
  row: FlatRow,
  needs: [],
  build: (rows) => rows.length === 0 ? Result.fail("there are no rows") : Result.succeed([flat(rows)]),
});
