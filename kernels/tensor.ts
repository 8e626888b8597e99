/**
 * A tensor is a window of float32 (or u32) words in a device buffer: `rows` rows of `cols` words, `stride` words apart, beginning `offset`
 * words into the buffer. Slices of columns are tensors of their own that share the buffer, so fused projections need no copy.
 */

/** A device buffer as the pool hands it out: a handle, its size in bytes and an identity for caches. */
export interface Storage {
  readonly id: number;
  readonly bytes: number;
  readonly buffer: GPUBuffer;
}

/** Rows × cols words of a device buffer; `base` names the tensor that a column slice was cut from. */
export interface Tensor {
  readonly storage: Storage;
  readonly offset: number;
  readonly rows: number;
  readonly cols: number;
  readonly stride: number;
  readonly base?: { readonly tensor: Tensor; readonly column: number };
}

/** The whole of `storage` seen as rows × cols, rows `stride` words apart. */
export const view = (storage: Storage, rows: number, cols: number, offset = 0, stride = cols): Tensor => ({
  storage,
  offset,
  rows,
  cols,
  stride,
});

/** Columns `column … column + cols` of every row, in place. */
export const sliceColumns = (tensor: Tensor, column: number, cols: number): Tensor => ({
  storage: tensor.storage,
  offset: tensor.offset + column,
  rows: tensor.rows,
  cols,
  stride: tensor.stride,
  base: { tensor, column },
});

/** Rows `row … row + rows`, in place. */
export const sliceRows = (tensor: Tensor, row: number, rows: number): Tensor => ({
  storage: tensor.storage,
  offset: tensor.offset + row * tensor.stride,
  rows,
  cols: tensor.cols,
  stride: tensor.stride,
});

/** The same words read as another number of rows and columns; only for tensors without gaps. */
export const reshape = (tensor: Tensor, rows: number, cols: number): Tensor => ({
  storage: tensor.storage,
  offset: tensor.offset,
  rows,
  cols,
  stride: cols,
});

/** Words from the first to the last element, gaps of the stride included. */
export const extent = (
  tensor: Tensor,
): number => (tensor.rows === 0 ? 0 : (tensor.rows - 1) * tensor.stride + tensor.cols);

/** Whether vec4 loads may be used on it: offset, stride and columns are multiples of four. */
export const isVectorized = (tensor: Tensor): boolean =>
  tensor.offset % 4 === 0 && tensor.stride % 4 === 0 && tensor.cols % 4 === 0;
