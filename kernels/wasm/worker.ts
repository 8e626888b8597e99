/**
 * A thread of the embedded device. It walks the commands in the order in which they were written: of each dispatch it takes shares of
 * workgroups until none is left, and meets the other threads where a command must see what earlier ones wrote. It sleeps while there is
 * nothing to do. A boundary file: it is the thread's whole program.
 */
/// <reference lib="deno.worker" />
import {
  barrierAt,
  bindingAt,
  bytesAt,
  commandBytes,
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
  arrivedAt,
  barriersAt,
  closingAt,
  completedAt,
  faultAt,
  faultLengthAt,
  faultRoom,
  faultTextAt,
  grownAt,
  leftAt,
  publishedAt,
  ringAt,
  ringCommands,
  sleepingAt,
  spins,
  type WorkerStart,
} from "./control.ts";

import { grow } from "./heap.ts";

type Run = (command: number, first: number, end: number) => void;

const work = ({ memory, threads, scratch }: WorkerStart): void => {
  const words = new Int32Array(memory.buffer, 0, (ringAt + ringCommands * commandBytes) / 4);
  const addresses = new Uint32Array(memory.buffer, 0, words.length);
  const kernels: Run[] = [];
  const scratchGlobal = new WebAssembly.Global({ value: "i64", mutable: false }, BigInt(scratch));
  let done = 0;
  let grown = 0;

  const view = (start: number, size: number): Uint8Array => new Uint8Array(memory.buffer, start, size);
  const address = (at: number): number => addresses[at / 4] + addresses[at / 4 + 1] * 2 ** 32;

  /** Waits until all threads are here; the last does `last` before it lets the others go. */
  const meet = (last: () => void): void => {
    if (threads === 1) return last();
    const barrier = Atomics.load(words, barriersAt);
    if (Atomics.add(words, arrivedAt, 1) === threads - 1) {
      Atomics.store(words, arrivedAt, 0);
      last();
      Atomics.add(words, barriersAt, 1);
      Atomics.notify(words, barriersAt);
      return;
    }
    for (let spin = 0; Atomics.load(words, barriersAt) === barrier; spin++) {
      if (spin < spins) continue;
      if (Atomics.load(words, closingAt) === 1) return;
      Atomics.wait(words, barriersAt, barrier, 1000);
    }
  };

  const shares = (at: number, run: (first: number, end: number) => void): void => {
    const total = words[(at + totalAt) / 4];
    const share = words[(at + shareAt) / 4];
    for (;;) {
      const first = Atomics.add(words, (at + nextAt) / 4, share);
      if (first >= total || Atomics.load(words, closingAt) === 1) return;
      run(first, Math.min(first + share, total));
    }
  };

  const compile = (at: number): void => {
    const start = address(at + uniformAt);
    const size = address(at + bytesAt);
    // A module is not read from memory that others could change.
    const module = new WebAssembly.Module(new Uint8Array(view(start, size)));
    const fault = (site: number, index: number) => {
      throw new RangeError(`site ${site}, index ${index >>> 0}`);
    };
    const { exports } = new WebAssembly.Instance(module, { signum: { memory, scratch: scratchGlobal, fault } });
    kernels[words[(at + kernelAt) / 4]] = exports.run as Run;
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
        return compile(at);
    }
  };

  /** Writes down why a command failed; the first one counts. */
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
      // V8 lets other threads see a grown memory some time later; growing it by nothing lets this one see it now.
      grown = Atomics.load(words, grownAt);
      grow(memory, 0);
    }
    const at = ringAt + (done & (ringCommands - 1)) * commandBytes;
    done = (done + 1) | 0;
    if (words[(at + kindAt) / 4] === kinds.fence) {
      meet(() => {
        Atomics.store(words, completedAt, done);
        Atomics.notify(words, completedAt);
      });
      continue;
    }
    if (words[(at + barrierAt) / 4] === 1) meet(() => {});
    try {
      perform(at);
    } catch (cause) {
      fail(at, cause);
    }
  }
  Atomics.add(words, leftAt, 1);
  Atomics.notify(words, leftAt);
};

self.onmessage = ({ data }: MessageEvent<WorkerStart>) => {
  self.onmessage = null;
  work(data);
  self.close();
};
