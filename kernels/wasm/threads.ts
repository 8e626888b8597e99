/**
 * The threads of the embedded device and their ring of commands. The main thread writes commands without waiting for them. It waits with
 * `Atomics.waitAsync`, so timers and other tasks continue. A boundary file: it starts workers.
 */
import { commandBytes, earlierAt, headBytes } from "./command.ts";
import {
  closingAt,
  completedAt,
  faultAt,
  faultLengthAt,
  faultRoom,
  faultTextAt,
  finishedAt,
  grownAt,
  leftAt,
  positionAt,
  publishedAt,
  ringAt,
  ringCommands,
  sleepingAt,
  type WorkerStart,
} from "./control.ts";
import { Heap } from "./heap.ts";
import { fenceCommand } from "./write_command.ts";

/** Bytes of scratch memory per thread. */
export const scratchBytes = 4 << 20;

/** A kernel's failure, reported by a thread. */
export interface ThreadFault {
  /** The kernel's number; undefined if the thread itself ended. */
  readonly kernel: number | undefined;
  readonly message: string;
}

/** Writes a command into `words` from index `first` on; returns its number of shares. */
export type WriteCommand = (words: Uint32Array, first: number) => number;

/** Most commands without a fence, so that memory waiting for a fence is freed. */
const fenceEvery = 1024;

/** Starts `count` threads with a shared memory of at most `limit` bytes in use. */
export class Threads {
  readonly heap: Heap;
  readonly count: number;
  readonly #words: Int32Array;
  readonly #commands: Uint32Array;
  readonly #workers: Worker[];
  #published = 0;
  /** Commands passed by all threads, as of the last check. */
  #left = 0;
  /** Shares of all commands written so far; wraps. */
  #shares = 0;
  #sinceFence = 0;
  #died: string | undefined;
  #wake: (() => void) | undefined;
  #closed = false;

  constructor(count: number, limit: number) {
    this.count = count;
    const scratch = ringAt + ringCommands * commandBytes;
    this.heap = new Heap(scratch + count * scratchBytes, limit, () => Atomics.add(this.#words, grownAt, 1));
    const { memory } = this.heap;
    this.#words = new Int32Array(memory.buffer, 0, scratch / 4);
    this.#commands = new Uint32Array(memory.buffer, 0, scratch / 4);
    this.#workers = Array.from({ length: count }, (_, thread) => {
      const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module", name: `signum ${thread}` });
      worker.onerror = (event) => {
        event.preventDefault();
        this.#died ??= event.message;
        this.#wake?.();
      };
      const start: WorkerStart = { memory, thread, scratch: scratch + thread * scratchBytes };
      worker.postMessage(start);
      return worker;
    });
  }

  /** Number of commands written. */
  get published(): number {
    return this.#published;
  }

  /** Whether the first `commands` commands are done. */
  hasDone(commands: number): boolean {
    return ((Atomics.load(this.#words, completedAt) - commands) | 0) >= 0;
  }

  /** Writes one command; blocks if the ring is full. */
  write(command: WriteCommand): void {
    if (!this.#hasRoom()) {
      // One slot stays free for the final fence.
      this.#put(fenceCommand);
      this.publish();
      this.#block();
      while (!this.#hasRoom() && this.#died === undefined) Atomics.wait(this.#words, leftAt, 0, 1);
    }
    this.#put(command);
    this.#sinceFence++;
  }

  /** Writes a fence and publishes all commands. */
  fence(): void {
    this.write(fenceCommand);
    this.#sinceFence = 0;
    this.publish();
  }

  /** Makes the written commands visible to the threads. */
  publish(): void {
    Atomics.store(this.#words, publishedAt, this.#published);
    if (Atomics.load(this.#words, sleepingAt) > 0) Atomics.notify(this.#words, publishedAt);
  }

  /** Publishes the written commands, with a fence if the last one is old. */
  send(): void {
    if (this.#sinceFence >= fenceEvery) this.fence();
    else this.publish();
  }

  /** Blocks until everything written is done. */
  finish(): void {
    if (this.hasDone(this.#published)) return;
    this.fence();
    this.#block();
  }

  #block(): void {
    while (!this.hasDone(this.#published) && this.#died === undefined) {
      const completed = Atomics.load(this.#words, completedAt);
      if (!this.hasDone(this.#published)) Atomics.wait(this.#words, completedAt, completed, 1000);
    }
  }

  /** Waits until everything written is done, or a thread has ended. */
  async done(): Promise<void> {
    if (this.#sinceFence > 0) this.fence();
    const commands = this.#published;
    while (!this.hasDone(commands) && this.#died === undefined && !this.#closed) {
      const completed = Atomics.load(this.#words, completedAt);
      if (this.hasDone(commands)) return;
      const wait = Atomics.waitAsync(this.#words, completedAt, completed);
      if (!wait.async) continue;
      await Promise.race([wait.value, new Promise<void>((resolve) => this.#wake = resolve)]);
    }
  }

  /** The first fault since the last call. */
  get fault(): ThreadFault | undefined {
    if (this.#died !== undefined) return { kernel: undefined, message: this.#died };
    if (Atomics.compareExchange(this.#words, faultAt, 1, 2) !== 1) return undefined;
    const length = Math.min(faultRoom, Atomics.load(this.#words, faultLengthAt));
    const text = new TextDecoder().decode(new Uint8Array(this.heap.memory.buffer, faultTextAt, length).slice());
    const [kernel] = text.split(" ", 1);
    return { kernel: Number(kernel), message: text.slice(kernel.length + 1) };
  }

  /** Tells all threads to leave at their next share of a dispatch, and waits until they have. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    Atomics.store(this.#words, closingAt, 1);
    // Both words change, so that a thread about to sleep on either of them does not.
    for (const at of [publishedAt, finishedAt]) {
      Atomics.add(this.#words, at, 1);
      Atomics.notify(this.#words, at);
    }
    const deadline = performance.now() + 500;
    for (let left = 0; left < this.count && performance.now() < deadline && this.#died === undefined;) {
      const wait = Atomics.waitAsync(this.#words, leftAt, left, 100);
      if (wait.async) await wait.value;
      left = Atomics.load(this.#words, leftAt);
    }
    for (const worker of this.#workers) worker.terminate();
    this.#wake?.();
  }

  #hasRoom(): boolean {
    const isFree = () => ((this.#published - this.#left) | 0) < ringCommands - 1;
    if (isFree()) return true;
    let left = this.#published;
    for (let thread = 0; thread < this.count; thread++) {
      const position = Atomics.load(this.#words, positionAt(thread));
      if (((position - left) | 0) < 0) left = position;
    }
    this.#left = left;
    return isFree();
  }

  #put(command: WriteCommand): void {
    const first = (ringAt + (this.#published & (ringCommands - 1)) * commandBytes) / 4;
    // Bindings and params after the head are written only by the commands that read them.
    for (let i = 0; i < headBytes / 4; i++) this.#commands[first + i] = 0;
    const shares = command(this.#commands, first);
    this.#commands[first + earlierAt / 4] = this.#shares;
    this.#shares = (this.#shares + shares) | 0;
    this.#published = (this.#published + 1) | 0;
  }
}
