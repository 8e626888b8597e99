/** Blocks of the key-value cache. A sequence finds its rows through its block table. */

/** Rows per block: a power of two, the same everywhere. Kernels take it as `BLOCK`. */
export const blockRows = 16;

/** Blocks needed for `rows` rows. */
export const blocksFor = (rows: number): number => Math.ceil(rows / blockRows);

/** The cache row of a sequence's `nth` row. */
export const rowIn = (blocks: ReadonlyArray<number>, nth: number): number =>
  blocks[Math.floor(nth / blockRows)] * blockRows + nth % blockRows;
