/**
 * A report makes tables or a chart from rows. It is declared once with the record type of its rows. Programs call its typed `build`;
 * commands call `fromLines`, which names the line and the field of a fault.
 */
import { Result } from "effect";
import { decodeRecord } from "../records/record.ts";
import type { RecordSchema } from "../records/schema.ts";
import type { Chart } from "./figures/chart.ts";
import type { FlatRow } from "../records/rows.ts";
import type { Series } from "./series.ts";
import type { Table } from "./tables/table.ts";

/** A line of NDJSON: its text, its value, and its origin (lines count from 1). */
export interface Line {
  readonly text: string;
  readonly row: FlatRow;
  readonly source: string;
  readonly line: number;
}

/** What a command asks of a report beside its rows. */
export interface ReportChoice {
  /** `--first N`: of what it lists, the first N. */
  readonly first?: number | undefined;
}

/** A file of records that a run keeps of each step, without its ending. */
export type StepFile =
  | "prompt"
  | "sample"
  | "verify"
  | "reward"
  | "split"
  | "score"
  | "advantage"
  | "gradient"
  | "update";

/** What a report reads, by declaration. */
interface Reads {
  /** The file of each step that a run's folder stands for, its rows with the field `step`; without it `metrics.ndjson`. */
  readonly steps?: StepFile;
  /** Whether it heeds `--first`. */
  readonly takesFirst?: boolean;
}

interface Declared<A, Out> extends Reads {
  readonly name: string;
  readonly summary: string;
  readonly row: RecordSchema<A>;
  /** The fields that every row must have. */
  readonly needs: ReadonlyArray<keyof A & string>;
  /** The report on some rows, or a sentence with the reason why there is none. */
  readonly build: (rows: ReadonlyArray<A>, choice?: ReportChoice) => Result.Result<Out, string>;
}

interface Made<Out> extends Reads {
  readonly name: string;
  readonly summary: string;
  readonly needs: ReadonlyArray<string>;
  readonly fromLines: (lines: ReadonlyArray<Line>, choice?: ReportChoice) => Result.Result<Out, string>;
}

/** A report as tables, in the registry. */
export interface TableReport extends Made<ReadonlyArray<Table>> {
  readonly kind: "table";
}

/** A report as a figure, in the registry. */
export interface ChartReport extends Made<Chart> {
  readonly kind: "chart";
  /** Fields that tell its rows from those of other figures: with them, and with `needs`, it is drawn where nobody names a figure. */
  readonly hints: ReadonlyArray<string>;
}

/** Any report; `table` prints one `kind`, `plot` draws the other. */
export type Report = TableReport | ChartReport;

const made = <A, Out>({ name, summary, row, needs, build, steps, takesFirst }: Declared<A, Out>): Made<Out> => ({
  name,
  summary,
  needs,
  ...(steps && { steps }),
  ...(takesFirst && { takesFirst }),
  fromLines: (lines, choice) => {
    const rows: A[] = [];
    for (const { text, row: fields, source, line } of lines) {
      // An optional field is checked like a required one if it is present.
      const present = row.fields.map((field) => field.name).filter((field) =>
        needs.includes(field) || (fields[field] ?? undefined) !== undefined
      );
      const decoded = decodeRecord(row, present, text, { source, line });
      if (Result.isFailure(decoded)) return Result.fail(decoded.failure.message);
      rows.push(decoded.success);
    }
    return Result.mapError(build(rows, choice), (problem) => `Cannot make "${name}": ${problem}`);
  },
});

/** Declares a report as tables: its entry in the registry, and its typed `build`. */
export const tableReport = <A>(declared: Declared<A, ReadonlyArray<Table>>) => ({
  kind: "table" as const,
  ...made(declared),
  build: declared.build,
});

/** The declaration of a figure. A page passes its `series` to `build`, so that all its figures have the same styles. */
interface DeclaredChart<A> extends Omit<Declared<A, Chart>, "build"> {
  readonly hints?: ReadonlyArray<string>;
  readonly build: (
    rows: ReadonlyArray<A>,
    series?: ReadonlyArray<Series>,
    choice?: ReportChoice,
  ) => Result.Result<Chart, string>;
}

/** Declares a report as a figure: its entry in the registry, and its typed `build`. */
export const chartReport = <A>(declared: DeclaredChart<A>) => ({
  kind: "chart" as const,
  hints: declared.hints ?? [],
  ...made({ ...declared, build: (rows, choice) => declared.build(rows, undefined, choice) }),
  build: declared.build,
});
