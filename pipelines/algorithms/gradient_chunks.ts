/**
 * Cuts a mini-batch into chunks of consecutive sequences. Each chunk's gradient is computed alone, and the chunks are added in order.
 * Chunks depend only on sequence lengths, so memory size and worker count change no bit of the sum.
 */

/** The sequences from `start` (inclusive) to `end` (exclusive). */
export interface Chunk {
  readonly start: number;
  readonly end: number;
}

/** Packs consecutive sequences of `lengths` tokens into chunks of at most `maxTokens`; a longer sequence gets a chunk of its own. */
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
