/**
 * The part of `GPUDevice` that kernels need, on the CPU: shaders become WebAssembly, buffers are pieces of one shared memory, threads run submitted
 * commands. A dispatch waits for earlier ones only if it touches a buffer that they wrote, or writes one that they read. Results do not depend on
 * the number of threads.
 */
import { mostBindings, paramsBytes } from "./command.ts";
import { compileCommand, dispatchCommand, moveCommand } from "./write_command.ts";
import {
  type BindGroup,
  type Binding,
  type BufferBinding,
  CommandEncoder,
  EmbeddedBuffer,
  type Layout,
  type Pipeline,
  type RecordedCommand,
} from "./embedded_commands.ts";
import { compileKernel } from "./compile.ts";
import { mostPages } from "./heap.ts";
import { scratchBytes, type Threads } from "./threads.ts";
import { WgslError } from "../wgsl/wgsl_error.ts";

/** Callbacks for errors that no call returns. */
export interface DeviceListener {
  outOfMemory(label: string): void;
  fail(message: string): void;
}

export class EmbeddedDevice {
  readonly limits: Readonly<Record<string, number>>;
  readonly features: ReadonlySet<string> = new Set();
  readonly lost = new Promise<GPUDeviceLostInfo>(() => {});
  readonly queue = {
    submit: (lists: ReadonlyArray<ReadonlyArray<RecordedCommand>>): void => this.#submit(lists),
    writeBuffer: (buffer: EmbeddedBuffer, offset: number, data: ArrayBuffer, start: number, size: number): void =>
      this.#write(buffer, offset, new Uint8Array(data, start, size)),
    onSubmittedWorkDone: (): Promise<void> => this.idle(),
  };
  listener: DeviceListener | undefined;
  readonly #threads: Threads;
  readonly #checked: boolean;
  readonly #kernels: { readonly label: string; readonly sites: ReadonlyArray<string> }[] = [];
  /** Memory to free once a number of commands is done. */
  #leaving: { readonly after: number; readonly address: number; readonly bytes: number }[] = [];
  #barriers = 0;

  constructor(threads: Threads, checked: boolean) {
    this.#threads = threads;
    this.#checked = checked;
    const { limit } = threads.heap;
    this.limits = {
      minUniformBufferOffsetAlignment: 128,
      maxStorageBufferBindingSize: limit,
      maxBufferSize: limit,
      maxStorageBuffersPerShaderStage: mostBindings,
      maxComputeWorkgroupStorageSize: scratchBytes,
    };
  }

  createBuffer(
    { label = "", size, usage }: { readonly label?: string; readonly size: number; readonly usage: number },
  ): EmbeddedBuffer {
    if ((usage & GPUBufferUsage.UNIFORM) !== 0) {
      return new EmbeddedBuffer(this, label, size, 0, new Uint32Array(size / 4));
    }
    const address = this.#take(size);
    if (address === undefined) this.listener?.outOfMemory(label);
    return new EmbeddedBuffer(this, label, size, address ?? 0);
  }

  createBindGroupLayout(layout: Layout): Layout {
    return layout;
  }

  createPipelineLayout(): undefined {
    return undefined;
  }

  createShaderModule({ code }: { readonly code: string }): string {
    return code;
  }

