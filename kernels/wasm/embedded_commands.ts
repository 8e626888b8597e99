/** What the embedded device hands out: buffers, bind groups, pipelines, and encoders that remember what to do until it is submitted. */
import type { EmbeddedDevice } from "./embedded_device.ts";

/** A buffer: a piece of the memory. Its address is 0 where there was no memory for it. */
export class EmbeddedBuffer {
  /** When it was last written and read, in barriers. */
  written = -1;
  read = -1;

  constructor(
    readonly device: EmbeddedDevice,
    readonly label: string,
    readonly size: number,
    readonly address: number,
    /** Of a buffer of uniforms: what is in it, since each command takes its own along. */
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

/** See embedded_device.ts. */
export interface Binding {
  readonly buffer: EmbeddedBuffer;
  readonly offset: number;
  readonly size: number;
  readonly writes: boolean;
}

/** See embedded_device.ts. */
export interface BindGroup {
  readonly bindings: ReadonlyArray<Binding>;
  readonly uniform: Binding;
}

/** See embedded_device.ts. */
export interface Layout {
  readonly entries: ReadonlyArray<GPUBindGroupLayoutEntry>;
}

/** See embedded_device.ts. */
export interface Pipeline {
  readonly kernel: number;
  /** How many buffers it takes; undefined where it could not be compiled. */
  readonly bindings: number | undefined;
}

/** See embedded_device.ts. */
export interface BufferBinding {
  readonly buffer: EmbeddedBuffer;
  readonly offset?: number;
  readonly size?: number;
}

/** See embedded_device.ts. */
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

/** See embedded_device.ts. */
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
