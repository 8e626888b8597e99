/**
 * A table as a value: a title, notes, columns, and blocks of rows. A cell has its text, the number behind it, optionally an interval, and a
 * mark if it is the best or second best of its column in its block. `render_table.ts` writes it.
 */

/** One cell; `value` is unrounded and in the unit of `text`, `low` and `high` are its interval in the same unit. */
export interface Cell {
  readonly text: string;
  readonly value?: string | number | boolean | null;
  readonly low?: number;
  readonly high?: number;
  /** The interval as text. */
  readonly interval?: string;
  readonly mark?: "best" | "second";
}

/** A column with its header. */
export interface Column {
  readonly name: string;
  readonly align: "left" | "right";
}

/** A column of names under `first`, then columns of numbers. */
export const columnsUnder = (first: string, numbers: ReadonlyArray<string>): ReadonlyArray<Column> => [
  { name: first, align: "left" },
  ...numbers.map((name) => ({ name, align: "right" as const })),
];

/** A group of rows, each with one cell per column. */
export interface Block {
  readonly label?: string;
  readonly rows: ReadonlyArray<ReadonlyArray<Cell>>;
}

/** A whole table; `blockColumn` is the header of the blocks' labels in formats that need a column for them. */
export interface Table {
  readonly title?: string;
  readonly notes: ReadonlyArray<string>;
  readonly blockColumn?: string;
  readonly columns: ReadonlyArray<Column>;
  readonly blocks: ReadonlyArray<Block>;
}

/** A note that explains the marks; plain text, which has none, leaves it out. */
export const marksNote =
  "Best and second best of each column are marked, the base model counts too, and what is printed alike is tied.";

/** The note of a table that marks only the best. */
export const clearBestNote =
  "The best of a column is marked where the 95 % interval of its difference from every other one excludes zero.";

/** The markup of a format for the best and the second best. */
export interface Marks {
  readonly best: (text: string) => string;
  readonly second: (text: string) => string;
}

/** A cell's text in a format: `write` escapes it, the mark encloses it. */
export const styled = (
  { text, mark }: Cell,
  marks: Marks,
  write: (text: string) => string = (plain) => plain,
): string => mark === undefined ? write(text) : marks[mark](write(text));

/** A cell without a value. */
export const empty: Cell = { text: "–", value: null };

/** A cell of text. */
export const textCell = (text: string): Cell => ({ text, value: text });

/** A share in percent, without rounding noise. */
export const inPercent = (share: number): number => Number((100 * share).toPrecision(12));

/** A share in [0, 1] as percent with one decimal; `low` and `high` together make an interval. */
export const percentCell = (share: number, low?: number, high?: number): Cell => {
  const value = inPercent(share);
  const cell = { text: value.toFixed(1), value };
  if (low === undefined || high === undefined) return cell;
  const [from, to] = [inPercent(low), inPercent(high)];
  return { ...cell, low: from, high: to, interval: `${from.toFixed(1)}–${to.toFixed(1)}` };
};

/** A number: an integer unchanged, others with four significant digits. */
export const numberCell = (value: number): Cell => ({
  text: Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4))),
  value,
});

/** Marks the best and the second best number of each column if there are at least two rows. Numbers with the same text tie and share their mark. */
export const marked = (rows: ReadonlyArray<ReadonlyArray<Cell>>): ReadonlyArray<ReadonlyArray<Cell>> => {
  if (rows.length < 2) return rows;
  const printed = (cell: Cell | undefined) => typeof cell?.value === "number" ? Number(cell.text) : undefined;
  const width = Math.max(...rows.map((row) => row.length));
  const tops = Array.from({ length: width }, (_, column) => {
    const numbers = rows.flatMap((row) => printed(row[column]) ?? []);
    return [...new Set(numbers)].sort((a, b) => b - a);
  });
  return rows.map((row) =>
    row.map((cell, column) => {
      const [best, second] = tops[column];
      const number = printed(cell);
      if (number === undefined) return cell;
      return number === best ? { ...cell, mark: "best" } : number === second ? { ...cell, mark: "second" } : cell;
    })
  );
};
