/**
 * Device buffers, reused by size class. One queue runs everything in order, so a buffer may be handed out again as soon as the last
 * dispatch that names it is recorded. Bytes are counted by what they are for, because memory is part of what is planned and measured.
 */
import type { Storage } from "./tensor.ts";

/** Bytes by what they are for. */
export type MemoryUse = ReadonlyMap<string, number>;

/** Bytes in use now and held in all, the most of both since `mark`, and by purpose what is in use now and was at most, each for itself. */
export interface PoolStatistics {
  readonly live: number;
  readonly reserved: number;
  readonly peak: number;
  readonly reservedPeak: number;
  readonly use: MemoryUse;
  readonly most: MemoryUse;
}

/** Hands out and takes back device buffers; of those that are free always the oldest, so that equal work meets equal buffers. */
export class BufferPool {
  /** No two buffers of a process have one: an encoder knows them by it, and may be given those of another. */
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
  /** Bytes of the free buffers that are no power of two. */
  #large = 0;

  constructor(device: GPUDevice, usage: number) {
    this.#device = device;
    this.#usage = usage;
  }

  /** A buffer of at least `bytes`; its content is whatever was there. One that is `exact` has just its size where that saves much. */
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

  /** Whether a buffer of `bytes` would be a new one while more than a little lies free. */
  hoards(bytes: number, exact = false): boolean {
    return this.#large > slack && (this.#free.get(sizeOf(bytes, exact))?.length ?? 0) === 0;
  }

  /** Gives a buffer back; nothing recorded later may name it. */
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

  /** Lets the peaks be what is in use and held now. */
  mark(): void {
    this.#peak = this.#live;
    this.#most = new Map(this.#use);
    this.#reservedPeak = this.#reserved;
  }

  /** Destroys every free buffer of more than `least` bytes; no work that names one may be recorded and not submitted. */
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

  /** What is in use, held, and was in use at most. */
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
    // The device names the label where it has no more memory.
    const buffer = this.#device.createBuffer({ label: purpose, size, usage: this.#usage });
    return { id: BufferPool.#nextId++, bytes: size, buffer };
  }
}

/** Up to here sizes are powers of two; free buffers above are given back to the device where they are many. */
export const finest = 1 << 24;

/** Bytes that may lie free while new buffers are made. */
const slack = 2 * 2 ** 30;

/** Bytes for a person. */
export const sizeText = (bytes: number): string =>
  bytes < 2 ** 30 ? `${(bytes / 2 ** 20).toFixed(2)} MiB` : `${(bytes / 2 ** 30).toFixed(2)} GiB`;

const sizeOf = (bytes: number, exact: boolean): number =>
  exact && bytes > finest ? Math.ceil(bytes / 4) * 4 : sizeClass(bytes);

/**
 * The size that is allocated for `bytes`: powers of two up to 16 MiB, so that steps of slightly different sizes meet the same buffers (and
 * with them the same bind groups, each of which costs a mapping on lavapipe), eighths of a power of two above, where memory counts.
 */
export const sizeClass = (bytes: number): number => {
  let power = 256;
  while (power < bytes) power *= 2;
  if (power <= finest) return power;
  const step = power / 16;
  return Math.ceil(bytes / step) * step;
};
