/**
 * The part of `GPUDevice` that the encoder, the pool and the profiler use, on host memory; `submit` runs the commands before it returns. A fault is
 * reported like an uncaptured error of Dawn. It ends its dispatch; other work continues.
 */
import { AccessLog } from "./access_log.ts";
import type { CardLimits } from "./card_limits.ts";
import { EmulatedBuffer } from "./emulated_buffer.ts";
import { type Command, type EmulatedBindGroup, EmulatedCommands } from "./emulated_commands.ts";
import { EmulatedKernel } from "./emulated_kernel.ts";
import { faultOf } from "./fault.ts";
import type { CodeOptions } from "./module_writer.ts";

interface Bound {
  readonly binding: number;
  readonly resource: { readonly buffer: EmulatedBuffer; readonly offset?: number; readonly size?: number };
}

interface Layout {
  readonly entries: ReadonlyArray<
    { readonly binding: number; readonly buffer: { readonly type: string; readonly hasDynamicOffset?: boolean } }
  >;
}

/** A device that computes in the calling thread. */
export class EmulatedDevice {
  readonly faults: string[] = [];
  readonly features: ReadonlySet<string>;
  readonly lost = new Promise<never>(() => {});
  readonly #log = new AccessLog();
  #open: EmulatedCommands | undefined;

  constructor(
    readonly limits: CardLimits,
    readonly options: CodeOptions,
    features: ReadonlyArray<string>,
    readonly report: (fault: string) => void,
  ) {
    this.features = new Set(features);
  }

  readonly queue = {
    writeBuffer: (
      to: EmulatedBuffer,
      at: number,
      data: ArrayBuffer | ArrayBufferView,
      start = 0,
      size?: number,
    ): void => {
      const whole = ArrayBuffer.isView(data)
        ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
        : new Uint8Array(data);
      const bytes = whole.subarray(start, size === undefined ? undefined : start + size);
      new Uint8Array(to.bytes.content).set(bytes, at);
      to.bytes.mark(at, bytes.length);
    },
    submit: (lists: ReadonlyArray<EmulatedCommands>): void => {
      for (const list of lists) {
        if (this.#open === list) this.#open = undefined;
        for (const command of list.commands) this.#run(command);
      }
    },
    onSubmittedWorkDone: (): Promise<void> => Promise.resolve(),
  };

  createBuffer(given: { readonly size: number; readonly label?: string }): EmulatedBuffer {
    if (given.size > this.limits.maxBufferSize) this.#fail(`a buffer of ${given.size} bytes is too large for the card`);
    return new EmulatedBuffer(given);
  }

  createBindGroupLayout(layout: Layout): Layout {
    return layout;
  }

  createPipelineLayout(given: unknown): unknown {
    return given;
  }

  createShaderModule(
    given: { readonly label?: string; readonly code: string },
  ): { readonly label?: string; readonly code: string } {
    return given;
  }

  /** Compiles a kernel; undefined if it is refused. */
  createComputePipeline({ label = "", compute: { module, entryPoint } }: {
    readonly label?: string;
    readonly compute: { readonly module: { readonly code: string }; readonly entryPoint: string };
  }): EmulatedKernel | undefined {
    let kernel: EmulatedKernel | undefined;
    const fault = faultOf(() => {
      kernel = new EmulatedKernel(label || entryPoint, module.code, entryPoint, this.options, this.limits, this.#log);
    });
    if (fault !== undefined) {
      this.#fail(fault.startsWith("Kernel ") ? fault : `Kernel "${label || entryPoint}", ${fault}`);
    }
    return kernel;
  }

  createBindGroup(
    { layout, entries }: { readonly layout: Layout; readonly entries: ReadonlyArray<Bound> },
  ): EmulatedBindGroup {
    return {
      parts: [...entries].sort((a, b) => a.binding - b.binding).map(
        ({ binding, resource: { buffer, offset = 0, size } }) => {
          const declared = layout.entries.find((entry) => entry.binding === binding)?.buffer;
          if (offset % this.limits.minStorageBufferOffsetAlignment !== 0) {
            this.#fail(
              `binding ${binding} begins at byte ${offset}, no multiple of ${this.limits.minStorageBufferOffsetAlignment}`,
            );
          }
          return {
            buffer: buffer.bytes,
            offset,
            size: size ?? buffer.size - offset,
            isWritable: declared?.type === "storage",
            isDynamic: declared?.hasDynamicOffset ?? false,
          };
        },
      ),
    };
  }

  createCommandEncoder(): EmulatedCommands {
    return this.#open = new EmulatedCommands();
  }

  /** Makes a buffer uninitialised, after all recorded work. */
  forget({ bytes }: EmulatedBuffer): void {
    if (this.#open === undefined) bytes.forget();
    else this.#open.commands.push(() => bytes.forget());
  }

  addEventListener(): void {}

  destroy(): void {}

  #run(command: Command): void {
    const fault = faultOf(command);
    if (fault !== undefined) this.#fail(fault);
  }

  #fail(fault: string): void {
    this.faults.push(fault);
    this.report(fault);
  }
}
