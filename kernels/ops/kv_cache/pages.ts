/** The pages that a cache of keys and values is cut into: a sequence holds a list of them, and its rows are looked up through that. */

/** Rows of a page. A power of two, and one number for all: kernels take it as `PAGE`. */
export const pageRows = 16;

/** Pages that so many rows take. */
export const pagesFor = (rows: number): number => Math.ceil(rows / pageRows);

/** The row of the cache that is the `nth` of a list of pages. */
export const rowIn = (pages: ReadonlyArray<number>, nth: number): number =>
  pages[Math.floor(nth / pageRows)] * pageRows + nth % pageRows;
