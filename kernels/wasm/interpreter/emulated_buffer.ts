/** A buffer of the emulated card, with the methods of `GPUBuffer` that callers use. */
import { Bytes } from "./memory.ts";

export class EmulatedBuffer {
  readonly bytes: Bytes;
  readonly size: number;
  readonly label: string;

  constructor({ size, label = "" }: { readonly size: number; readonly label?: string }) {
    this.size = size;
    this.label = label;
    this.bytes = new Bytes(size);
  }

  /** Resolves at once: everything submitted has run. */
  mapAsync(): Promise<void> {
    return Promise.resolve();
  }

  /** The content, not a copy. */
  getMappedRange(): ArrayBuffer {
    return this.bytes.content.slice(0, this.size);
  }

  unmap(): void {}

  destroy(): void {}
}
