/**
 * An encoder that counts allocations and computes nothing. The code of a training step, run on it, gives the step's memory plan. It needs no
 * device, and a buffer of any size costs nothing. Reading back gives zeros, or one constant word.
 */
import * as Effect from "effect/Effect";
import type { DeviceInfo } from "./device_info.ts";
import { type Dispatch, Encoder } from "./encoder.ts";
import type { Kernel } from "./kernel.ts";
import { extent, type Tensor } from "./tensor.ts";

/** A stand-in for `GPUDevice` with the parts that the allocator uses. */
const nothing = {
  limits: { minUniformBufferOffsetAlignment: 256 },
  createBuffer: () => ({ destroy: () => {} }),
} as unknown as GPUDevice;

/** Counts allocations under the limits of a device. Every word read back is `word`. */
export class CountingEncoder extends Encoder {
  readonly #word: number;
  #zeros = new Float32Array(0);

  constructor(info: DeviceInfo, word = 0) {
    super(nothing, info);
    this.#word = word;
  }

  override readonly wait = Effect.void;

  override upload(_: unknown, rows: number, cols: number): Tensor {
    return this.tensor(rows, cols, { purpose: "uploads" });
  }

  override write(): void {}

  override zero(): void {}

  override copy(): void {}

  override dispatch(_kernel: Kernel, _dispatch: Dispatch): void {}

  override submit(): void {}

  override read(tensor: Tensor): Effect.Effect<Float32Array<ArrayBuffer>> {
    return Effect.sync(() => {
      const count = extent(tensor);
      if (this.#zeros.length < count) this.#zeros = new Float32Array(count);
      return this.#zeros.subarray(0, count);
    });
  }

  override readWords(...tensors: ReadonlyArray<Tensor>): Effect.Effect<Uint32Array<ArrayBuffer>> {
    const count = tensors.reduce((sum, tensor) => sum + extent(tensor), 0);
    return Effect.sync(() => new Uint32Array(count).fill(this.#word));
  }
}
