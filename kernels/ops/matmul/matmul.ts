/**
 * Matrix products of a linear layer (torch.nn.functional.linear): y = x Wᵀ + b (NT), dx = dy W (NN), dW += dyᵀ x (TN). The plain kernels are the
 * specification. The others are chosen by alignment, device and, on serial devices, the number of rows, and give the same bits: every sum is a chain
 * of fmas in the same order. Matrix units (`--kernels matrix`, after their self-test) give other bits, which do not depend on the number of rows
 * either.
 */
import { canBroadcast } from "../../gpu/device_info.ts";
import type { Encoder } from "../../gpu/encoder.ts";
import { makeKernel } from "../../gpu/kernel.ts";
import type { HalfFormat } from "../../gpu/half_precision.ts";
import { byRows, lanes, readAs, writeAs } from "../op.ts";
import type { Tape } from "../../gpu/tape.ts";
import { isVectorized, sliceColumns, type Tensor } from "../../gpu/tensor.ts";
import { addRowSums } from "../row_sums/row_sums.ts";
import { matrixProduct } from "./matrix_product.ts";
import { matrixTile } from "./matrix_tiles.ts";
import source from "./matmul_plain.wgsl" with { type: "text" };
import few from "./matmul_few.wgsl" with { type: "text" };
import panels from "./matmul_panels.wgsl" with { type: "text" };
import subgroup from "./matmul_subgroup.wgsl" with { type: "text" };
import tnPanels from "./matmul_tn_panels.wgsl" with { type: "text" };
import tnSubgroup from "./matmul_tn_subgroup.wgsl" with { type: "text" };

/** The plain kernel of every product, then for NT and NN, and for TN: a subgroup kernel, and those for serial devices (`few`, `…Panels`). */
const matmulKernels = {
  plain: makeKernel(source),
  subgroup: makeKernel(subgroup),
  few: makeKernel(few),
  panels: makeKernel(panels),
  tnSubgroup: makeKernel(tnSubgroup),
  tnPanels: makeKernel(tnPanels),
};

/**
 * The tile of a workgroup by subgroup size: rows of the NT and NN kernels, fours of rows of the TN kernel. Measured as fastest on software Vulkan
 * (8 lanes: lavapipe, 4: SwiftShader). Tiles do not affect bits.
 */
const tiles = (subgroup: number) =>
  subgroup >= 16
    ? { rowsNT: 16, rowsNN: 16, foursTN: 4 }
    : subgroup >= 8
    ? { rowsNT: 32, rowsNN: 32, foursTN: 8 }
    : { rowsNT: 16, rowsNN: 12, foursTN: 2 };

/** The tile of at most `most` rows with the least padding for M rows; a decoding step has few. */
const tileFor = (M: number, most: number): number => {
  let tile = most;
  while (tile > 8 && tile / 2 >= M) tile /= 2;
  return tile;
};

/** Whether the subgroup kernels can be used: a fixed subgroup size of 4 to 64 lanes, and tensors that allow vec4 loads. */
const broadcasts = (encoder: Encoder, tensors: ReadonlyArray<Tensor>, plain: boolean): boolean =>
  !plain && canBroadcast(encoder.info) && tensors.every(isVectorized);

/** Whether the panel kernels can be used. */
const packs = (encoder: Encoder, tensors: ReadonlyArray<Tensor>, plain: boolean): boolean =>
  !plain && encoder.info.serial === true && tensors.every(isVectorized);

/** Rows and columns of C per workgroup of the panel kernels, and the part of the sum packed at a time; sized for caches. Does not affect bits. */
const panelTile = { ROWS: 64, COLUMNS: 32, DEPTH: 256 };

/** The most rows of C for which a product NT reads B without packing it, and the columns of a workgroup then. Measured; they do not affect bits. */
const fewTile = { rows: 6, COLUMNS: 16 };

/** Workgroup counts of the NT and NN panel kernel. */
const panelGroups = (rows: number, columns: number): [number, number] => [
  Math.ceil(columns / panelTile.COLUMNS),
  Math.ceil(rows / panelTile.ROWS),
];

/** Whether any of the activations is stored in 16 bits. */
const haveHalves = (...activations: ReadonlyArray<Tensor>): boolean =>
  activations.some(({ format }) => format !== undefined);

