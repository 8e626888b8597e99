/**
 * Device buffers, reused by size class. One queue runs everything in order, so a buffer may be handed out again as soon as the last
 * dispatch that names it is recorded. Peak and current bytes are counted, because memory is part of what is measured.
 */
import type { Storage } from "./tensor.ts";

/** Hands out and takes back device buffers; of those that are free always the oldest, so that equal work meets equal buffers. */
export class BufferPool {
  readonly #device: GPUDevice;
  readonly #free = new Map<number, Storage[]>();
  readonly #usage: number;
  #nextId = 1;
  #live = 0;
  #reserved = 0;
  #peak = 0;

  constructor(device: GPUDevice, usage: number) {
    this.#device = device;
    this.#usage = usage;
  }

  /** A buffer of at least `bytes`; its content is whatever was there. */
  take(bytes: number): Storage {
    const size = sizeClass(bytes);
    const list = this.#free.get(size);
    const storage = list?.shift() ?? this.#create(size);
    this.#live += size;
    this.#peak = Math.max(this.#peak, this.#live);
    return storage;
  }

  /** Gives a buffer back; nothing recorded later may name it. */
  give(storage: Storage): void {
    this.#live -= storage.bytes;
    const list = this.#free.get(storage.bytes);
    if (list === undefined) this.#free.set(storage.bytes, [storage]);
    else list.splice(list.findLastIndex(({ id }) => id < storage.id) + 1, 0, storage);
  }

  /** Destroys every free buffer; callers wait for the queue first. */
  trim(): void {
    for (const list of this.#free.values()) {
      for (const storage of list) {
        this.#reserved -= storage.bytes;
        storage.buffer.destroy();
      }
    }
    this.#free.clear();
  }

  /** Bytes in use now, bytes held in all, and the most that was ever in use. */
  get statistics(): { readonly live: number; readonly reserved: number; readonly peak: number } {
    return { live: this.#live, reserved: this.#reserved, peak: this.#peak };
  }

  #create(size: number): Storage {
    this.#reserved += size;
    return { id: this.#nextId++, bytes: size, buffer: this.#device.createBuffer({ size, usage: this.#usage }) };
  }
}

/**
 * The size that is allocated for `bytes`: powers of two up to 16 MiB, so that steps of slightly different sizes meet the same buffers (and
 * with them the same bind groups, each of which costs a mapping on lavapipe), eighths of a power of two above, where memory counts.
 */
const sizeClass = (bytes: number): number => {
  const power = 2 ** Math.ceil(Math.log2(Math.max(bytes, 256)));
  if (power <= 1 << 24) return power;
  const step = power / 16;
  return Math.ceil(bytes / step) * step;
};
