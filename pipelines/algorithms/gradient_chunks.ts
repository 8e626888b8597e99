/**
 * Cuts a mini-batch into chunks of consecutive sequences, and deals the chunks into the leaves of a fixed binary tree. Each chunk's gradient is
 * computed alone; the chunks of a leaf are added in order, and the leaves are joined by the tree. Chunks depend only on sequence lengths, leaves
 * only on the number of chunks and the number of leaves S, so memory size and worker count change no bit of the sum.
 *
 * The tree: leaf i of n chunks has those from floor(i n / S) to floor((i + 1) n / S). A node of level l covers the 2^l leaves from a multiple of
 * 2^l on (aligned halves); its sum is that of its first half plus that of its second half. A leaf without chunks, and a half beyond S, adds
 * nothing. S = 1 is the sum in order.
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

/** A leaf of the tree, from 0, and its chunks in order. */
export interface Leaf {
  readonly index: number;
  readonly chunks: ReadonlyArray<Chunk>;
}

/** Deals chunks into `count` leaves; those without chunks are left out. */
export const dealLeaves = (chunks: ReadonlyArray<Chunk>, count: number): ReadonlyArray<Leaf> => {
  const start = (index: number) => Math.floor(index * chunks.length / count);
  return Array.from({ length: count }, (_, index) => ({ index, chunks: chunks.slice(start(index), start(index + 1)) }))
    .filter((leaf) => leaf.chunks.length > 0);
};

/** The largest number of sums at a time, over any number of chunks up to `chunks`. */
export const mostSums = (chunks: number, leaves: number): number => {
  const needed = (count: number) => {
    const indices = dealLeaves(Array.from({ length: count }, (_, start) => ({ start, end: start + 1 })), leaves);
    let live = 0;
    return joinsOf(indices.map(({ index }) => index)).reduce((most, joins) => {
      live += 1 - joins;
      return Math.max(most, live + joins);
    }, 0);
  };
  // As many chunks as leaves need the most; fewer do not always need fewer.
  if (chunks >= leaves) return needed(leaves);
  return Array.from({ length: chunks }, (_, i) => needed(i + 1)).reduce((most, one) => Math.max(most, one), 0);
};

/**
 * How to join the sums of leaves (or of aligned subtrees, by their first leaves) that arrive in order on a stack: after each one, how often the
 * last sum is added to the one before it. At most log2(leaves) + 1 sums are then on the stack.
 */
export const joinsOf = (indices: ReadonlyArray<number>): ReadonlyArray<number> => {
  const stack: number[] = [];
  /** The level of the smallest node that covers both leaves. */
  const level = (one: number, other: number) => 32 - Math.clz32(one ^ other);
  return indices.map((index, at) => {
    stack.push(index);
    const next = indices[at + 1];
    let joins = 0;
    while (stack.length > 1) {
      const [before, last] = stack.slice(-2);
      if (next !== undefined && level(before, last) > level(last, next)) break;
      stack.pop();
      joins++;
    }
    return joins;
  });
};

/** Joins sums that come in the order of their leaves, or of the first leaves of their subtrees, by the tree; `sums` are those that wait. */
export const treeFold = <A>(indices: ReadonlyArray<number>, join: (first: A, second: A) => A) => {
  const joins = joinsOf(indices);
  const sums: A[] = [];
  let at = 0;
  return {
    next: (one: A): void => {
      sums.push(one);
      for (let count = joins[at++]; count > 0; count--) {
        const [first, second] = sums.splice(-2);
        sums.push(join(first, second));
      }
    },
    sums: sums as ReadonlyArray<A>,
  };
};
