/**
 * Records dispatches as plain calls and submits them. Only calls that wait (read-back, the end of the queue) are Effects. The `Params` of all
 * dispatches of a submit share one uniform buffer, which is written just before the submit.
 */
import * as Effect from "effect/Effect";
import { BufferPool, finest, sizeText } from "./buffer_pool.ts";
import { DeviceError, type DeviceInfo } from "./device_info.ts";
import { type Kernel, type ParamValues, writeParams } from "./kernel.ts";
import { compile, type Pipeline, variantKey } from "./pipeline.ts";
import type { Constants } from "./specialize.ts";
import { bindingWindow, windowStart } from "./binding_window.ts";
import { fromHalves } from "./half_precision.ts";
import { byteRange, elementBytes, extent, type Tensor, view } from "./tensor.ts";

interface Compiled extends Pipeline {
  readonly groups: Map<string, GPUBindGroup>;
}

const ringBytes = 1 << 20;
const maxGroups = 65_535;

/** Commands per submit on a device whose submits are free. */
const eager = 8;
/** Most cached bind groups. On lavapipe each is a memory mapping, and a process has at most 65,530. */
const mostGroups = 8192;

/**
 * How a tensor is allocated: the multiple of elements between its rows (`align`), its purpose in memory statistics, whether its buffer has exactly
 * its size, and its storage format.
 */
export interface Allocation extends Pick<Tensor, "format" | "scale"> {
  readonly align?: number;
  readonly purpose?: string;
  readonly exact?: boolean;
}

/** 32-bit words as laid out in memory; a tensor with a 16-bit format has two elements per word. */
export type Words = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Int32Array<ArrayBuffer>;

/**
 * The arguments of one dispatch: tensors in binding order, workgroup counts, and values of `Params`. The offset and stride of a binding `x` or `xs`
 * (`xOffset`, `xStride`) are filled in if not given.
 */
export interface Dispatch {
  readonly constants?: Constants;
  readonly tensors: ReadonlyArray<Tensor>;
  readonly params: ParamValues;
  readonly groups: readonly [number, number?, number?];
}

/** The device's interface for ops: allocation, dispatch, copies, read-back. */
export class Encoder {
  readonly device: GPUDevice;
  readonly info: DeviceInfo;
  readonly pool: BufferPool;
  readonly #compiled = new Map<string, Compiled>();
  readonly #ring: GPUBuffer;
  readonly #params = new ArrayBuffer(ringBytes);
  readonly #numbers = { words: new Uint32Array(this.#params), floats: new Float32Array(this.#params) };
  readonly #step: number;
  #used = 0;
  #commands: GPUCommandEncoder | undefined;
  #pass: GPUComputePassEncoder | undefined;
  #pending = 0;
  #groups = 0;
  #fault: string | undefined;

  constructor(device: GPUDevice, info: DeviceInfo) {
    this.device = device;
    this.info = info;
    this.#step = device.limits.minUniformBufferOffsetAlignment;
    this.pool = new BufferPool(device, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST);
    this.#ring = device.createBuffer({ size: ringBytes, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
  }

  /** Advice on how to save memory for a purpose, appended to the out-of-memory error; empty for none. */
  advice: (purpose: string) => string = () => "";

  /** Records a failed allocation; the next wait fails with it. */
  outOfMemory(purpose: string, why = "the device has no more memory"): void {
    const advice = this.advice(purpose);
    const { live } = this.pool.statistics;
    this.fail(
      `Cannot allocate "${purpose}": ${why}, ${sizeText(live)} are in use${advice === "" ? "" : `; ${advice}`}`,
    );
  }

  /** Records an error that no promise reports; the next wait fails with the first one. */
  fail(message: string): void {
    this.#fault ??= message;
  }

  /** A new rows × cols tensor with unspecified content. */
  tensor(rows: number, cols: number, options: Allocation = {}): Tensor {
    const { align = 1, purpose = "activations", exact = false, format, scale } = options;
    const stride = Math.ceil(cols / align) * align;
    const bytes = Math.max(4, rows * stride * elementBytes({ format }));
    if (bytes > this.info.maxBuffer) {
      const most = `a buffer has at most ${sizeText(this.info.maxBuffer)}, [${rows}, ${cols}] takes ${sizeText(bytes)}`;
      this.outOfMemory(purpose, most);
    }
    if (this.pool.hoards(bytes, exact)) {
      this.submit();
      this.pool.trim(finest);
    }
    return view(this.pool.take(bytes, purpose, exact), rows, cols, 0, stride, format, scale);
  }

