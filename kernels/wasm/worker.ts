/**
 * A thread of the embedded device. It processes the commands in order: it takes shares of a dispatch's workgroups until none is left, and waits for
 * other threads' shares when a command needs the writes of earlier ones. No thread waits for a late one, which finds no shares left. It sleeps when
 * there is no work. A boundary file: it is the thread's whole program.
 */
/// <reference lib="deno.worker" />
import {
  barrierAt,
  bindingAt,
  bytesAt,
  commandBytes,
  earlierAt,
  kernelAt,
  kindAt,
  kinds,
  nextAt,
  pieceBytes,
  shareAt,
  totalAt,
  uniformAt,
} from "./command.ts";
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
  spins,
  waitingAt,
  type WorkerStart,
} from "./control.ts";

import { grow } from "./heap.ts";

type Run = (command: number, first: number, end: number) => void;

const work = ({ memory, thread, scratch }: WorkerStart): void => {
  const words = new Int32Array(memory.buffer, 0, (ringAt + ringCommands * commandBytes) / 4);
  const addresses = new Uint32Array(memory.buffer, 0, words.length);
  const kernels: Run[] = [];
  const scratchGlobal = new WebAssembly.Global({ value: "i64", mutable: false }, BigInt(scratch));
  let done = 0;
  let grown = 0;

  const view = (start: number, size: number): Uint8Array => new Uint8Array(memory.buffer, start, size);
  const address = (at: number): number => addresses[at / 4] + addresses[at / 4 + 1] * 2 ** 32;

  /** Waits until all shares of earlier commands are done; false if the threads must leave. */
  const earlierDone = (at: number): boolean => {
    const earlier = words[(at + earlierAt) / 4];
    for (let spin = 0;; spin++) {
      const finished = Atomics.load(words, finishedAt);
      if (((finished - earlier) | 0) >= 0) return true;
      if (spin < spins) continue;
      if (Atomics.load(words, closingAt) === 1) return false;
      Atomics.add(words, waitingAt, 1);
      Atomics.wait(words, finishedAt, finished);
      Atomics.sub(words, waitingAt, 1);
    }
  };

  const finish = (shares: number): void => {
    Atomics.add(words, finishedAt, shares);
    if (Atomics.load(words, waitingAt) > 0) Atomics.notify(words, finishedAt);
  };

  /** Takes shares of a command until none is left. A failed share counts as done, so that no thread waits forever; its error is reported. */
  const shares = (at: number, run: (first: number, end: number) => void): void => {
    const total = words[(at + totalAt) / 4];
    const share = words[(at + shareAt) / 4];
    let taken = 0;
    for (;;) {
      const first = Atomics.add(words, (at + nextAt) / 4, share);
      if (first >= total || Atomics.load(words, closingAt) === 1) break;
      taken++;
      try {
        run(first, Math.min(first + share, total));
      } catch (cause) {
        fail(at, cause);
      }
    }
    if (taken > 0) finish(taken);
  };

  /** Tells the main thread that `commands` commands are done. */
  const complete = (commands: number): void => {
    let completed = Atomics.load(words, completedAt);
    while (((completed - commands) | 0) < 0) {
      const found = Atomics.compareExchange(words, completedAt, completed, commands);
      if (found === completed) return void Atomics.notify(words, completedAt);
      completed = found;
    }
  };

  const compile = (at: number): void => {
    const start = address(at + uniformAt);
    const size = address(at + bytesAt);
    // A module must not be compiled from shared memory, so its bytes are copied.
    const module = new WebAssembly.Module(new Uint8Array(view(start, size)));
    const fault = (site: number, index: number) => {
      throw new RangeError(`site ${site}, index ${index >>> 0}`);
    };
    const { exports } = new WebAssembly.Instance(module, { signum: { memory, scratch: scratchGlobal, fault } });
    kernels[words[(at + kernelAt) / 4]] = exports.run as Run;
  };

  /** Compiles the module; every thread has one share of this command. */
  const compiled = (at: number): void => {
    try {
      compile(at);
    } catch (cause) {
      fail(at, cause);
    }
    finish(1);
  };

  const perform = (at: number): void => {
    switch (words[(at + kindAt) / 4]) {
      case kinds.dispatch: {
        const run = kernels[words[(at + kernelAt) / 4]];
        return shares(at, (first, end) => run(at, first, end));
      }
      case kinds.copy: {
        const [from, to, size] = [address(at + uniformAt), address(at + bindingAt(0)), address(at + bytesAt)];
        return shares(at, (first, end) => {
          const at = first * pieceBytes;
          const length = Math.min(size, end * pieceBytes) - at;
          view(to + at, length).set(view(from + at, length));
        });
      }
      case kinds.clear: {
        const [to, size] = [address(at + bindingAt(0)), address(at + bytesAt)];
        return shares(at, (first, end) => {
          const at = first * pieceBytes;
          view(to + at, Math.min(size, end * pieceBytes) - at).fill(0);
        });
      }
      case kinds.compile:
        return compiled(at);
      case kinds.fence:
        return complete((done + 1) | 0);
    }
  };

  /** Records why a command failed; only the first failure is kept. */
  const fail = (at: number, cause: unknown): void => {
    if (Atomics.compareExchange(words, faultAt, 0, 1) !== 0) return;
    const text = new TextEncoder().encode(`${words[(at + kernelAt) / 4]} ${String(cause)}`).subarray(0, faultRoom);
    view(faultTextAt, text.length).set(text);
    Atomics.store(words, faultLengthAt, text.length);
  };

  for (;;) {
    for (let spin = 0; Atomics.load(words, publishedAt) === done; spin++) {
      if (Atomics.load(words, closingAt) === 1) break;
      if (spin < spins) continue;
      Atomics.add(words, sleepingAt, 1);
      Atomics.wait(words, publishedAt, done);
      Atomics.sub(words, sleepingAt, 1);
    }
    if (Atomics.load(words, closingAt) === 1) break;
    if (Atomics.load(words, grownAt) !== grown) {
      // V8 shows a grown memory to other threads with a delay; growing it by 0 shows it at once.
      grown = Atomics.load(words, grownAt);
      grow(memory, 0);
    }
    const at = ringAt + (done & (ringCommands - 1)) * commandBytes;
    if (words[(at + barrierAt) / 4] === 1 && !earlierDone(at)) break;
    perform(at);
    done = (done + 1) | 0;
    Atomics.store(words, positionAt(thread), done);
  }
  Atomics.add(words, leftAt, 1);
  Atomics.notify(words, leftAt);
};

self.onmessage = ({ data }: MessageEvent<WorkerStart>) => {
  self.onmessage = null;
  work(data);
  self.close();
};
