/** The emulated card: the limits that `device.ts` requests from an NVIDIA card (alignments are WebGPU's defaults), and its matrix units. */
import type { MatrixSizes } from "./matrix_operations.ts";

/** Limits by their WebGPU names, and supported WGSL extensions. */
export interface CardLimits {
  readonly maxBufferSize: number;
  readonly maxStorageBufferBindingSize: number;
  readonly maxUniformBufferBindingSize: number;
  readonly maxStorageBuffersPerShaderStage: number;
  readonly maxComputeInvocationsPerWorkgroup: number;
  readonly maxComputeWorkgroupSizeX: number;
  readonly maxComputeWorkgroupStorageSize: number;
  readonly maxComputeWorkgroupsPerDimension: number;
  readonly minUniformBufferOffsetAlignment: number;
  readonly minStorageBufferOffsetAlignment: number;
  readonly extensions: ReadonlyArray<string>;
}

/** Limits of a card with tens of gigabytes. */
export const nvidiaLimits: CardLimits = {
  maxBufferSize: 2 ** 36,
  maxStorageBufferBindingSize: 2 ** 31 - 4,
  maxUniformBufferBindingSize: 65536,
  maxStorageBuffersPerShaderStage: 16,
  maxComputeInvocationsPerWorkgroup: 1024,
  maxComputeWorkgroupSizeX: 1024,
  maxComputeWorkgroupStorageSize: 48 << 10,
  maxComputeWorkgroupsPerDimension: 65535,
  minUniformBufferOffsetAlignment: 256,
  minStorageBufferOffsetAlignment: 256,
  extensions: ["f16", "subgroups", "chromium_experimental_subgroup_matrix"],
};

/** Sizes of its matrix units. */
export const nvidiaMatrices: MatrixSizes = { size: 16, depth: 16 };
