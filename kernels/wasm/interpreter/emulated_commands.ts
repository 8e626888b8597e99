/** Commands that are recorded and run in order at submit. */
import type { EmulatedBuffer } from "./emulated_buffer.ts";
import type { EmulatedKernel, Part } from "./emulated_kernel.ts";

export type Command = () => void;

export interface EmulatedBindGroup {
  readonly parts: ReadonlyArray<Part & { readonly isDynamic: boolean }>;
}

export class EmulatedPass {
  #kernel: EmulatedKernel | undefined;
  #parts: ReadonlyArray<Part> = [];

  constructor(readonly commands: Command[]) {}

  setPipeline(kernel: EmulatedKernel | undefined): void {
    this.#kernel = kernel;
  }

  setBindGroup(_index: number, { parts }: EmulatedBindGroup, offsets: ReadonlyArray<number> = []): void {
    let used = 0;
    this.#parts = parts.map(({ isDynamic, offset, ...part }) => ({
      ...part,
      offset: offset + (isDynamic ? offsets[used++] ?? 0 : 0),
    }));
  }

  dispatchWorkgroups(x: number, y = 1, z = 1): void {
    const kernel = this.#kernel;
    const parts = this.#parts;
    // The fault of a refused kernel has been reported already.
    if (kernel !== undefined) this.commands.push(() => kernel.run(parts, [x, y, z]));
  }

  end(): void {}
}

export class EmulatedCommands {
  readonly commands: Command[] = [];

  beginComputePass(): EmulatedPass {
    return new EmulatedPass(this.commands);
  }

  clearBuffer({ bytes }: EmulatedBuffer, offset = 0, size = bytes.size - offset): void {
    this.commands.push(() => {
      new Uint8Array(bytes.content, offset, size).fill(0);
      bytes.mark(offset, size);
    });
  }

  /** Uninitialised words stay uninitialised in the copy. */
  copyBufferToBuffer(from: EmulatedBuffer, start: number, to: EmulatedBuffer, at: number, size: number): void {
    this.commands.push(() => {
      new Uint8Array(to.bytes.content, at, size).set(new Uint8Array(from.bytes.content, start, size));
      to.bytes.written.set(from.bytes.written.subarray(start / 4, Math.ceil((start + size) / 4)), at / 4);
    });
  }

  finish(): this {
    return this;
  }
}
