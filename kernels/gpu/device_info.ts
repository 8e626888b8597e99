/** What can go wrong with the device, and what is known of it once it is open. */
import * as Schema from "@effect/schema";

/** The device failed: no adapter, none of the kernels that are asked for, an error that no call carries, or the device was lost. */
export class DeviceError extends Schema.TaggedError<DeviceError>()("DeviceError", {
  reason: Schema.Literals(["NoAdapter", "NoKernels", "Fault", "Lost"]),
  message: Schema.String,
}) {}

/** A linear layer, the gradient of its input, the gradient of its weight. */
export type Product = "nt" | "nn" | "tn";

/** What a kernel on matrix units computes: a product, or a linear layer of gate and up with the gated activation of both. */
export type MatrixForm = Product | "swiglu";

/** What matrix units may be able to do: a form in a tile, its sum shared out, any tile of a form with the same bits, activations in 16 bits. */
export type MatrixCapability =
  | `${MatrixForm} ${number}x${number}`
  | `nt ${number}x${number} split`
  | `${MatrixForm} in any tile`
  | "activations in 16 bits";

/** A device's matrix units as products use them: float16 operands of size x depth, float32 results of size x size. */
export interface MatrixUnits {
  readonly size: number;
  readonly depth: number;
  readonly lanes: number;
  /** What this device has no room for, and what its self-test found wrong. */
  readonly refused: ReadonlyArray<MatrixCapability>;
}

/** Whether kernels hand numbers from lane to lane on a device whose subgroups have so many lanes. */
export const canBroadcast = ({ lanes }: Pick<DeviceInfo, "lanes">): boolean => lanes >= 4 && lanes <= 64;

/** The kinds of adapters, as `SIGNUM_ADAPTER` names them. */
export const adapterKinds = ["gpu", "wasm", "lavapipe", "swiftshader"] as const;

/** Which adapter runs the kernels, why, and the limits that kernels depend on. */
export interface DeviceInfo {
  readonly kind: typeof adapterKinds[number];
  readonly description: string;
  readonly why: string;
  readonly features: ReadonlyArray<string>;
  /** Lanes of a subgroup, 0 where subgroups cannot be used (no feature, or a size that varies). */
  readonly lanes: number;
  /** Whether the invocations of a workgroup run one after the other: no barriers, and `vec4f` is what runs at once. */
  readonly serial?: boolean | undefined;
  /** Threads that share the workgroups of a dispatch, where the device is made of them. */
  readonly threads?: number | undefined;
  /** The most bytes that one binding may cover. */
  readonly maxBinding: number;
  readonly maxBuffer: number;
  readonly validated: boolean;
  /** Whether the plain kernels were asked for by name. */
  readonly plain?: boolean | undefined;
  /** Matrix units, where they were asked for and passed their self-test. */
  readonly matrix?: MatrixUnits | undefined;
  /** Whether rows are shared out among the lanes of a subgroup, where that was asked for and passed its self-test. */
  readonly cooperative?: boolean | undefined;
  /** What else somebody should know of this device, a line each. */
  readonly notes?: ReadonlyArray<string> | undefined;
}
