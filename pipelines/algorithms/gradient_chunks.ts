/**
 * The partial sums of a gradient: a mini-batch is cut into chunks of consecutive sequences, the gradient of each chunk is
 * computed alone and the chunks are added in order. Chunks depend on lengths alone, so memory size and worker count,
 * which only decide how many chunks are in flight and where, never change a bit.
 */

/** The sequences from `start` up to, without, `end`. */
export interface Chunk {
  readonly start: number;
  readonly end: number;
}

/**
 * Packs consecutive sequences of `lengths` tokens (prompt and response) as long as a chunk holds at most `maxTokens`; a
 * sequence that is longer by itself is alone.
 */
export const gradientChunks = (lengths: ReadonlyArray<number>, maxTokens: number): ReadonlyArray<Chunk> => {
  const chunks: Array<Chunk> = [];
  let start = 0;
  let tokens = 0;
  lengths.forEach((length, i) => {
    if (i > start && tokens + length > maxTokens) {
      chunks.push({ start, end: i });
      start = i;
      tokens = 0;
    }
    tokens += length;
  });
  if (lengths.length > start) chunks.push({ start, end: lengths.length });
  return chunks;
};
