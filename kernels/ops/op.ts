/** Helpers that the ops share: constants of kernel variants, workgroup counts, and splitting rows by binding size. */
import { type Dispatch, type Encoder, spread } from "../gpu/encoder.ts";
import type { HalfFormat } from "../gpu/half_precision.ts";
import type { Constants } from "../gpu/specialize.ts";
import { elementBytes, isVectorized, sliceRows, type Tensor } from "../gpu/tensor.ts";

/** Constants for four columns per lane if every tensor allows vec4 loads, otherwise for one. */
export const pack = (tensors: ReadonlyArray<Tensor>, allowed = true): Constants & { readonly PACK: 1 | 4 } =>
  allowed && tensors.every(isVectorized) ? { Elem: "vec4f", PACK: 4 } : { Elem: "f32", PACK: 1 };

/** A kernel's `sumOf(value)` for a vec4: the sum of its four elements. */
export const sumOfFour = "(value.x + value.y) + (value.z + value.w)";

/** Constants for a workgroup of `lanes` lanes per row, in a kernel that by default has one lane per row. */
export const sharedBy = (lanes: number): Constants => ({
  LANES: lanes,
  SIZE: lanes,
  indexOf: "group.x + group.y * groups.x",
  laneOf: "local",
});

/**
 * Constants and workgroup counts for R rows of V columns. If V is large, a workgroup of 64 lanes shares each row and joins its results in a tree
 * (`lane_tree.wgsl`).
 */
export const joined = (
  R: number,
  V: number,
  functions: Constants,
): Pick<Dispatch, "groups"> & { constants: Constants } =>
  V > 1024
    ? { constants: { ...sharedBy(64), ...functions }, groups: spread(R) }
    : { constants: {}, groups: lanes(R, 16) };

const capital = (name: string): string => name[0].toUpperCase() + name.slice(1);

/**
 * Constants with which a kernel reads the binding `name` if its tensor has a 16-bit format: the array's element type (such as `alias BElem`) and
 * the kernel's one-line function `bAt` (or `reader`). It needs no device feature, and all kernels of an op read the same numbers.
 */
export const readAs = (name: string, { format, scale }: Tensor, width: 1 | 4, reader?: string): Constants => {
  if (format === undefined) return {};
  const numbers = width === 4 ? fourOf(`${name}[i]`, format) : oneOf(`${name}[i / 2u]`, format);
  return {
    [`${capital(name)}Elem`]: width === 1 ? "u32" : "vec2u",
    [reader ?? `${name[0].toLowerCase()}${name.slice(1)}At`]: scale === undefined ? numbers : `${scale}f * ${numbers}`,
  };
};

/** The number of index i in a word of two. */
const oneOf = (word: string, format: HalfFormat): string =>
  format === "f16"
    ? `unpack2x16float(${word} >> (i % 2u * 16u)).x`
    : `bitcast<f32>((${word} >> (i % 2u * 16u)) << 16u)`;

/** The four numbers in a vec2u of words. */
const fourOf = (words: string, format: HalfFormat): string =>
  format === "f16"
    ? `vec4f(unpack2x16float(${words}.x), unpack2x16float(${words}.y))`
    : `bitcast<vec4f>((${words}.xxyy << vec4u(16u, 0u, 16u, 0u)) & vec4u(0xffff0000u))`;

/**
 * Constants with which a kernel writes the binding `name`, four numbers at a time, if its tensor has a 16-bit format: the array's element type
 * (such as `alias YElem`) and the one-line function `asY(value)`, which rounds to nearest (`half_words.wgsl`).
 */
export const writeAs = (name: string, { format, scale }: Tensor): Constants => {
  if (format === undefined) return {};
  const value = scale === undefined ? "value" : `value * ${1 / scale}f`;
  return { [`${capital(name)}Elem`]: "vec2u", [`as${capital(name)}`]: `${format}Words(${value})` };
};

/** Constants for a kernel's one-line function `kept(value)`: four numbers rounded to this format and widened again. */
export const keptAs = (format: HalfFormat | undefined): Constants =>
  format === undefined ? {} : { kept: fourOf(`${format}Words(value)`, format) };

/** Workgroup counts for `count` lanes in workgroups of `size`. */
export const lanes = (count: number, size = 64): [number, number] => spread(Math.ceil(count / size));

/**
 * Splits `count` rows so that in each part the rows of every tensor fit one binding; `run` gets the parts of the tensors. Rows must be independent,
 * so that the split does not change results. Each part but the last has a multiple of `multiple` rows.
 */
export const byRows = (
  encoder: Encoder,
  count: number,
  tensors: ReadonlyArray<Tensor>,
  run: (parts: ReadonlyArray<Tensor>, start: number, count: number) => void,
  multiple = 1,
): void => {
  const step = rowsPerBinding(encoder, tensors, multiple);
  if (count <= step) return run(tensors, 0, count);
  for (let start = 0; start < count; start += step) {
    const rows = Math.min(step, count - start);
    run(tensors.map((tensor) => sliceRows(tensor, start, rows)), start, rows);
  }
};

/** Most rows of every tensor that fit one binding, a multiple of `multiple`; a binding too small for as many is a fault. */
export const rowsPerBinding = (encoder: Encoder, tensors: ReadonlyArray<Tensor>, multiple = 1): number => {
  const { maxBinding } = encoder.info;
  let rows = Infinity;
  for (const tensor of tensors) {
    if (tensor.storage.bytes <= maxBinding) continue;
    const rowBytes = tensor.stride * elementBytes(tensor);
    const fit = Math.floor((maxBinding - 256) / rowBytes / multiple) * multiple;
    if (fit === 0) {
      encoder.fail(`Cannot bind ${multiple} rows of ${rowBytes} bytes: a binding has at most ${maxBinding}`);
    }
    rows = Math.min(rows, Math.max(fit, multiple));
  }
  return rows;
};