/**
 * Options of a product: `plain` forces the specification kernel; `accumulate` adds to c; with `beyond`, the layer's input may exceed float16's
 * range by that many powers of two (matrix units only).
 */
export interface MatmulOptions {
  readonly plain?: boolean;
  readonly accumulate?: boolean;
  readonly beyond?: number;
}

/** Options of a linear layer, and the storage format of its result. */
export interface LinearOptions extends Pick<MatmulOptions, "plain" | "beyond"> {
  readonly format?: HalfFormat | undefined;
}

/** c[M, N] = a[M, K] · b[N, K]ᵀ (+ bias[1, N]); b may be larger than one binding. */
export const matmulNT = (
  encoder: Encoder,
  a: Tensor,
  b: Tensor,
  bias: Tensor | undefined,
  c: Tensor,
  options: MatmulOptions = {},
): void =>
  byRows(encoder, b.rows, [b], ([b], first, rows) => {
    const window = { a, b, bias: bias && columnsAt(bias, first, rows), c: columnsAt(c, first, rows) };
    byRowsOfA(encoder, "nt", window, options);
  }, 4);

/** c[M, K] = a[M, N] · b[N, K]. Columns of a from N to its stride must be finite; b may be larger than one binding. */
export const matmulNN = (
  encoder: Encoder,
  a: Tensor,
  b: Tensor,
  c: Tensor,
  { plain, accumulate = false }: MatmulOptions = {},
): void =>
  byRows(encoder, b.rows, [b], ([b], first, rows) => {
    const window = { a: columnsAt(a, first, rows), b, c };
    byRowsOfA(encoder, "nn", window, { plain, accumulate: accumulate || first > 0 });
  }, 4);

/** The tensor, or the columns of it that go with a window of rows. */
const columnsAt = (tensor: Tensor, first: number, count: number): Tensor =>
  count === tensor.cols ? tensor : sliceColumns(tensor, first, count);

/** Operands of a product; b fits one binding. */
interface Operands {
  readonly a: Tensor;
  readonly b: Tensor;
  readonly bias?: Tensor | undefined;
  readonly c: Tensor;
}

/** c[M, N] = a[M, K] · b; b is [N, K] for a linear layer ("nt") and [K, N] for its input's gradient ("nn"). */
const byRowsOfA = (
  encoder: Encoder,
  product: "nt" | "nn",
  { a, b, bias, c }: Operands,
  { plain = false, accumulate, beyond }: MatmulOptions,
): void =>
  byRows(encoder, a.rows, [a, c], ([a, c], _, M) => {
    const { matrix, lanes: LANES } = encoder.info;
    const isTurned = product === "nt";
    const [N, K] = isTurned ? [b.rows, a.cols] : [b.cols, b.rows];
    const tile = plain ? undefined : matrixTile(encoder, product, M, N, [a, b, c], haveHalves(a, c));
    if (matrix !== undefined && tile !== undefined) {
      return matrixProduct(encoder, matrix, { product, tile, a, b, bias, c, accumulate, beyond });
    }
    const read = (width: 1 | 4) => ({
      ...readAs("A", a, width),
      ...readAs("B", b, width),
      ...(bias && readAs("bias", bias, 1)),
      ...readAs("C", c, width),
      ...writeAs("C", c),
    });
    const added = { BIAS: bias ? 1 : 0, ACCUMULATE: accumulate ? 1 : 0 };
    const forms = { ...added, B_TURNED: isTurned ? 1 : 0 };
    const tail = { TAIL: isTurned || K % 4 === 0 ? 0 : 1 };
    const given = { tensors: [a, b, bias ?? b, c], params: { M, N, K } };
    const loaded = isTurned ? [a, b, paddedColumns(c, true)] : [paddedColumns(a), b, c];
    if (packs(encoder, loaded, plain) && isTurned && M <= fewTile.rows) {
      const { COLUMNS } = fewTile;
      const constants = { ...added, ROWS: M, COLUMNS, ...read(4) };
      encoder.dispatch(matmulKernels.few, { ...given, constants, groups: [Math.ceil(N / COLUMNS), 1] });
    } else if (packs(encoder, loaded, plain)) {
      const constants = { ...forms, ...tail, ...panelTile, ...read(4) };
      encoder.dispatch(matmulKernels.panels, { ...given, constants, groups: panelGroups(M, N) });
    } else if (broadcasts(encoder, loaded, plain)) {
      const { rowsNT, rowsNN } = tiles(LANES);
      const TM = isTurned ? tileFor(M, rowsNT) : rowsNN;
      const constants = { ...forms, ...tail, LANES, TM, ...read(4) };
      const groups = [Math.ceil(N / 4 / LANES), Math.ceil(M / TM)] as const;
      encoder.dispatch(matmulKernels.subgroup, { ...given, constants, groups });
    } else {
      encoder.dispatch(matmulKernels.plain, {
        ...given,
        constants: { ...forms, ...read(1) },
        groups: lanes(M * N),
      });
    }
  });