  createComputePipeline(
    { label, compute }: {
      readonly label: string;
      readonly compute: { readonly module: string; readonly entryPoint: string };
    },
  ): Pipeline {
    const kernel = this.#kernels.length;
    const wrong = (why: string): Pipeline => {
      this.#fail(`Cannot compile kernel "${label}": ${why}`);
      this.#kernels.push({ label, sites: [] });
      return { kernel, bindings: undefined };
    };
    try {
      const made = compileKernel(compute.module, compute.entryPoint, { checked: this.#checked, pages: mostPages });
      if (made.scratchBytes > scratchBytes) {
        return wrong(`its workgroup memory is ${made.scratchBytes} bytes, a thread has ${scratchBytes}`);
      }
      if (made.bindings - 1 > mostBindings) {
        return wrong(`it has ${made.bindings - 1} bindings, at most ${mostBindings} can be bound`);
      }
      const staged = this.#staged(made.bytes);
      if (staged === undefined) return wrong("there is no memory for its code");
      this.#threads.write(compileCommand(kernel, staged, made.bytes.length, this.#threads.count));
      this.#threads.publish();
      this.#leaving.push({ after: this.#threads.published, address: staged, bytes: made.bytes.length });
      this.#kernels.push({ label, sites: made.sites });
      return { kernel, bindings: made.bindings - 1 };
    } catch (error) {
      if (error instanceof WgslError) return wrong(error.message);
      throw error;
    }
  }

  createBindGroup(
    { layout, entries }: {
      readonly layout: Layout;
      readonly entries: ReadonlyArray<{ readonly binding: number; readonly resource: BufferBinding }>;
    },
  ): BindGroup {
    const bindings = entries.map(
      ({ binding, resource: { buffer, offset = 0, size = buffer.size - offset } }): Binding => {
        if (offset + size > buffer.size) {
          this.#fail(
            `Cannot bind "${buffer.label}": bytes ${offset} to ${offset + size} of a buffer of ${buffer.size}`,
          );
        }
        const type = layout.entries[binding]?.buffer?.type;
        if (type === undefined) this.#fail(`Cannot bind "${buffer.label}": there is no binding ${binding}`);
        return { buffer, offset, size, writes: type === "storage" };
      },
    );
    if (entries.length !== layout.entries.length) {
      this.#fail(`Cannot bind a kernel of ${layout.entries.length} bindings: ${entries.length} buffers are given`);
    }
    return { bindings: bindings.slice(0, -1), uniform: bindings[bindings.length - 1] };
  }

  createCommandEncoder(): CommandEncoder {
    return new CommandEncoder();
  }

  addEventListener(): void {}

  destroy(): void {}

  /** Waits until everything submitted is done; passes a thread's fault to the listener. */
  async idle(): Promise<void> {
    await this.#threads.done();
    this.#look();
  }

  /** The bytes at an address now. */
  bytes(address: number, size: number): Uint8Array {
    return new Uint8Array(this.#threads.heap.memory.buffer, address, size);
  }

  free(buffer: EmbeddedBuffer): void {
    if (buffer.address !== 0) this.#leave(buffer.address, buffer.size);
  }

  /** Writes one dispatch. It is skipped if a buffer's allocation or the kernel's compilation failed. */
  dispatch({ kernel, bindings }: Pipeline, group: BindGroup, dynamic: number, x: number, y: number, z: number): void {
    if (bindings === undefined || group.bindings.some(({ buffer }) => buffer.address === 0)) return;
    if (bindings !== group.bindings.length) {
      this.#fail(
        `Cannot run kernel "${this.#kernels[kernel].label}": ${group.bindings.length} of ${bindings} buffers are bound`,
      );
      return;
    }
    const { buffer: { uniforms }, offset, size } = group.uniform;
    if (uniforms === undefined || size > paramsBytes) {
      return this.#fail(
        `Cannot bind "${group.uniform.buffer.label}": it is no uniform of at most ${paramsBytes} bytes`,
      );
    }
    let waits = false;
    for (const { buffer, writes } of group.bindings) {
      waits ||= buffer.written === this.#barriers || (writes && buffer.read === this.#barriers);
    }
    if (waits) this.#barriers++;
    for (const { buffer, writes } of group.bindings) {
      if (writes) buffer.written = this.#barriers;
      else buffer.read = this.#barriers;
    }
    this.#threads.write(dispatchCommand({
      kernel,
      waits,
      groups: [x, y, z],
      share: Math.max(1, Math.ceil(x * y * z / (this.#threads.count * 8))),
      params: uniforms.subarray((offset + dynamic) / 4, (offset + dynamic + size) / 4),
      bindings: group.bindings,
    }));
  }

