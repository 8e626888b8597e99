/**
 * 16-bit numbers on the host: conversion of bfloat16 (the upper half of a float32) and float16 to and from float32. Narrowing rounds to nearest,
 * ties to even, like PyTorch's `Tensor.to` and `cast_halves.wgsl`, so host and device hold the same bits.
 */

/** A 16-bit element type. */
export type HalfFormat = "bf16" | "f16";

/** How weights or activations are stored. Sums are always float32. */
export type StorageType = "f32" | HalfFormat;

/** How AdamW's moments are stored. */
export type MomentType = "f32" | "bf16";

/** The values of the setting for moments. Float16 is excluded: its range is too small for squared gradients. */
export const momentTypes = ["f32", "bf16"] as const satisfies ReadonlyArray<MomentType>;

/** The storage types, as settings name them. */
export const storageTypes = ["f32", "bf16", "f16"] as const satisfies ReadonlyArray<StorageType>;

/** The 16-bit format of a storage type; undefined for float32. */
export const formatOf = (type: StorageType): HalfFormat | undefined => type === "f32" ? undefined : type;

/** `values` rounded to the nearest 16-bit number. */
export const toHalves = (values: Float32Array<ArrayBuffer>, format: HalfFormat): Uint16Array<ArrayBuffer> => {
  if (format === "f16") return new Uint16Array(Float16Array.from(values).buffer);
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(
    words,
    (word) => (word & 0x7fffffff) > 0x7f800000 ? word >>> 16 | 0x40 : (word + 0x7fff + (word >>> 16 & 1)) >>> 16,
  );
};

/** 16-bit numbers widened to float32. */
export const fromHalves = (halves: Uint16Array<ArrayBuffer>, format: HalfFormat): Float32Array<ArrayBuffer> => {
  if (format === "f16") return Float32Array.from(new Float16Array(halves.buffer, halves.byteOffset, halves.length));
  return new Float32Array(Uint32Array.from(halves, (half) => half << 16).buffer);
};
