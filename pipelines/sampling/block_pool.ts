/** The free blocks of a cache. All blocks are alike; the block that was freed last is taken first. (vLLM: `v1/core/block_pool.py`.) */
export class BlockPool {
  readonly #free: number[];

  constructor(count: number) {
    this.#free = Array.from({ length: count }, (_, i) => count - 1 - i);
  }

  /** The number of free blocks. */
  get count(): number {
    return this.#free.length;
  }

  /** Takes `count` blocks; undefined if fewer are free. */
  take(count: number): number[] | undefined {
    if (count > this.#free.length) return undefined;
    return Array.from({ length: count }, () => this.#free.pop() ?? 0);
  }

  /** Frees blocks. */
  give(blocks: ReadonlyArray<number>): void {
    this.#free.push(...blocks);
  }
}
