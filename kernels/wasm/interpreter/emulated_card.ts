/**
 * A GPU to test against, without a GPU: stands in for an NVIDIA card, with subgroups of a given width and matrix units, and finds what hardware
 * may forgive. A boundary file: it passes the emulated device off as a `GPUDevice`, and sets the constants of WebGPU.
 */
import type { DeviceInfo } from "../../gpu/device_info.ts";
import { Encoder } from "../../gpu/encoder.ts";
import type { Tensor } from "../../gpu/tensor.ts";
import { nvidiaLimits, nvidiaMatrices } from "./card_limits.ts";
import type { EmulatedBuffer } from "./emulated_buffer.ts";
import { EmulatedDevice } from "./emulated_device.ts";
import type { MatrixSizes } from "./matrix_operations.ts";

/** What the card is to have. */
export interface CardOptions {
  /** Lanes of a subgroup. */
  readonly lanes?: 16 | 32 | 64;
  /** Whether products use its matrix units, or the sizes of those where they are others. */
  readonly matrix?: boolean | MatrixSizes;
  /** Whether rows are shared out among lanes. */
  readonly cooperative?: boolean;
  /** Whether reads of storage that nobody wrote since it was allocated are faults. */
  readonly watchesStorage?: boolean;
  /** Kernels that may read what nobody wrote. */
  readonly gapReaders?: ReadonlyArray<string>;
}

/** An encoder of an emulated card. A tensor that is released holds what nobody wrote. */
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

/** Kernels that read the gap behind a row with the row's last numbers, and use nothing of it. */
const readsGaps: ReadonlyArray<string> = ["token_log_probs_backward"];

/** A new card. Its first fault is the error of the encoder's next wait, all are in `card.faults`. */
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

/** Constants that Dawn brings, by their values in the standard of WebGPU. */
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
