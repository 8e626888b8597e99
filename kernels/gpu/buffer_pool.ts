/**
 * Device buffers, reused by size class. One queue runs all work in order, so a released buffer may be handed out again as soon as the last dispatch
 * that uses it is recorded. Bytes are counted by purpose, for the memory plan and its measurement.
 */
import type { Storage } from "./tensor.ts";

/** Bytes by purpose. */
export type MemoryUse = ReadonlyMap<string, number>;

/**
 * Bytes in use and bytes allocated, now and at their peaks since `mark`. `use` and `most` give bytes in use by purpose, now and at each purpose's
 * own peak.
 */
export interface PoolStatistics {
  readonly live: number;
  readonly reserved: number;
  readonly peak: number;
  readonly reservedPeak: number;
  readonly use: MemoryUse;
  readonly most: MemoryUse;
}

/** Allocates and reuses device buffers. It reuses the oldest free buffer first, so that equal work gets equal buffers. */
export class BufferPool {
  /** Unique in the process: encoders cache by it, and may receive buffers of another pool. */
  static #nextId = 1;
  readonly #device: GPUDevice;
  readonly #free = new Map<number, Storage[]>();
  readonly #usage: number;
  readonly #purposes = new Map<number, string>();
  readonly #use = new Map<string, number>();
  #most = new Map<string, number>();
  #live = 0;
  #reserved = 0;
  #peak = 0;
  #reservedPeak = 0;
  /** Bytes of free buffers larger than `finest`. */
  #large = 0;

  constructor(device: GPUDevice, usage: number) {
    this.#device = device;
    this.#usage = usage;
  }

  /** A buffer of at least `bytes` with unspecified content. An `exact` buffer above 16 MiB is not rounded up to its size class. */
  take(bytes: number, purpose: string, exact = false): Storage {
    const size = sizeOf(bytes, exact);
    const known = this.#free.get(size)?.shift();
    if (known !== undefined && size > finest) this.#large -= size;
    const storage = known ?? this.#create(size, purpose);
    this.#purposes.set(storage.id, purpose);
    const use = (this.#use.get(purpose) ?? 0) + size;
    this.#use.set(purpose, use);
    if (use > (this.#most.get(purpose) ?? 0)) this.#most.set(purpose, use);
    this.#live += size;
    this.#peak = Math.max(this.#peak, this.#live);
    return storage;
  }

  /** Whether a buffer of `bytes` would have to be created although many free bytes are held. */
  hoards(bytes: number, exact = false): boolean {
    return this.#large > slack && (this.#free.get(sizeOf(bytes, exact))?.length ?? 0) === 0;
  }

  /** Returns a buffer to the pool; no work recorded later may use it. */
  give(storage: Storage): void {
    const { id, bytes } = storage;
    const purpose = this.#purposes.get(id) ?? "";
    this.#use.set(purpose, (this.#use.get(purpose) ?? 0) - bytes);
    this.#live -= bytes;
    if (bytes > finest) this.#large += bytes;
    const list = this.#free.get(bytes);
    if (list === undefined) this.#free.set(bytes, [storage]);
    else list.splice(list.findLastIndex((other) => other.id < id) + 1, 0, storage);
  }

  /** Resets the peaks to the present values. */
  mark(): void {
    this.#peak = this.#live;
    this.#most = new Map(this.#use);
    this.#reservedPeak = this.#reserved;
  }

  /** Destroys every free buffer of more than `least` bytes. No recorded but unsubmitted work may use one of them. */
  trim(least = 0): void {
    for (const [size, list] of this.#free) {
      if (size <= least) continue;
      for (const { id, buffer } of list) {
        this.#reserved -= size;
        this.#purposes.delete(id);
        buffer.destroy();
      }
      if (size > finest) this.#large -= size * list.length;
      this.#free.delete(size);
    }
  }

  /** The present memory use and its peaks. */
  get statistics(): PoolStatistics {
    const used = (use: MemoryUse) => new Map([...use].filter(([, bytes]) => bytes > 0));
    return {
      live: this.#live,
      reserved: this.#reserved,
      peak: this.#peak,
      reservedPeak: this.#reservedPeak,
      use: used(this.#use),
      most: used(this.#most),
    };
  }

  #create(size: number, purpose: string): Storage {
    this.#reserved += size;
    this.#reservedPeak = Math.max(this.#reservedPeak, this.#reserved);
    // The device's out-of-memory error contains the label.
    const buffer = this.#device.createBuffer({ label: purpose, size, usage: this.#usage });
    return { id: BufferPool.#nextId++, bytes: size, buffer };
  }
}

/** Largest size class that is a power of two, in bytes. Larger free buffers are destroyed when too many bytes are free. */
export const finest = 1 << 24;

/** Free bytes in large buffers above which they are destroyed before a new one is created. */
const slack = 2 * 2 ** 30;

/** Bytes as text, in MiB or GiB. */
export const sizeText = (bytes: number): string =>
  bytes < 2 ** 30 ? `${(bytes / 2 ** 20).toFixed(2)} MiB` : `${(bytes / 2 ** 30).toFixed(2)} GiB`;

const sizeOf = (bytes: number, exact: boolean): number =>
  exact && bytes > finest ? Math.ceil(bytes / 4) * 4 : sizeClass(bytes);

/**
 * The allocated size for `bytes`. Up to 16 MiB it is a power of two, so that steps of slightly different sizes reuse the same buffers and bind
 * groups (each bind group costs a memory mapping on lavapipe). Above, it is a multiple of an eighth of a power of two, which wastes less memory.
 */
export const sizeClass = (bytes: number): number => {
  let power = 256;
  while (power < bytes) power *= 2;
  if (power <= finest) return power;
  const step = power / 16;
  return Math.ceil(bytes / step) * step;
};
