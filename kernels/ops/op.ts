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
export const readAs = (
  name: string,
  { format, scale }: Tensor,
  width: 1 | 4,
  reader = `${name[0].toLowerCase()}${name.slice(1)}At`,
): Constants => {
  if (format === undefined) return {};
  const word = `${name}[i${width === 1 ? " / 2u" : ""}]`;
  const expressions = {
    bf16: {
      1: `bitcast<f32>((${word} >> (i % 2u * 16u)) << 16u)`,
      4: `bitcast<vec4f>((${word}.xxyy << vec4u(16u, 0u, 16u, 0u)) & vec4u(0xffff0000u))`,
    },
    f16: {
      1: `unpack2x16float(${word} >> (i % 2u * 16u)).x`,
      4: `vec4f(unpack2x16float(${word}.x), unpack2x16float(${word}.y))`,
    },
  };
  const expression = expressions[format][width];
  return {
    [`${capital(name)}Elem`]: width === 1 ? "u32" : "vec2u",
    [reader]: scale === undefined ? expression : `${scale}f * ${expression}`,
  };
};

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
export const keptAs = (format: HalfFormat | undefined): Constants => {
  if (format === undefined) return {};
  const words = `${format}Words(value)`;
  return {
    kept: format === "f16"
      ? `vec4f(unpack2x16float(${words}.x), unpack2x16float(${words}.y))`
      : `bitcast<vec4f>((${words}.xxyy << vec4u(16u, 0u, 16u, 0u)) & vec4u(0xffff0000u))`,
  };
};

/** Workgroup counts for `count` lanes in workgroups of `size`. */
export const lanes = (count: number, size = 64): [number, number] => spread(Math.ceil(count / size));

/**
 * Splits `count` rows so that in each part the rows of every tensor fit one binding; `run` gets the parts of the tensors. Rows must be independent,
 * so that the split does not change results.
 */
export const byRows = (
  encoder: Encoder,
  count: number,
  tensors: ReadonlyArray<Tensor>,
  run: (parts: ReadonlyArray<Tensor>, start: number, count: number) => void,
): void => {
  const step = rowsPerBinding(encoder, tensors);
  if (count <= step) return run(tensors, 0, count);
  for (let start = 0; start < count; start += step) {
    const rows = Math.min(step, count - start);
    run(tensors.map((tensor) => sliceRows(tensor, start, rows)), start, rows);
  }
};

/** Most rows of every tensor that fit one binding. */
export const rowsPerBinding = (encoder: Encoder, tensors: ReadonlyArray<Tensor>): number => {
  let rows = Infinity;
  for (const tensor of tensors) {
    if (tensor.storage.bytes <= encoder.info.maxBinding) continue;
    rows = Math.min(rows, Math.floor((encoder.info.maxBinding - 256) / (tensor.stride * elementBytes(tensor))));
  }
  return rows;
};
