/**
 * The only source of randomness: the counter-based generator Threefry-2x32 with 20 rounds (Salmon et al. 2011), as in JAX, with keys folded
 * from names. A draw depends only on its key and index, so a rollout depends on its names (seed, step, problem, sample) and never on batch,
 * order or worker. The WGSL version gives the same bits.
 *
 * `Key.make`, `Key.fold` of a number and `bits` equal `jax.random.PRNGKey`, `fold_in` and `bits` (partitionable mode).
 */

/** Two unsigned 32-bit words, high word first. */
export type Key = readonly [number, number];

const parity = 0x1bd11bda;
const words = 2 ** 32;

/** Threefry-2x32 with 20 rounds: encrypts the block `counter` under `key`, both two u32, as JAX's `threefry_2x32`. */
export function threefry2x32(key: Key, counter: Key): [number, number] {
  const k0 = key[0] | 0;
  const k1 = key[1] | 0;
  const k2 = k0 ^ k1 ^ parity;
  let x = (counter[0] + k0) | 0;
  let y = (counter[1] + k1) | 0;
  for (let round = 0; round < 5; round++) {
    if ((round & 1) === 0) {
      x = (x + y) | 0;
      y = ((y << 13) | (y >>> 19)) ^ x;
      x = (x + y) | 0;
      y = ((y << 15) | (y >>> 17)) ^ x;
      x = (x + y) | 0;
      y = ((y << 26) | (y >>> 6)) ^ x;
      x = (x + y) | 0;
      y = ((y << 6) | (y >>> 26)) ^ x;
    } else {
      x = (x + y) | 0;
      y = ((y << 17) | (y >>> 15)) ^ x;
      x = (x + y) | 0;
      y = ((y << 29) | (y >>> 3)) ^ x;
      x = (x + y) | 0;
      y = ((y << 16) | (y >>> 16)) ^ x;
      x = (x + y) | 0;
      y = ((y << 24) | (y >>> 8)) ^ x;
    }
    const turn = round % 3;
    x = (x + (turn === 0 ? k1 : turn === 1 ? k2 : k0)) | 0;
    y = (y + (turn === 0 ? k2 : turn === 1 ? k0 : k1) + round + 1) | 0;
  }
  return [x >>> 0, y >>> 0];
}

/** An integer as two u32, high word first, negative ones in two's complement. Exact up to 2^53. */
function split(value: number): Key {
  return [Math.floor(value / words) >>> 0, value >>> 0];
}

/** The key of an integer seed: its high and low word, as `jax.random.PRNGKey`. */
function make(seed: number): Key {
  return split(seed);
}

/**
 * A key derived from `key`. A number folds as `jax.random.fold_in`; a string folds its UTF-8 bytes, eight at a time (big-endian, the last
 * block padded with zeros), then its length in bytes.
 */
function fold(key: Key, ...parts: ReadonlyArray<number | string>): Key {
  return parts.reduce<Key>(
    (at, part) => typeof part === "number" ? threefry2x32(at, split(part)) : text(at, part),
    key,
  );
}

function text(key: Key, part: string): Key {
  const bytes = new TextEncoder().encode(part);
  const word = (at: number) =>
    (((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)) >>>
    0;
  let at = key;
  for (let i = 0; i < bytes.length; i += 8) at = threefry2x32(at, [word(i), word(i + 4)]);
  return threefry2x32(at, split(bytes.length));
}

/** Makes keys from a seed and folds them with names; both return a new key. */
export const Key = { make, fold };

/** The `counter`-th 32 random bits under `key`, as `jax.random.bits(key, [n])[counter]`. */
export function bits(key: Key, counter: number): number {
  const [x, y] = threefry2x32(key, split(counter));
  return (x ^ y) >>> 0;
}

/** The `i`-th uniform number under `key`: one of the 2^24 multiples of 2^-24 in [0, 1), so exact in float32. */
export function uniform(key: Key, i: number): number {
  return (bits(key, i) >>> 8) / 2 ** 24;
}

/** The `i`-th integer under `key` in [0, n), for n up to 2^21; probabilities differ by at most n / 2^32. */
export function integer(key: Key, i: number, n: number): number {
  return Math.floor(bits(key, i) / words * n);
}

/** A random order of 0 … n-1 under `key` (Fisher and Yates). */
export function permutation(key: Key, n: number): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let last = n - 1; last > 0; last--) {
    const pick = integer(key, last, last + 1);
    const moved = order[last];
    order[last] = order[pick];
    order[pick] = moved;
  }
  return order;
}
