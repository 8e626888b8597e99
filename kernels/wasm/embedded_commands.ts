/** The objects of the embedded device: buffers, bind groups, pipelines, and encoders that hold commands until they are submitted. */
import type { EmbeddedDevice } from "./embedded_device.ts";

/** A buffer: a piece of the memory. Its address is 0 if the allocation failed. */
export class EmbeddedBuffer {
  /** When it was last written and last read, in barriers. */
  written = -1;
  read = -1;

  constructor(
    readonly device: EmbeddedDevice,
    readonly label: string,
    readonly size: number,
    readonly address: number,
    /** The content of a uniform buffer; each command stores a copy. */
    readonly uniforms?: Uint32Array,
  ) {}

  destroy(): void {
    this.device.free(this);
  }

  mapAsync(): Promise<void> {
    return this.device.idle();
  }

  getMappedRange(): ArrayBuffer {
    const bytes = new Uint8Array(this.size);
    if (this.address !== 0) bytes.set(this.device.bytes(this.address, this.size));
    return bytes.buffer;
  }

  unmap(): void {}
}

/** A buffer's part that a dispatch binds. */
export interface Binding {
  readonly buffer: EmbeddedBuffer;
  readonly offset: number;
  readonly size: number;
  readonly writes: boolean;
}

/** The embedded `GPUBindGroup`. */
export interface BindGroup {
  readonly bindings: ReadonlyArray<Binding>;
  readonly uniform: Binding;
}

/** The embedded `GPUBindGroupLayout`. */
export interface Layout {
  readonly entries: ReadonlyArray<GPUBindGroupLayoutEntry>;
}

/** The embedded `GPUComputePipeline`. */
export interface Pipeline {
  readonly kernel: number;
  /** Number of buffers that it takes; undefined if compilation failed. */
  readonly bindings: number | undefined;
}

/** The embedded `GPUBufferBinding`. */
export interface BufferBinding {
  readonly buffer: EmbeddedBuffer;
  readonly offset?: number;
  readonly size?: number;
}

/** A command to run at submit. */
export type RecordedCommand = (device: EmbeddedDevice) => void;

class ComputePass {
  #pipeline: Pipeline | undefined;
  #group: BindGroup | undefined;
  #offset = 0;

  constructor(readonly recorded: RecordedCommand[]) {}

  setPipeline(pipeline: Pipeline): void {
    this.#pipeline = pipeline;
  }

  setBindGroup(_index: number, group: BindGroup, [offset]: ReadonlyArray<number>): void {
    this.#group = group;
    this.#offset = offset;
  }

  dispatchWorkgroups(x: number, y = 1, z = 1): void {
    const [pipeline, group, offset] = [this.#pipeline!, this.#group!, this.#offset];
    this.recorded.push((device) => device.dispatch(pipeline, group, offset, x, y, z));
  }

  end(): void {}
}

/** The embedded `GPUCommandEncoder`. */
export class CommandEncoder {
  readonly recorded: RecordedCommand[] = [];

  beginComputePass(): ComputePass {
    return new ComputePass(this.recorded);
  }

  clearBuffer(buffer: EmbeddedBuffer, offset: number, size: number): void {
    this.recorded.push((device) => device.clear(buffer, offset, size));
  }

  copyBufferToBuffer(
    from: EmbeddedBuffer,
    fromOffset: number,
    to: EmbeddedBuffer,
    toOffset: number,
    size: number,
  ): void {
    this.recorded.push((device) => device.copy(from, fromOffset, to, toOffset, size));
  }

  finish(): ReadonlyArray<RecordedCommand> {
    return this.recorded;
  }
}
