/** Which pages of a cache are free. Any page is as good as any other, so those that came back last go out first. */
export class FreePages {
  readonly #free: number[];

  constructor(count: number) {
    this.#free = Array.from({ length: count }, (_, i) => count - 1 - i);
  }

  /** Pages that are free. */
  get count(): number {
    return this.#free.length;
  }

  /** Takes so many pages; undefined where fewer are free. */
  take(count: number): number[] | undefined {
    if (count > this.#free.length) return undefined;
    return Array.from({ length: count }, () => this.#free.pop() ?? 0);
  }

  /** Takes pages back. */
  give(pages: ReadonlyArray<number>): void {
    this.#free.push(...pages);
  }
}
