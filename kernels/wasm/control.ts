/** Words at the start of the shared memory, as i32 indices, that synchronise the main thread and the workers. */

/** Number of commands written; workers wait for it to change. */
export const publishedAt = 0;
/** Workers that sleep on it or are about to; if zero, no notification is needed. */
export const sleepingAt = 8;
/** Number of commands done, as of the last fence; the main thread waits for it to change. */
export const completedAt = 16;
/** Shares of all commands done so far (wraps). Workers that wait for earlier commands wait for it to change. */
export const finishedAt = 32;
/** Workers that sleep on it or are about to. */
export const waitingAt = 48;
/** Set to 1 to make the workers leave. */
export const closingAt = 64;
/** Workers that have left. */
export const leftAt = 80;
/** How often the memory has grown; a thread that sees a change must refresh its view of the memory. */
export const grownAt = 112;
/** 1: a kernel failed, and the fault's text is written; 2: the main thread has read it. */
export const faultAt = 96;
/** Bytes of the fault's text. */
export const faultLengthAt = 97;

/** First byte of the fault's text, and its capacity. */
export const faultTextAt = 4096;
export const faultRoom = 4096;
/** Number of commands that a worker has passed; a ring slot is free when all workers have passed it. There is room for 896 workers. */
export const positionAt = (thread: number): number => 2048 + 16 * thread;
/** First byte of the ring of commands, and its number of commands. */
export const ringAt = 65_536;
export const ringCommands = 4096;

/** How often a worker polls before it sleeps: about as long as the last shares of a small dispatch take. */
export const spins = 200;

/** The message that starts a worker. */
export interface WorkerStart {
  readonly memory: WebAssembly.Memory;
  readonly thread: number;
  /** First byte of its scratch memory. */
  readonly scratch: number;
}
