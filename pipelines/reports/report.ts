/**
 * A report makes tables or a chart out of rows. Declared once with the record type of its rows, it is a typed function for programs (`build`) and a
 * reader of lines for the commands (`fromLines`), which names the line and the field that it cannot use.
 */
import { Result } from "effect";
import { decodeRecord } from "../records/record.ts";
import type { RecordSchema } from "../records/schema.ts";
import type { Chart } from "./figures/chart.ts";
import type { FlatRow } from "../records/rows.ts";
import type { Series } from "./series.ts";
import type { Table } from "./tables/table.ts";

/** A line of NDJSON: its text, what it holds, and where it came from (lines count from 1). */
export interface Line {
  readonly text: string;
  readonly row: FlatRow;
  readonly source: string;
  readonly line: number;
}

interface Declared<A, Out> {
  readonly name: string;
  readonly summary: string;
  readonly row: RecordSchema<A>;
  /** The fields that every row must have. */
  readonly needs: ReadonlyArray<keyof A & string>;
  /** The report on some rows, or the sentence about why there is none. */
  readonly build: (rows: ReadonlyArray<A>) => Result.Result<Out, string>;
}

interface Made<Out> {
  readonly name: string;
  readonly summary: string;
  readonly needs: ReadonlyArray<string>;
  readonly fromLines: (lines: ReadonlyArray<Line>) => Result.Result<Out, string>;
}

/** A report in tables, as the registry holds it. */
export interface TableReport extends Made<ReadonlyArray<Table>> {
  readonly kind: "table";
}

/** A report in a figure, as the registry holds it. */
export interface ChartReport extends Made<Chart> {
  readonly kind: "chart";
  /** Fields that tell its rows from those of other figures: with them, and with `needs`, it is drawn where nobody names a figure. */
  readonly hints: ReadonlyArray<string>;
}

/** Any report; `kind` says whether `table` prints it or `plot` draws it. */
export type Report = TableReport | ChartReport;

const made = <A, Out>({ name, summary, row, needs, build }: Declared<A, Out>): Made<Out> => ({
  name,
  summary,
  needs,
  fromLines: (lines) => {
    const rows: A[] = [];
    for (const { text, row: fields, source, line } of lines) {
      // An optional field that is there is checked like one that must be.
      const present = row.fields.map((field) => field.name).filter((field) =>
        needs.includes(field) || (fields[field] ?? undefined) !== undefined
      );
      const decoded = decodeRecord(row, present, text, { source, line });
      if (Result.isFailure(decoded)) return Result.fail(decoded.failure.message);
      rows.push(decoded.success);
    }
    return Result.mapError(build(rows), (problem) => `Cannot make "${name}": ${problem}`);
  },
});

/** Declares a report in tables; the value is its entry for the registry, and its typed `build`. */
export const tableReport = <A>(declared: Declared<A, ReadonlyArray<Table>>) => ({
  kind: "table" as const,
  ...made(declared),
  build: declared.build,
});

/** A figure as it is declared; where a page draws it, the page's series are those of `build`, so that all its figures look alike. */
interface DeclaredChart<A> extends Omit<Declared<A, Chart>, "build"> {
  readonly hints?: ReadonlyArray<string>;
  readonly build: (rows: ReadonlyArray<A>, series?: ReadonlyArray<Series>) => Result.Result<Chart, string>;
}

/** Declares a report in a figure; the value is its entry for the registry, and its typed `build`. */
export const chartReport = <A>(declared: DeclaredChart<A>) => ({
  kind: "chart" as const,
  hints: declared.hints ?? [],
  ...made(declared),
  build: declared.build,
});
