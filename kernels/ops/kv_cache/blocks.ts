/** The blocks that a cache of keys and values is cut into: a sequence has a block table, through which its rows are found. */

/** Rows of a block. A power of two, and one number for all: kernels take it as `BLOCK`. */
export const blockRows = 16;

/** Blocks that so many rows take. */
export const blocksFor = (rows: number): number => Math.ceil(rows / blockRows);

/** The row of the cache that is the `nth` of a block table. */
export const rowIn = (blocks: ReadonlyArray<number>, nth: number): number =>
  blocks[Math.floor(nth / blockRows)] * blockRows + nth % blockRows;