  /** Returns the buffer of `tensor` to the pool. */
  release(tensor: Tensor): void {
    this.pool.give(tensor.storage);
  }

  /** A new tensor that holds `data`; a function is called after the allocation. */
  upload(data: Words | (() => Words), rows: number, cols: number): Tensor {
    const tensor = this.tensor(rows, cols, { purpose: "uploads" });
    this.write(tensor, typeof data === "function" ? data() : data);
    return tensor;
  }

  /** Overwrites `tensor` (no gaps) with `data`; work recorded earlier still reads the old content. */
  write(tensor: Tensor, data: Words, offset = 0): void {
    if (data.length === 0) return;
    this.submit();
    this.device.queue.writeBuffer(
      tensor.storage.buffer,
      (tensor.offset + offset) * elementBytes(tensor),
      data.buffer,
      data.byteOffset,
      data.byteLength,
    );
  }

  /** Sets all words of `tensor` to zero, gaps included. */
  zero(tensor: Tensor): void {
    this.#endPass();
    this.#encoder().clearBuffer(tensor.storage.buffer, ...byteRange(tensor));
    this.#pending++;
  }

  /** Copies all words of `from` to `to`; neither may have gaps. */
  copy(from: Tensor, to: Tensor): void {
    this.#endPass();
    const [source, bytes] = byteRange(from);
    const [target] = byteRange(to);
    this.#encoder().copyBufferToBuffer(from.storage.buffer, source, to.storage.buffer, target, bytes);
    this.#pending++;
  }

