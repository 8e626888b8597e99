/**
 * The part of a buffer that a dispatch binds. A buffer within the device's binding limit is bound whole. Of a larger buffer only a window is bound;
 * it starts at the last multiple of 256 bytes at or below the tensor's first element, and kernels count offsets from there.
 */
import type { DeviceInfo } from "./device_info.ts";
import { elementBytes, type Tensor } from "./tensor.ts";

/** The offset and size in bytes of the bound part. */
export const bindingWindow = (tensor: Tensor, limit: number): { readonly offset: number; readonly size: number } => {
  const offset = windowStart(tensor, limit);
  return { offset, size: Math.min(limit, tensor.storage.bytes - offset) };
};

/** The first byte of the bound part. */
export const windowStart = (tensor: Tensor, limit: number): number =>
  tensor.storage.bytes <= limit ? 0 : Math.floor(tensor.offset * elementBytes(tensor) / 256) * 256;

/** The index of the tensor's first element within the bound part: the offset that kernels take. */
export const boundOffset = (tensor: Tensor, info: DeviceInfo): number =>
  tensor.offset - windowStart(tensor, info.maxBinding) / elementBytes(tensor);
