/** A buffer of the emulated card, as `GPUBuffer` has it. */
import { Bytes } from "./memory.ts";

/** Bytes with the methods that callers use. */
export class EmulatedBuffer {
  readonly bytes: Bytes;
  readonly size: number;
  readonly label: string;

  constructor({ size, label = "" }: { readonly size: number; readonly label?: string }) {
    this.size = size;
    this.label = label;
    this.bytes = new Bytes(size);
  }

  /** Everything submitted has run already. */
  mapAsync(): Promise<void> {
    return Promise.resolve();
  }

  /** The content itself. */
  getMappedRange(): ArrayBuffer {
    return this.bytes.content.slice(0, this.size);
  }

  unmap(): void {}

  destroy(): void {}
}
