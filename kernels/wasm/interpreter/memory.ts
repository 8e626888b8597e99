/** Memory of bindings and workgroup variables: bytes and their access records. */
import { Accesses } from "./access_log.ts";
import { stop } from "./fault.ts";

/** A buffer's bytes, which of its words are initialised, and the accesses of a dispatch. */
export class Bytes {
  readonly content: ArrayBuffer;
  readonly written: Uint8Array;
  #accesses: Accesses | undefined;

  constructor(readonly size: number) {
    this.content = new ArrayBuffer(Math.ceil(size / 4) * 4);
    this.written = new Uint8Array(this.content.byteLength / 4);
    this.forget();
  }

  /** Created at the first dispatch that may write. */
  get accesses(): Accesses {
    return this.#accesses ??= new Accesses(this.written.length);
  }

  /** Makes the content uninitialised: NaN as a float, far out of bounds as an index. */
  forget(): void {
    new Uint32Array(this.content).fill(0xffe0_dead);
    this.written.fill(0);
  }

  /** Marks bytes as initialised. */
  mark(offset: number, bytes: number): void {
    this.written.fill(1, Math.floor(offset / 4), Math.ceil((offset + bytes) / 4));
  }
}

/** A named range of memory, with a view for each element type. */
export class Memory {
  readonly f: Float32Array;
  readonly u: Uint32Array;
  readonly i: Int32Array;
  readonly h: Float16Array;
  /** Elements of a runtime-sized array. */
  counted = 0;

  constructor(
    readonly name: string,
    readonly space: "storage" | "uniform" | "workgroup",
    readonly writable: boolean,
    /** Bytes of the unit in which accesses are recorded. */
    readonly unit: 2 | 4,
    content: ArrayBuffer,
    offset: number,
    readonly bytes: number,
    /** For storage: which words are initialised. */
    readonly written: Uint8Array | undefined,
    readonly accesses: Accesses | undefined,
    /** The first unit, if `accesses` cover the whole buffer. */
    readonly start: number,
  ) {
    const words = Math.floor(bytes / 4);
    this.f = new Float32Array(content, offset, words);
    this.u = new Uint32Array(content, offset, words);
    this.i = new Int32Array(content, offset, words);
    this.h = new Float16Array(content, offset, Math.floor(bytes / 2));
  }

  static workgroup(name: string, bytes: number, unit: 2 | 4): Memory {
    const size = Math.ceil(bytes / 4) * 4;
    const accesses = new Accesses(size / unit);
    return new Memory(name, "workgroup", true, unit, new ArrayBuffer(size), 0, size, undefined, accesses, 0);
  }

  /** The bound part of a buffer; `unit` fits the variable's elements. */
  static bound(
    name: string,
    space: "storage" | "uniform",
    writable: boolean,
    unit: 2 | 4,
    buffer: Bytes,
    offset: number,
    bytes: number,
  ): Memory {
    if (offset % 4 !== 0 || offset + bytes > buffer.size) {
      return stop(`binding "${name}" covers bytes ${offset} to ${offset + bytes} of a buffer of ${buffer.size}`);
    }
    const start = offset / 4;
    const written = buffer.written.subarray(start, start + Math.ceil(bytes / 4));
    const accesses = writable ? buffer.accesses : undefined;
    return new Memory(name, space, writable, unit, buffer.content, offset, bytes, written, accesses, start);
  }
}