  clear(buffer: EmbeddedBuffer, offset: number, size: number): void {
    if (buffer.address === 0) return;
    const waits = buffer.written === this.#barriers || buffer.read === this.#barriers;
    if (waits) this.#barriers++;
    buffer.written = this.#barriers;
    this.#threads.write(moveCommand(undefined, buffer.address + offset, size, waits));
  }

  copy(from: EmbeddedBuffer, fromOffset: number, to: EmbeddedBuffer, toOffset: number, size: number): void {
    if (from.address === 0 || to.address === 0) return;
    const waits = from.written === this.#barriers || to.written === this.#barriers || to.read === this.#barriers;
    if (waits) this.#barriers++;
    from.read = this.#barriers;
    to.written = this.#barriers;
    this.#threads.write(moveCommand(from.address + fromOffset, to.address + toOffset, size, waits));
  }

  #submit(lists: ReadonlyArray<ReadonlyArray<RecordedCommand>>): void {
    for (const list of lists) for (const recorded of list) recorded(this);
    this.#threads.send();
  }

  #write(buffer: EmbeddedBuffer, offset: number, data: Uint8Array): void {
    if (buffer.uniforms !== undefined) return new Uint8Array(buffer.uniforms.buffer).set(data, offset);
    if (buffer.address === 0) return;
    if (offset + data.length > buffer.size) {
      return this.#fail(
        `Cannot write "${buffer.label}": bytes ${offset} to ${offset + data.length} of a buffer of ${buffer.size}`,
      );
    }
    // Work submitted earlier must still read the old content.
    const staged = this.#threads.hasDone(this.#threads.published) ? undefined : this.#staged(data);
    if (staged === undefined) {
      this.#threads.finish();
      this.bytes(buffer.address + offset, data.length).set(data);
      return;
    }
    const waits = buffer.written === this.#barriers || buffer.read === this.#barriers;
    if (waits) this.#barriers++;
    buffer.written = this.#barriers;
    this.#threads.write(moveCommand(staged, buffer.address + offset, data.length, waits));
    this.#leave(staged, data.length);
  }

  /** Allocates memory; if there is none, waits for work that still uses freed memory. */
  #take(size: number): number | undefined {
    const { heap } = this.#threads;
    this.#collect();
    const address = heap.take(size);
    if (address !== undefined || this.#leaving.length === 0) return address;
    this.#threads.finish();
    this.#collect();
    return heap.take(size);
  }

  #staged(data: Uint8Array): number | undefined {
    const address = this.#take(data.length);
    if (address !== undefined) this.bytes(address, data.length).set(data);
    return address;
  }

  /** Frees memory as soon as a fence shows that everything written so far is done. */
  #leave(address: number, bytes: number): void {
    if (this.#threads.hasDone(this.#threads.published)) return this.#threads.heap.give(address, bytes);
    this.#leaving.push({ after: (this.#threads.published + 1) | 0, address, bytes });
  }

  #collect(): void {
    if (this.#leaving.length === 0) return;
    const stays = this.#leaving.findIndex(({ after }) => !this.#threads.hasDone(after));
    const gone = this.#leaving.splice(0, stays < 0 ? this.#leaving.length : stays);
    for (const { address, bytes } of gone) this.#threads.heap.give(address, bytes);
  }

  #look(): void {
    const { fault } = this.#threads;
    if (fault === undefined) return;
    const { kernel, message } = fault;
    if (kernel === undefined) return this.#fail(`A thread of the device ended: ${message}`);
    const known = this.#kernels[kernel];
    const access = /site (\d+), index (\d+)/.exec(message);
    this.#fail(
      access === null
        ? `Kernel "${known.label}" failed: ${message}`
        : `Kernel "${known.label}" reached beyond ${known.sites[Number(access[1])]}: index ${access[2]}`,
    );
  }

  #fail(message: string): void {
    this.listener?.fail(message);
  }
}
