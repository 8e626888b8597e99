/**
 * How a command lies in memory, 512 bytes each: what the main thread writes, the threads walk and kernels read. All numbers are u32 but the
 * addresses, which are u64.
 */

/** Bytes of a command. */
export const commandBytes = 512;

/** Most bindings of a kernel, the uniform apart. */
export const mostBindings = 14;

/** What a command does. */
export const kinds = { dispatch: 1, copy: 2, clear: 3, compile: 4, fence: 5 } as const;

/** What is to be done; one of `kinds`. */
export const kindAt = 0;
/** Whether all that came before must have ended, and how many shares that is, of all commands before this one; wraps. */
export const barrierAt = 4;
export const earlierAt = 60;
/** The next workgroup (of a copy or a clear: the next piece) that no thread has taken; threads add to it. */
export const nextAt = 8;
/** How many there are in all. */
export const totalAt = 12;
/** How many a thread takes at a time. */
export const shareAt = 16;
/** Which kernel. */
export const kernelAt = 20;
/** Workgroups along x, y, z. */
export const groupsAt = 24;
/** The address of the uniform; of a copy its source. */
export const uniformAt = 40;
/** The bytes of a copy, a clear or a module. */
export const bytesAt = 48;
/** Always 0. */
export const zeroAt = 56;
/** Bytes of all that stands before the bindings. */
export const headBytes = 64;
/** The address of a binding; of a copy or a clear the target is binding 0. */
export const bindingAt = (binding: number): number => headBytes + 8 * binding;
/** The uniform itself, and its most bytes. */
export const paramsAt = 256;
export const paramsBytes = 256;
/** The length of a binding in bytes, at most 2^32 - 1. */
export const lengthAt = (binding: number): number => headBytes + 8 * mostBindings + 4 * binding;

/** Bytes of a copy or a clear that a thread does at a time. */
export const pieceBytes = 1 << 20;