  /** Records one dispatch; a dispatch of zero workgroups is skipped. */
  dispatch(kernel: Kernel, { constants = {}, tensors, params, groups }: Dispatch): void {
    const [x, y = 1, z = 1] = groups;
    if (x * y * z === 0) return;
    if (this.#used + this.#step > ringBytes) this.submit();
    const compiled = this.#compile(kernel, constants);
    const offset = this.#used;
    const wrong = writeParams(compiled.signature, tensors, params, this.info, this.#numbers, offset / 4);
    if (wrong !== undefined) return this.fail(`Cannot bind kernel "${kernel.name}": ${wrong}`);
    this.#used += this.#step;
    const group = this.#bindGroup(compiled, tensors);
    this.#pass ??= this.#encoder().beginComputePass();
    this.#pass.setPipeline(compiled.pipeline);
    this.#pass.setBindGroup(0, group, [offset]);
    this.#pass.dispatchWorkgroups(x, y, z);
    this.#pending++;
    // The embedded device's threads start on what is submitted so far.
    if (this.info.serial === true && this.#pending >= eager) this.submit();
  }

  /** Submits all recorded commands. */
  submit(): void {
    if (this.#pending === 0 || this.#commands === undefined) return;
    this.#endPass();
    if (this.#used > 0) this.device.queue.writeBuffer(this.#ring, 0, this.#params, 0, this.#used);
    this.device.queue.submit([this.#commands.finish()]);
    this.#commands = undefined;
    this.#used = 0;
    this.#pending = 0;
  }

  /** Waits until all submitted work has run. */
  readonly wait: Effect.Effect<void, DeviceError> = Effect.suspend(() => {
    this.submit();
    return Effect.uninterruptible(
      Effect.flatMap(
        Effect.tryPromise({ try: () => this.device.queue.onSubmittedWorkDone(), catch: (cause) => lost(cause) }),
        () => this.#check(),
      ),
    );
  });

  /** The elements of `tensor` as float32 (gaps included), after all recorded work. */
  read(tensor: Tensor): Effect.Effect<Float32Array<ArrayBuffer>, DeviceError> {
    const { format, offset, scale = 1 } = tensor;
    return Effect.map(this.#bytes(tensor), (bytes) => {
      if (format === undefined) return new Float32Array(bytes);
      const numbers = fromHalves(new Uint16Array(bytes).subarray(offset % 2, offset % 2 + extent(tensor)), format);
      return scale === 1 ? numbers : numbers.map((x) => x * scale);
    });
  }

  /** The words of `tensors` as u32 (gaps included), concatenated, after all recorded work; waits once. */
  readWords(...tensors: ReadonlyArray<Tensor>): Effect.Effect<Uint32Array<ArrayBuffer>, DeviceError> {
    return Effect.map(this.#bytes(...tensors), (bytes) => new Uint32Array(bytes));
  }

  #bytes(...tensors: ReadonlyArray<Tensor>): Effect.Effect<ArrayBuffer, DeviceError> {
    return Effect.uninterruptible(Effect.suspend(() => {
      const size = tensors.reduce((sum, tensor) => sum + byteRange(tensor)[1], 0);
      if (size === 0) return Effect.succeed(new ArrayBuffer(0));
      const staging = this.device.createBuffer({ size, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ });
      this.#endPass();
      let to = 0;
      for (const tensor of tensors) {
        const [start, bytes] = byteRange(tensor);
        this.#encoder().copyBufferToBuffer(tensor.storage.buffer, start, staging, to, bytes);
        to += bytes;
      }
      this.#pending++;
      this.submit();
      return Effect.tryPromise({ try: () => staging.mapAsync(GPUMapMode.READ), catch: (cause) => lost(cause) }).pipe(
        Effect.flatMap(() => this.#check()),
        Effect.map(() => {
          const copy = staging.getMappedRange().slice(0);
          staging.unmap();
          return copy;
        }),
        Effect.ensuring(Effect.sync(() => staging.destroy())),
      );
    }));
  }

  #check(): Effect.Effect<void, DeviceError> {
    return this.#fault === undefined
      ? Effect.void
      : Effect.fail(new DeviceError({ reason: "Fault", message: this.#fault }));
  }

  #encoder(): GPUCommandEncoder {
    return this.#commands ??= this.device.createCommandEncoder();
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = undefined;
  }

  #dropGroups(): void {
    for (const compiled of this.#compiled.values()) compiled.groups.clear();
    this.#groups = 0;
    // Their mappings are freed by garbage collection only. The collector does not see their cost; Deno has gc() under --expose-gc.
    const { gc } = globalThis as { gc?: () => void };
    gc?.();
  }

  #compile(kernel: Kernel, constants: Constants): Compiled {
    const key = variantKey(kernel, constants);
    const known = this.#compiled.get(key);
    if (known !== undefined) return known;
    const { missing, ...made } = compile(this.device, kernel, constants, key);
    if (missing.length > 0) this.fail(`Cannot compile kernel "${kernel.name}": no constant "${missing[0]}"`);
    const compiled = { ...made, groups: new Map<string, GPUBindGroup>() };
    this.#compiled.set(key, compiled);
    return compiled;
  }

  #bindGroup(compiled: Compiled, tensors: ReadonlyArray<Tensor>): GPUBindGroup {
    const { maxBinding } = this.info;
    let key = "";
    for (const tensor of tensors) key += `${tensor.storage.id}:${windowStart(tensor, maxBinding)},`;
    const known = compiled.groups.get(key);
    if (known !== undefined) return known;
    const group = this.device.createBindGroup({
      layout: compiled.layout,
      entries: [
        ...tensors.map((tensor, binding) => ({
          binding,
          resource: { buffer: tensor.storage.buffer, ...bindingWindow(tensor, maxBinding) },
        })),
        {
          binding: tensors.length,
          resource: { buffer: this.#ring, offset: 0, size: Math.max(16, compiled.signature.params.length * 4) },
        },
      ],
    });
    if (this.#groups >= mostGroups) this.#dropGroups();
    this.#groups++;
    compiled.groups.set(key, group);
    return group;
  }
}

const lost = (cause: unknown) =>
  new DeviceError({ reason: "Lost", message: `The device stopped answering: ${String(cause)}` });

/** Workgroup counts [x, y] for at least `count` workgroups; kernels compute the index as `group.x + group.y * groups.x`. */
export const spread = (count: number): [number, number] =>
  count <= maxGroups ? [count, 1] : [maxGroups, Math.ceil(count / maxGroups)];
