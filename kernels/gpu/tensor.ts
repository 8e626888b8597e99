/**
 * A tensor is a window of float32 (or u32) words in a device buffer: `rows` rows of `cols` words, `stride` words apart, starting `offset` words
 * into the buffer. A slice of columns is a tensor that shares the buffer, so fused projections need no copy. With a `format`, elements have 16 bits
 * (two per word, low half first) and all four sizes count elements. With a `scale`, a power of two, the stored numbers are the values divided by
 * it.
 */
import type { HalfFormat } from "./half_precision.ts";

/** A device buffer from the pool: handle, size in bytes, and an id for caches. */
export interface Storage {
  readonly id: number;
  readonly bytes: number;
  readonly buffer: GPUBuffer;
}

/**
 * Rows × cols words of a device buffer. `base` is the tensor that a column slice was cut from; `isRows` marks a slice of rows.
 */
export interface Tensor {
  readonly storage: Storage;
  readonly offset: number;
  readonly rows: number;
  readonly cols: number;
  readonly stride: number;
  readonly format?: HalfFormat | undefined;
  readonly scale?: number | undefined;
  readonly base?: { readonly tensor: Tensor; readonly column: number };
  readonly isRows?: boolean;
}

/** All of `storage` viewed as rows × cols, with rows `stride` words apart. */
export const view = (
  storage: Storage,
  rows: number,
  cols: number,
  offset = 0,
  stride = cols,
  format?: HalfFormat,
  scale?: number,
): Tensor => ({ storage, offset, rows, cols, stride, format, scale });

/** Bytes of one element. */
export const elementBytes = ({ format }: Pick<Tensor, "format">): number => format === undefined ? 4 : 2;

/** A view of columns `column … column + cols` of every row. */
export const sliceColumns = (tensor: Tensor, column: number, cols: number): Tensor => ({
  storage: tensor.storage,
  offset: tensor.offset + column,
  rows: tensor.rows,
  cols,
  stride: tensor.stride,
  format: tensor.format,
  scale: tensor.scale,
  base: { tensor: wholeOf(tensor), column: (tensor.base?.column ?? 0) + column },
});

/** The tensor that a slice of columns was cut from, or the tensor itself. */
export const wholeOf = (tensor: Tensor): Tensor => tensor.base?.tensor ?? tensor;

/** A view of rows `row … row + rows`. */
export const sliceRows = (tensor: Tensor, row: number, rows: number): Tensor => ({
  storage: tensor.storage,
  offset: tensor.offset + row * tensor.stride,
  rows,
  cols: tensor.cols,
  stride: tensor.stride,
  format: tensor.format,
  scale: tensor.scale,
  isRows: true,
});

/** Elements from the first to the last, gaps between rows included. */
export const extent = (
  tensor: Tensor,
): number => (tensor.rows === 0 ? 0 : (tensor.rows - 1) * tensor.stride + tensor.cols);

/** The first byte, and the number of bytes, of the words that hold a tensor's elements. */
export const byteRange = (tensor: Tensor): [number, number] => {
  const size = elementBytes(tensor);
  const start = Math.floor(tensor.offset * size / 4) * 4;
  return [start, Math.ceil((tensor.offset + extent(tensor)) * size / 4) * 4 - start];
};

/** Whether vec4 loads are possible: offset, stride and columns are multiples of four. */
export const isVectorized = (tensor: Tensor): boolean =>
  tensor.offset % 4 === 0 && tensor.stride % 4 === 0 && tensor.cols % 4 === 0;
