/**
 * Numbers of 16 bits on the host: bfloat16 (the upper half of a float32) and float16, to and from float32. Narrowing rounds to the nearest,
 * ties to even, as PyTorch's `Tensor.to` and `cast_halves.wgsl` round, so both sides of the bus hold the same bits.
 */

/** An element type of 16 bits. */
export type HalfFormat = "bf16" | "f16";

/** How a model's weights, or its activations, are stored: as float32, or as 16 bits of it. Sums are float32 in any case. */
export type StorageType = "f32" | HalfFormat;

/** How AdamW's moments are stored. */
export type MomentType = "f32" | "bf16";

/** The types of moments, as settings name them; float16's range is too small for squares of gradients. */
export const momentTypes = ["f32", "bf16"] as const satisfies ReadonlyArray<MomentType>;

/** The storage types, as settings name them. */
export const storageTypes = ["f32", "bf16", "f16"] as const satisfies ReadonlyArray<StorageType>;

/** The format of a storage type, where it has 16 bits. */
export const formatOf = (type: StorageType): HalfFormat | undefined => type === "f32" ? undefined : type;

/** The 16-bit numbers nearest to `values`. */
export const toHalves = (values: Float32Array<ArrayBuffer>, format: HalfFormat): Uint16Array<ArrayBuffer> => {
  if (format === "f16") return new Uint16Array(Float16Array.from(values).buffer);
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(
    words,
    (word) => (word & 0x7fffffff) > 0x7f800000 ? word >>> 16 | 0x40 : (word + 0x7fff + (word >>> 16 & 1)) >>> 16,
  );
};

/** The float32 numbers that `halves` are. */
export const fromHalves = (halves: Uint16Array<ArrayBuffer>, format: HalfFormat): Float32Array<ArrayBuffer> => {
  if (format === "f16") return Float32Array.from(new Float16Array(halves.buffer, halves.byteOffset, halves.length));
  return new Float32Array(Uint32Array.from(halves, (half) => half << 16).buffer);
};

/**
 * Bfloat16 of each number, rounded up with the probability of its distance from below: `dice` are whole numbers in [0, 2^16), one a number.
 * The expectation is the number itself, so sums of many small steps move; this is what `adamw_halves.wgsl` does.
 */
export const toHalvesByChance = (
  values: Float32Array<ArrayBuffer>,
  dice: (i: number) => number,
): Uint16Array<ArrayBuffer> => {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  return Uint16Array.from(
    words,
    (word, i) => (word & 0x7fffffff) > 0x7f800000 ? word >>> 16 | 0x40 : (word + dice(i)) >>> 16,
  );
};
