/**
 * The layout of a command in memory, 512 bytes each. The main thread writes commands; threads and kernels read them. All numbers are u32, addresses
 * u64.
 */

export const commandBytes = 512;

/** Most storage bindings of a kernel. */
export const mostBindings = 14;

export const kinds = { dispatch: 1, copy: 2, clear: 3, compile: 4, fence: 5 } as const;

export const kindAt = 0;
/** Whether all earlier commands must have ended, and their number of shares (wraps). */
export const barrierAt = 4;
export const earlierAt = 60;
/** The next workgroup, or piece of a copy or clear, that no thread has taken; threads add to it atomically. */
export const nextAt = 8;
/** Workgroups or pieces in all. */
export const totalAt = 12;
/** Workgroups or pieces that a thread takes at a time. */
export const shareAt = 16;
export const kernelAt = 20;
/** Workgroups along x, y, z. */
export const groupsAt = 24;
/** The address of the uniform, or of a copy's source. */
export const uniformAt = 40;
/** Bytes of a copy, a clear or a module. */
export const bytesAt = 48;
/** Always 0. */
export const zeroAt = 56;
/** Bytes before the bindings. */
export const headBytes = 64;
/** The address of a binding; binding 0 is the target of a copy or clear. */
export const bindingAt = (binding: number): number => headBytes + 8 * binding;
/** The uniform, and its largest size in bytes. */
export const paramsAt = 256;
export const paramsBytes = 256;
/** The length of a binding in bytes, at most 2^32 - 1. */
export const lengthAt = (binding: number): number => headBytes + 8 * mostBindings + 4 * binding;

/** Bytes per piece of a copy or clear. */
export const pieceBytes = 1 << 20;
