/** The words by which the main thread and the workers meet: at the start of the shared memory, as i32. */

/** Commands that the main thread has written; workers wait for it to move. */
export const publishedAt = 0;
/** Workers that sleep until it moves, or are about to: where there are none, nobody need be woken. */
export const sleepingAt = 8;
/** Commands that are done, as the last fence says; the main thread waits for it to move. */
export const completedAt = 16;
/** Shares of commands that have been done, of all commands so far; wraps. Who waits for shares of others waits for it to move. */
export const finishedAt = 32;
/** Workers that sleep until it moves, or are about to. */
export const waitingAt = 48;
/** 1: workers leave. */
export const closingAt = 64;
/** Workers that have left. */
export const leftAt = 80;
/** How often the memory has grown: a thread that sees it move must look at the memory anew. */
export const grownAt = 112;
/** 1: a kernel failed, and what is in the fault's text says why; 2: the main thread has read it. */
export const faultAt = 96;
/** Bytes of the fault's text. */
export const faultLengthAt = 97;

/** Where the text of a fault begins, in bytes, and its room. */
export const faultTextAt = 4096;
export const faultRoom = 4096;
/** How many commands a worker has left behind; a place in the ring is free when all have left it. There is room for 896. */
export const positionAt = (thread: number): number => 2048 + 16 * thread;
/** Where the ring of commands begins, in bytes, and how many it has. */
export const ringAt = 65_536;
export const ringCommands = 4096;

/** How often a worker looks again before it sleeps: about the time that others need for their last share of a small dispatch. */
export const spins = 200;

/** What a worker is told when it starts. */
export interface WorkerStart {
  readonly memory: WebAssembly.Memory;
  readonly thread: number;
  /** Where its scratch memory begins. */
  readonly scratch: number;
}
