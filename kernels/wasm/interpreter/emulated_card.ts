/**
 * An emulated NVIDIA card for tests, with subgroups of a chosen width and matrix units. It reports faults that hardware may tolerate. A boundary
 * file: it casts the emulated device to `GPUDevice` and defines the constants of WebGPU.
 */
import type { DeviceInfo } from "../../gpu/device_info.ts";
import { Encoder } from "../../gpu/encoder.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { nvidiaLimits, nvidiaMatrices } from "./card_limits.ts";
import type { EmulatedBuffer } from "./emulated_buffer.ts";
import { EmulatedDevice } from "./emulated_device.ts";
import type { MatrixSizes } from "./matrix_operations.ts";

export interface CardOptions {
  /** Lanes per subgroup. */
  readonly lanes?: 16 | 32 | 64;
  /** Whether products use matrix units, or the sizes of those units. */
  readonly matrix?: boolean | MatrixSizes;
  /** Whether the cooperative kernels are used. */
  readonly cooperative?: boolean;
  /** Whether reads of uninitialised storage are faults. */
  readonly watchesStorage?: boolean;
  /** Kernels that may read uninitialised storage. */
  readonly gapReaders?: ReadonlyArray<string>;
}

/** An encoder of an emulated card. A released tensor becomes uninitialised. */
export class EmulatedEncoder extends Encoder {
  constructor(readonly card: EmulatedDevice, info: DeviceInfo) {
    installConstants();
    super(card as unknown as GPUDevice, info);
  }

  override release(tensor: Tensor): void {
    this.card.forget(tensor.storage.buffer as unknown as EmulatedBuffer);
    super.release(tensor);
  }
}

/** Kernels that load the gap after a row together with the row's last elements, and ignore it. */
const readsGaps: ReadonlyArray<string> = ["token_log_probs_backward"];

/** A new card. Its first fault is the error of the encoder's next wait; `card.faults` lists all. */
export const emulatedCard = (
  { lanes = 32, matrix = false, cooperative = false, watchesStorage = true, gapReaders = readsGaps }: CardOptions = {},
): EmulatedEncoder => {
  const features = ["subgroups", "shader-f16", "chromium-experimental-subgroup-matrix"];
  const units = typeof matrix === "object" ? matrix : nvidiaMatrices;
  const options = { lanes, matrix: units, watchesStorage, gapReaders };
  const card = new EmulatedDevice(nvidiaLimits, options, features, (fault) => encoder.fail(fault));
  const encoder: EmulatedEncoder = new EmulatedEncoder(card, {
    kind: "gpu",
    description: `emulated card with ${lanes} lanes`,
    why: "a test asks for it",
    features,
    lanes,
    maxBinding: nvidiaLimits.maxStorageBufferBindingSize,
    maxBuffer: nvidiaLimits.maxBufferSize,
    validated: true,
    cooperative,
    matrix: matrix === false ? undefined : { ...units, lanes, refused: [] },
  });
  return encoder;
};

/** WebGPU's constants, with the standard's values. */
const constants = {
  GPUBufferUsage: {
    MAP_READ: 1,
    MAP_WRITE: 2,
    COPY_SRC: 4,
    COPY_DST: 8,
    INDEX: 16,
    VERTEX: 32,
    UNIFORM: 64,
    STORAGE: 128,
    INDIRECT: 256,
    QUERY_RESOLVE: 512,
  },
  GPUMapMode: { READ: 1, WRITE: 2 },
  GPUShaderStage: { VERTEX: 1, FRAGMENT: 2, COMPUTE: 4 },
};

const installConstants = (): void => {
  for (const [name, values] of Object.entries(constants)) {
    if (Reflect.get(globalThis, name) === undefined) Reflect.set(globalThis, name, values);
  }
};
