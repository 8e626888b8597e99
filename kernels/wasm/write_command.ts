/** Writes commands into the ring, in the layout of `command.ts`. */
import {
  barrierAt,
  bindingAt,
  bytesAt,
  groupsAt,
  kernelAt,
  kindAt,
  kinds,
  lengthAt,
  paramsAt,
  pieceBytes,
  shareAt,
  totalAt,
  uniformAt,
} from "./command.ts";
import type { Binding } from "./embedded_commands.ts";
import type { WriteCommand } from "./threads.ts";

/** A dispatch; a thread takes `share` workgroups at a time; `params` is the uniform. */
export const dispatchCommand = (
  { kernel, waits, groups, share, params, bindings }: {
    readonly kernel: number;
    readonly waits: boolean;
    readonly groups: readonly [number, number, number];
    readonly share: number;
    readonly params: Uint32Array;
    readonly bindings: ReadonlyArray<Binding>;
  },
): WriteCommand =>
(words, first) => {
  const total = groups[0] * groups[1] * groups[2];
  words[first + kindAt / 4] = kinds.dispatch;
  words[first + barrierAt / 4] = waits ? 1 : 0;
  words[first + totalAt / 4] = total;
  words[first + shareAt / 4] = share;
  words[first + kernelAt / 4] = kernel;
  words.set(groups, first + groupsAt / 4);
  setAddress(words, first + uniformAt / 4, 4 * first + paramsAt);
  for (let i = 0; i < params.length; i++) words[first + paramsAt / 4 + i] = params[i];
  for (let i = 0; i < bindings.length; i++) {
    const { buffer, offset, size } = bindings[i];
    setAddress(words, first + bindingAt(i) / 4, buffer.address + offset);
    words[first + lengthAt(i) / 4] = Math.min(size, 2 ** 32 - 1);
  }
  return Math.ceil(total / share);
};

/** A copy of `size` bytes, or a clear if there is no `from`. */
export const moveCommand =
  (from: number | undefined, to: number, size: number, waits: boolean): WriteCommand => (words, first) => {
    const pieces = Math.ceil(size / pieceBytes);
    words[first + kindAt / 4] = from === undefined ? kinds.clear : kinds.copy;
    words[first + barrierAt / 4] = waits ? 1 : 0;
    words[first + totalAt / 4] = pieces;
    words[first + shareAt / 4] = 1;
    setAddress(words, first + uniformAt / 4, from ?? 0);
    setAddress(words, first + bindingAt(0) / 4, to);
    setAddress(words, first + bytesAt / 4, size);
    return pieces;
  };

/** Compiles a kernel, whose module is at an address; each thread compiles it. */
export const compileCommand =
  (kernel: number, address: number, size: number, threads: number): WriteCommand => (words, first) => {
    words[first + kindAt / 4] = kinds.compile;
    words[first + kernelAt / 4] = kernel;
    setAddress(words, first + uniformAt / 4, address);
    setAddress(words, first + bytesAt / 4, size);
    return threads;
  };

/** A fence: tells the main thread that everything written before it is done. */
export const fenceCommand: WriteCommand = (words, first) => {
  words[first + kindAt / 4] = kinds.fence;
  words[first + barrierAt / 4] = 1;
  return 0;
};

const setAddress = (words: Uint32Array, at: number, address: number): void => {
  words[at] = address % 2 ** 32;
  words[at + 1] = Math.floor(address / 2 ** 32);
};
