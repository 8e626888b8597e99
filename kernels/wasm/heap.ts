/**
 * Allocates pieces of the one memory that kernels use: 64-bit, shared, grown on demand within the machine's memory. Freed pieces merge with free
 * neighbours. The lowest piece that fits is used first, so that equal work gets equal addresses.
 */

const pageBytes = 65_536;

/** Alignment in bytes: a cache line, which also covers the widest load. */
const grain = 64;

/** V8's limit of pages for 64-bit memories: 16 GiB. */
export const mostPages = 262_144;

/** Fewest pages to grow by. */
const growth = 1024;

interface Piece {
  readonly start: number;
  readonly bytes: number;
}

/** A shared memory that may grow to `most` pages, or half as many, repeatedly, until the system accepts. */
const reserved = (pages: number, most: number): { readonly memory: WebAssembly.Memory; readonly most: number } => {
  try {
    // TypeScript's type covers only 32-bit memories.
    const descriptor = { initial: BigInt(pages), maximum: BigInt(most), shared: true, address: "i64" };
    return { memory: new WebAssembly.Memory(descriptor as unknown as WebAssembly.MemoryDescriptor), most };
  } catch (error) {
    if (most < 2 * pages) throw error;
    return reserved(pages, Math.floor(most / 2));
  }
};

/** Allocates the addresses from `start` on. */
export class Heap {
  readonly memory: WebAssembly.Memory;
  /** Most bytes in use. */
  readonly limit: number;
  readonly #most: number;
  readonly #onGrowth: () => void;
  #free: Piece[] = [];
  #end: number;
  #pages: number;
  #live = 0;

  /** A heap of at most `limit` bytes from `start` on; `onGrowth` runs before an address beyond the old end is returned. */
  constructor(start: number, limit: number, onGrowth: () => void) {
    this.#pages = Math.ceil(start / pageBytes);
    const { memory, most } = reserved(this.#pages, mostPages);
    this.memory = memory;
    this.#most = most;
    this.#onGrowth = onGrowth;
    this.#end = start;
    this.limit = Math.min(limit, most * pageBytes - start);
  }

  get live(): number {
    return this.#live;
  }

  /** The address of `bytes` bytes; undefined if there is no room. New memory is zero; reused memory keeps its content. */
  take(bytes: number): number | undefined {
    const size = Math.ceil(Math.max(bytes, 1) / grain) * grain;
    if (this.#live + size > this.limit) return undefined;
    const at = this.#free.findIndex((piece) => piece.bytes >= size);
    if (at >= 0) {
      const { start, bytes: room } = this.#free[at];
      if (room === size) this.#free.splice(at, 1);
      else this.#free[at] = { start: start + size, bytes: room - size };
      this.#live += size;
      return start;
    }
    const last = this.#free.at(-1);
    const extends_ = last !== undefined && last.start + last.bytes === this.#end;
    const start = extends_ ? last.start : this.#end;
    if (!this.#reach(start + size)) return undefined;
    if (extends_) this.#free.pop();
    this.#end = start + size;
    this.#live += size;
    return start;
  }

  /** Frees `bytes` bytes at `start`. */
  give(start: number, bytes: number): void {
    const size = Math.ceil(Math.max(bytes, 1) / grain) * grain;
    this.#live -= size;
    let at = this.#free.findIndex((piece) => piece.start > start);
    if (at < 0) at = this.#free.length;
    let own: Piece = { start, bytes: size };
    const after = this.#free[at];
    if (after !== undefined && own.start + own.bytes === after.start) {
      own = { start, bytes: size + after.bytes };
      this.#free.splice(at, 1);
    }
    const before = this.#free[at - 1];
    if (before !== undefined && before.start + before.bytes === own.start) {
      this.#free[at - 1] = { start: before.start, bytes: before.bytes + own.bytes };
    } else this.#free.splice(at, 0, own);
  }

  /** Grows the memory to reach `end`. */
  #reach(end: number): boolean {
    const pages = Math.ceil(end / pageBytes);
    if (pages <= this.#pages) return true;
    if (pages > this.#most) return false;
    const next = Math.min(this.#most, Math.max(pages, this.#pages + growth));
    try {
      grow(this.memory, next - this.#pages);
    } catch {
      return false;
    }
    this.#pages = next;
    this.#onGrowth();
    return true;
  }
}

/** Grows a 64-bit memory; growing by 0 lets this thread see growth by another. */
export const grow = (memory: WebAssembly.Memory, pages: number): void => {
  (memory as unknown as { grow(pages: bigint): bigint }).grow(BigInt(pages));
};