/** c[N, K] += a[M, N]ᵀ · b[M, K]: summed over M in order, then added once; c may be larger than one binding. */
export const matmulTN = (encoder: Encoder, a: Tensor, b: Tensor, c: Tensor, options: MatmulOptions = {}): void =>
  byRows(
    encoder,
    c.rows,
    [c],
    ([c], first, rows) => tnWindow(encoder, columnsAt(a, first, rows), b, c, options),
    4,
  );

const tnWindow = (encoder: Encoder, a: Tensor, b: Tensor, c: Tensor, { plain = false, beyond }: MatmulOptions): void =>
  byRows(encoder, a.rows, [a, b], ([a, b], _, M) => {
    const { matrix, lanes: LANES } = encoder.info;
    const tile = plain ? undefined : matrixTile(encoder, "tn", c.rows, c.cols, [a, b, c], haveHalves(a, b));
    if (matrix !== undefined && tile !== undefined) {
      return matrixProduct(encoder, matrix, { product: "tn", tile, a, b, c, accumulate: true, beyond });
    }
    const [N, K] = [c.rows, c.cols];
    const given = { tensors: [a, b, c], params: { M, N, K } };
    const loaded = [paddedColumns(a), b, c];
    if (packs(encoder, loaded, plain)) {
      const ROWS = N * K <= 32 * 32 * 16 ? 16 : 32;
      encoder.dispatch(matmulKernels.tnPanels, {
        ...given,
        constants: { ...readAs("B", b, 4), ...panelTile, ROWS },
        groups: [Math.ceil(K / 32), Math.ceil(N / ROWS)],
      });
    } else if (broadcasts(encoder, loaded, plain)) {
      const TN4 = tiles(LANES).foursTN;
      encoder.dispatch(matmulKernels.tnSubgroup, {
        ...given,
        constants: { ...readAs("B", b, 4), LANES, TN4 },
        groups: [Math.ceil(K / 4 / LANES), Math.ceil(N / 4 / TN4)],
      });
    } else {
      encoder.dispatch(matmulKernels.plain, {
        constants: { A_TURNED: 1, B_TURNED: 0, ACCUMULATE: 1, ...readAs("B", b, 1) },
        tensors: [a, b, b, c],
        params: { M: N, N: K, K: M },
        groups: lanes(N * K),
      });
    }
  });

/**
 * The tensor with its columns rounded up to a multiple of four, if its stride has room; with `isOwn`, if its rows have exactly that stride, so that
 * the gap belongs to no other tensor.
 */
const paddedColumns = (tensor: Tensor, isOwn = false): Tensor => {
  const cols = Math.ceil(tensor.cols / 4) * 4;
  return cols === tensor.stride || (!isOwn && cols < tensor.stride) ? { ...tensor, cols } : tensor;
};

/** y[N, O] = x[N, I] · weight[O, I]ᵀ + bias, recorded on the tape. */
export const linear = (
  tape: Tape,
  x: Tensor,
  weight: Tensor,
  bias?: Tensor,
  { format, ...options }: LinearOptions = {},
): Tensor => {
  const { encoder } = tape;
  const y = encoder.tensor(x.rows, weight.rows, { format });
  matmulNT(encoder, x, weight, bias, y, options);
  tape.record([y], [], () => {
    const dy = tape.arrived(y);
    if (dy === undefined) return;
    if (tape.trains(weight)) matmulTN(encoder, dy, x, tape.gradient(weight).tensor, options);
    if (bias !== undefined && tape.trains(bias)) addRowSums(encoder, dy, tape.gradient(bias).tensor);
    const dx = tape.gradient(x);
    matmulNN(encoder, dy, weight, dx.tensor, { ...options, accumulate: dx.accumulate });
  });
  return y;
};
