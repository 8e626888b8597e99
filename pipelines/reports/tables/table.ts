/**
 * A table as a value: a title, notes, columns, and blocks of rows. A cell has the text that is read and the number behind it, an interval
 * where there is one, and whether it is the best or the second best of its column in its block. How it is written is `render_table.ts`'s.
 */

/** One cell; `value` is unrounded and in the unit of `text`, `low` and `high` are its interval in the same unit. */
export interface Cell {
  readonly text: string;
  readonly value?: string | number | boolean | null;
  readonly low?: number;
  readonly high?: number;
  /** The interval as it is printed. */
  readonly interval?: string;
  readonly mark?: "best" | "second";
}

/** A column by its head. */
export interface Column {
  readonly name: string;
  readonly align: "left" | "right";
}

/** Rows that belong together, each with one cell a column. */
export interface Block {
  readonly label?: string;
  readonly rows: ReadonlyArray<ReadonlyArray<Cell>>;
}

/** A whole table; `blockColumn` is what the blocks' labels are, where a format needs a column for them. */
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

/** See `marksNote`: where the best is marked alone. */
export const clearBestNote =
  "The best of a column is marked where the 95 % interval of its difference from every other one excludes zero.";

/** How a format sets off the best and the second best. */
export interface Marks {
  readonly best: (text: string) => string;
  readonly second: (text: string) => string;
}

/** A cell's text in a format: `write` escapes it, its mark is put around. */
export const styled = (
  { text, mark }: Cell,
  marks: Marks,
  write: (text: string) => string = (plain) => plain,
): string => mark === undefined ? write(text) : marks[mark](write(text));

/** What stands where there is nothing to say. */
export const empty: Cell = { text: "–", value: null };

/** A cell of text. */
export const textCell = (text: string): Cell => ({ text, value: text });

const inPercent = (share: number): number => Number((100 * share).toPrecision(12));

/** A share in [0, 1] as percent with one digit; both ends make an interval. */
export const percentCell = (share: number, low?: number, high?: number): Cell => {
  const value = inPercent(share);
  const cell = { text: value.toFixed(1), value };
  if (low === undefined || high === undefined) return cell;
  const [from, to] = [inPercent(low), inPercent(high)];
  return { ...cell, low: from, high: to, interval: `${from.toFixed(1)}–${to.toFixed(1)}` };
};

/** A number: whole ones as they are, others with four significant digits. */
export const numberCell = (value: number): Cell => ({
  text: Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4))),
  value,
});

/**
 * Marks the best and the second best number of each column, where there are two rows or more. What is printed alike is tied, and those who
 * tie share their mark.
 */
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
