/** The errors of a device, and the properties of an open one. */
import * as Schema from "@effect/schema";

/** The device failed: no adapter, a requested kernel that it cannot run, an error that no call reports, or a lost device. */
export class DeviceError extends Schema.TaggedError<DeviceError>()("DeviceError", {
  reason: Schema.Literals(["NoAdapter", "NoKernels", "Fault", "Lost"]),
  message: Schema.String,
}) {}

/** The products of a linear layer: y = x Wᵀ (`nt`), the gradient of its input (`nn`), the gradient of its weight (`tn`). */
export type Product = "nt" | "nn" | "tn";

/** What a matrix-unit kernel computes: a product, or `swiglu`, the fused gate and up projections with their activation. */
export type MatrixForm = Product | "swiglu";

/**
 * What a self-test may find that matrix units can do: a form with a given tile, a split sum in such a tile, equal bits in all tiles of a form,
 * activations stored in 16 bits.
 */
export type MatrixCapability =
  | `${MatrixForm} ${number}x${number}`
  | `nt ${number}x${number} split`
  | `${MatrixForm} in any tile`
  | "activations in 16 bits";

/** A device's matrix units: float16 operands of size × depth, float32 results of size × size. */
export interface MatrixUnits {
  readonly size: number;
  readonly depth: number;
  readonly lanes: number;
  /** Capabilities that do not fit on this device or failed its self-test. */
  readonly refused: ReadonlyArray<MatrixCapability>;
}

/** Whether subgroup kernels (broadcasts between lanes) support this subgroup size: 4 to 64 lanes. */
export const canBroadcast = ({ lanes }: Pick<DeviceInfo, "lanes">): boolean => lanes >= 4 && lanes <= 64;

/** The kinds of adapters: the values of `SIGNUM_ADAPTER`. */
export const adapterKinds = ["gpu", "wasm", "lavapipe", "swiftshader"] as const;

/** The adapter that runs the kernels, why it was chosen, and the limits that kernels depend on. */
export interface DeviceInfo {
  readonly kind: typeof adapterKinds[number];
  readonly description: string;
  readonly why: string;
  readonly features: ReadonlyArray<string>;
  /** Lanes of a subgroup; 0 if subgroups cannot be used (no such feature, or a varying size). */
  readonly lanes: number;
  /** Whether the invocations of a workgroup run one after the other. Kernels then use no barriers, and `vec4f` for parallelism. */
  readonly serial?: boolean | undefined;
  /** Threads that share the workgroups of a dispatch; only of the embedded device. */
  readonly threads?: number | undefined;
  /** Most bytes of one binding. */
  readonly maxBinding: number;
  readonly maxBuffer: number;
  readonly validated: boolean;
  /** Whether the plain kernels were requested by name. */
  readonly plain?: boolean | undefined;
  /** Matrix units, if requested and if they passed their self-test. */
  readonly matrix?: MatrixUnits | undefined;
  /** Whether the cooperative kernels (a subgroup per row) are used: requested, and passed their self-test. */
  readonly cooperative?: boolean | undefined;
  /** Remarks for the user, one line each. */
  readonly notes?: ReadonlyArray<string> | undefined;
}
