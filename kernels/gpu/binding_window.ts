/**
 * Which part of a buffer a dispatch binds. A buffer within the device's limit is bound whole; of a larger one only a window from just below
 * the tensor's first word, and kernels count their offsets from there.
 */
import type { DeviceInfo } from "./device_info.ts";
import { elementBytes, type Tensor } from "./tensor.ts";

/** The part of the buffer that is bound: all of it where the limit allows, else a window from just below the tensor's first word. */
export const bindingWindow = (tensor: Tensor, limit: number): { readonly offset: number; readonly size: number } => {
  if (tensor.storage.bytes <= limit) return { offset: 0, size: tensor.storage.bytes };
  const offset = windowStart(tensor, limit);
  return { offset, size: Math.min(limit, tensor.storage.bytes - offset) };
};

const windowStart = (tensor: Tensor, limit: number): number =>
  tensor.storage.bytes <= limit ? 0 : Math.floor(tensor.offset * elementBytes(tensor) / 256) * 256;

/** The tensor's first element counted from the start of what is bound: what kernels take as its offset. */
export const boundOffset = (tensor: Tensor, info: DeviceInfo): number =>
  tensor.offset - windowStart(tensor, info.maxBinding) / elementBytes(tensor);
