/**
 * Which rows of a cache are free. What lives long (prompts) is taken from the high end and what is given back soon from the low end, so that
 * ranges of one length never leave a hole that another of them does not fill.
 */

interface Range {
  readonly start: number;
  readonly end: number;
}

/** Hands out ranges of rows and takes them back. */
export class RowRanges {
  /** In order, none empty, no two adjacent. */
  readonly #free: Range[];

  constructor(rows: number) {
    this.#free = rows > 0 ? [{ start: 0, end: rows }] : [];
  }

  /** Rows that are free, in all ranges together. */
  get free(): number {
    return this.#free.reduce((sum, { start, end }) => sum + end - start, 0);
  }

  /** The first row of the lowest `count` rows in a range, if there is one. */
  takeLow(count: number): number | undefined {
    const at = this.#free.findIndex(({ start, end }) => end - start >= count);
    if (at < 0) return undefined;
    const { start, end } = this.#free[at];
    this.#replace(at, { start: start + count, end });
    return start;
  }

  /** The first row of the highest `count` rows in a range, if there is one. */
  takeHigh(count: number): number | undefined {
    const at = this.#free.findLastIndex(({ start, end }) => end - start >= count);
    if (at < 0) return undefined;
    const { start, end } = this.#free[at];
    this.#replace(at, { start, end: end - count });
    return end - count;
  }

  /** Takes `count` rows from `start` on back. */
  give(start: number, count: number): void {
    if (count === 0) return;
    const free = this.#free;
    const found = free.findIndex((range) => range.start > start);
    const at = found < 0 ? free.length : found;
    const joinsLower = at > 0 && free[at - 1].end === start;
    const joinsUpper = at < free.length && free[at].start === start + count;
    const range = {
      start: joinsLower ? free[at - 1].start : start,
      end: joinsUpper ? free[at].end : start + count,
    };
    free.splice(at - Number(joinsLower), Number(joinsLower) + Number(joinsUpper), range);
  }

  #replace(at: number, range: Range): void {
    this.#free.splice(at, 1, ...(range.end > range.start ? [range] : []));
  }
}
