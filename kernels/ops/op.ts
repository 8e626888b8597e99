/** What the ops share: how a kernel is declared from its file, how many lanes it needs, which rows one dispatch may bind. */
import { type Dispatch, type Encoder, spread } from "../gpu/encoder.ts";
import type { HalfFormat } from "../gpu/half_precision.ts";
import type { Constants } from "../gpu/specialize.ts";
import { elementBytes, isVectorized, sliceRows, type Tensor } from "../gpu/tensor.ts";

/** Constants that let one lane handle four columns where every tensor allows it. */
export const pack = (tensors: ReadonlyArray<Tensor>, allowed = true): Constants & { readonly PACK: 1 | 4 } =>
  allowed && tensors.every(isVectorized) ? { Elem: "vec4f", PACK: 4 } : { Elem: "f32", PACK: 1 };

/** What a kernel's one-line function `sumOf(value)` makes of four sums. */
export const sumOfFour = "(value.x + value.y) + (value.z + value.w)";

/** Constants of a kernel whose rows, a lane each without them, have a workgroup of `lanes` lanes each. */
export const sharedBy = (lanes: number): Constants => ({
  LANES: lanes,
  SIZE: lanes,
  indexOf: "group.x + group.y * groups.x",
  laneOf: "local",
});

/** Constants and workgroups for R rows of V columns of a kernel that joins what lanes have in a tree of 64 (`lane_tree.wgsl`) where V is large. */
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
 * How a kernel reads the binding `name` where its tensor has a 16-bit format: what the array holds (`alias BElem`, say) and what the kernel's
 * one-line function `bAt` (or `reader`) returns. No device feature is needed for it, and every kernel of an op reads the same numbers.
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
 * How a kernel writes the binding `name`, four numbers at a time, where its tensor has a 16-bit format: what the array holds (`alias YElem`,
 * say) and what the kernel's one-line function `asY(value)` makes of them, the nearest numbers of the format (`half_words.wgsl`).
 */
export const writeAs = (name: string, { format, scale }: Tensor): Constants => {
  if (format === undefined) return {};
  const value = scale === undefined ? "value" : `value * ${1 / scale}f`;
  return { [`${capital(name)}Elem`]: "vec2u", [`as${capital(name)}`]: `${format}Words(${value})` };
};

/** What a one-line function `kept(value)` of a kernel makes of four numbers that are stored in this format and read again. */
export const keptAs = (format: HalfFormat | undefined): Constants => {
  if (format === undefined) return {};
  const words = `${format}Words(value)`;
  return {
    kept: format === "f16"
      ? `vec4f(unpack2x16float(${words}.x), unpack2x16float(${words}.y))`
      : `bitcast<vec4f>((${words}.xxyy << vec4u(16u, 0u, 16u, 0u)) & vec4u(0xffff0000u))`,
  };
};

/** Workgroup counts for `lanes` lanes in workgroups of `size`. */
export const lanes = (count: number, size = 64): [number, number] => spread(Math.ceil(count / size));

/**
 * Cuts `count` rows so that in each part the rows of every tensor fit one binding; `run` gets the tensors' parts. Rows are independent
 * in every op that uses this, so where the cut falls never shows.
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

/** The most rows of every one of `tensors` that one binding covers. */
export const rowsPerBinding = (encoder: Encoder, tensors: ReadonlyArray<Tensor>): number => {
  let rows = Infinity;
  for (const tensor of tensors) {
    if (tensor.storage.bytes <= encoder.info.maxBinding) continue;
    rows = Math.min(rows, Math.floor((encoder.info.maxBinding - 256) / (tensor.stride * elementBytes(tensor))));
  }
  return rows;
};
