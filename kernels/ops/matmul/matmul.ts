/**
 * Matrix products of a linear layer: y = x Wᵀ + b (NT), dx = dy W (NN), dW += dyᵀ x (TN), torch.nn.functional.linear. The plain kernels
 * are the specification; the subgroup-broadcast ones are chosen by alignment and device alone, never by the number of rows, and give the
 * same bits: every sum is one fma after another in the same order. Matrix units, where somebody asked for them and they passed their
 * self-test, have bits of their own, which the number of rows does not change either.
 */
import type { Encoder } from "../../gpu/encoder.ts";
import { make } from "../../gpu/kernel.ts";
import type { HalfFormat } from "../../gpu/half_precision.ts";
import { byRows, lanes, readAs, rowsPerBinding, writeAs } from "../op.ts";
import type { Constants } from "../../gpu/specialize.ts";
import type { Tape } from "../../gpu/tape.ts";
import { isVectorized, sliceColumns, sliceRows, type Tensor } from "../../gpu/tensor.ts";
import { addRowSums } from "../row_sums/row_sums.ts";
import { matrixProduct } from "./matrix_product.ts";
import { matrixTile } from "./matrix_tiles.ts";
import nn from "./matmul_nn.wgsl" with { type: "text" };
import nnSubgroup from "./matmul_nn_subgroup.wgsl" with { type: "text" };
import nt from "./matmul_nt.wgsl" with { type: "text" };
import panels from "./matmul_panels.wgsl" with { type: "text" };
import ntSubgroup from "./matmul_nt_subgroup.wgsl" with { type: "text" };
import tn from "./matmul_tn.wgsl" with { type: "text" };
import tnPanels from "./matmul_tn_panels.wgsl" with { type: "text" };
import tnSubgroup from "./matmul_tn_subgroup.wgsl" with { type: "text" };

/** The kernels: of each product the plain one, one for subgroups, one for devices whose invocations run one after the other. */
export const kernels = {
  nt: make(nt),
  ntSubgroup: make(ntSubgroup),
  nn: make(nn),
  nnSubgroup: make(nnSubgroup),
  tn: make(tn),
  tnSubgroup: make(tnSubgroup),
  panels: make(panels),
  tnPanels: make(tnPanels),
};

/**
 * What a workgroup owns, by subgroup size, as measured best on software Vulkan (8 lanes: lavapipe, 4: SwiftShader): rows of the NT and NN
 * kernels, fours of rows of the TN kernel. No tile shows in a bit.
 */
const tiles = (subgroup: number) =>
  subgroup >= 16
    ? { rowsNT: 16, rowsNN: 16, foursTN: 4 }
    : subgroup >= 8
    ? { rowsNT: 32, rowsNN: 32, foursTN: 8 }
    : { rowsNT: 16, rowsNN: 12, foursTN: 2 };

/** The tile of at most `most` rows that M rows fill best: a step of decoding has few. */
const tileFor = (M: number, most: number): number => {
  let tile = most;
  while (tile > 8 && tile / 2 >= M) tile /= 2;
  return tile;
};

/** Whether the subgroup kernels may be used: a fixed subgroup size of 4 to 32 lanes and tensors that vec4 loads can read. */
const broadcasts = (encoder: Encoder, tensors: ReadonlyArray<Tensor>, plain: boolean): boolean =>
  !plain && encoder.info.lanes >= 4 && encoder.info.lanes <= 32 && tensors.every(isVectorized);

/** Whether the kernels that pack operands into panels may be used. */
const packs = (encoder: Encoder, tensors: ReadonlyArray<Tensor>, plain: boolean): boolean =>
  !plain && encoder.info.serial === true && tensors.every(isVectorized);

/** What a workgroup of the panel kernels has of C, and how much of the sum it packs at a time: what caches hold. No tile shows in a bit. */
const panelTile = { ROWS: 64, COLUMNS: 32, DEPTH: 256 };

/** Workgroups of the NT and NN panel kernel. */
const panelGroups = (rows: number, columns: number): [number, number] => [
  Math.ceil(columns / panelTile.COLUMNS),
  Math.ceil(rows / panelTile.ROWS),
];

/** Whether some of the activations are stored in 16 bits. */
const haveHalves = (...activations: ReadonlyArray<Tensor>): boolean =>
  activations.some(({ format }) => format !== undefined);

/**
 * Options of a product: `plain` forces the specification kernel, `accumulate` adds to what is there; the layer's input may pass float16's range
 * by `beyond` powers of two, which matrix units provide for.
 */
export interface MatmulOptions {
  readonly plain?: boolean;
  readonly accumulate?: boolean;
  readonly beyond?: number;
}

/** How a linear layer computes, and how its result is stored. */
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
): void => {
  const step = Math.floor(rowsPerBinding(encoder, [b]) / 4) * 4;
  for (let first = 0; first < b.rows; first += step) {
    const rows = Math.min(step, b.rows - first);
    const whole = rows === b.rows;
    ntWindow(
      encoder,
      a,
      whole ? b : sliceRows(b, first, rows),
      bias && (whole ? bias : sliceColumns(bias, first, rows)),
      whole ? c : sliceColumns(c, first, rows),
      options,
    );
  }
};

const ntWindow = (
  encoder: Encoder,
  a: Tensor,
  b: Tensor,
  bias: Tensor | undefined,
  c: Tensor,
  options: MatmulOptions,
): void =>
  byRows(encoder, a.rows, [a, c], ([a, c], _, M) => {
    const { matrix } = encoder.info;
    const { plain: isPlain, accumulate, beyond } = options;
    const tile = isPlain ? undefined : matrixTile(encoder, "nt", M, b.rows, [a, b, c], haveHalves(a, c));
    if (matrix !== undefined && tile !== undefined) {
      return matrixProduct(encoder, matrix, { product: "nt", tile, a, b, bias, c, accumulate, beyond });
    }
    const constants = {
      BIAS: bias ? 1 : 0,
      ACCUMULATE: options.accumulate ? 1 : 0,
      ...(bias && readAs("bias", bias, 1)),
    };
    const K = a.cols;
    const N = b.rows;
    const params = { M, N, K };
    const tensors = [a, b, bias ?? b, c];
    if (packs(encoder, [a, b, ownGap(c)], options.plain ?? false)) {
      encoder.dispatch(kernels.panels, {
        constants: { ...constants, ...panelTile, ...readAs("A", a, 4), ...readAs("B", b, 4), ...storedC(c) },
        tensors,
        params,
        groups: panelGroups(M, N),
      });
    } else if (broadcasts(encoder, [a, b, ownGap(c)], options.plain ?? false)) {
      const LANES = encoder.info.lanes;
      const TM = tileFor(M, tiles(LANES).rowsNT);
      encoder.dispatch(kernels.ntSubgroup, {
        constants: { ...constants, ...readAs("A", a, 4), ...readAs("B", b, 4), ...storedC(c), LANES, TM },
        tensors,
        params,
        groups: [Math.ceil(N / 4 / LANES), Math.ceil(M / TM)],
      });
    } else {
      const plain = { ...constants, ...readAs("A", a, 1), ...readAs("B", b, 1), ...storedC(c) };
      encoder.dispatch(kernels.nt, { constants: plain, tensors, params, groups: lanes(M * N) });
    }
  });

/** c[M, K] = a[M, N] · b[N, K]; columns of a from N to its stride must be finite; b may be larger than one binding. */
export const matmulNN = (encoder: Encoder, a: Tensor, b: Tensor, c: Tensor, options: MatmulOptions = {}): void => {
  const step = Math.floor(rowsPerBinding(encoder, [b]) / 4) * 4;
  if (b.rows <= step) return nnWindow(encoder, a, b, c, options);
  for (let first = 0; first < b.rows; first += step) {
    const rows = Math.min(step, b.rows - first);
    nnWindow(encoder, sliceColumns(a, first, rows), sliceRows(b, first, rows), c, {
      ...options,
      accumulate: options.accumulate || first > 0,
    });
  }
};

const nnWindow = (encoder: Encoder, a: Tensor, b: Tensor, c: Tensor, options: MatmulOptions): void =>
  byRows(encoder, a.rows, [a, c], ([a, c], _, M) => {
    const { matrix } = encoder.info;
    const tile = options.plain ? undefined : matrixTile(encoder, "nn", M, b.cols, [a, b, c], haveHalves(a, c));
    if (matrix !== undefined && tile !== undefined) {
      return matrixProduct(encoder, matrix, { product: "nn", tile, a, b, c, accumulate: options.accumulate });
    }
    const constants = { ACCUMULATE: options.accumulate ? 1 : 0 };
    const N = b.rows;
    const K = b.cols;
    const params = { M, N, K };
    const tensors = [a, b, c];
    if (packs(encoder, [paddedColumns(a), b, c], options.plain ?? false)) {
      encoder.dispatch(kernels.panels, {
        constants: { ...constants, ...panelTile, ...readAs("B", b, 4), B_TURNED: 0, TAIL: N % 4 === 0 ? 0 : 1 },
        tensors: [a, b, b, c],
        params: { M, N: K, K: N },
        groups: panelGroups(M, K),
      });
    } else if (broadcasts(encoder, [paddedColumns(a), b, c], options.plain ?? false)) {
      const LANES = encoder.info.lanes;
      const TM = tiles(LANES).rowsNN;
      encoder.dispatch(kernels.nnSubgroup, {
        constants: { ...constants, ...readAs("B", b, 4), LANES, TM },
        tensors,
        params,
        groups: [Math.ceil(K / 4 / LANES), Math.ceil(M / TM)],
      });
    } else {
      const plain = { ...constants, ...readAs("B", b, 1) };
      encoder.dispatch(kernels.nn, { constants: plain, tensors, params, groups: lanes(M * K) });
    }
  });

/** c[N, K] += a[M, N]ᵀ · b[M, K], summed over M in order and added once; c may be larger than one binding. */
export const matmulTN = (encoder: Encoder, a: Tensor, b: Tensor, c: Tensor, options: MatmulOptions = {}): void => {
  const step = Math.floor(rowsPerBinding(encoder, [c]) / 4) * 4;
  if (c.rows <= step) return tnWindow(encoder, a, b, c, options);
  for (let first = 0; first < c.rows; first += step) {
    const rows = Math.min(step, c.rows - first);
    tnWindow(encoder, sliceColumns(a, first, rows), b, sliceRows(c, first, rows), options);
  }
};

const tnWindow = (encoder: Encoder, a: Tensor, b: Tensor, c: Tensor, options: MatmulOptions): void =>
  byRows(encoder, a.rows, [a, b], ([a, b], _, M) => {
    const { matrix } = encoder.info;
    const { plain, beyond } = options;
    const tile = plain ? undefined : matrixTile(encoder, "tn", c.rows, c.cols, [a, b, c], haveHalves(a, b));
    if (matrix !== undefined && tile !== undefined) {
      return matrixProduct(encoder, matrix, { product: "tn", tile, a, b, c, accumulate: true, beyond });
    }
    const N = c.rows;
    const K = c.cols;
    const params = { M, N, K };
    const tensors = [a, b, c];
    if (packs(encoder, [paddedColumns(a), b, c], options.plain ?? false)) {
      const ROWS = N * K <= 32 * 32 * 16 ? 16 : 32;
      encoder.dispatch(kernels.tnPanels, {
        constants: { ...readAs("B", b, 4), ...panelTile, ROWS },
        tensors,
        params,
        groups: [Math.ceil(K / 32), Math.ceil(N / ROWS)],
      });
    } else if (broadcasts(encoder, [paddedColumns(a), b, c], options.plain ?? false)) {
      const LANES = encoder.info.lanes;
      const TN4 = tiles(LANES).foursTN;
      encoder.dispatch(kernels.tnSubgroup, {
        constants: { ...readAs("B", b, 4), LANES, TN4 },
        tensors,
        params,
        groups: [Math.ceil(K / 4 / LANES), Math.ceil(N / 4 / TN4)],
      });
    } else encoder.dispatch(kernels.tn, { constants: readAs("B", b, 1), tensors, params, groups: lanes(N * K) });
  });

/** The tensor with its columns counted up to the next multiple of four, where the stride leaves room for them. */
const paddedColumns = (tensor: Tensor): Tensor => {
  const cols = Math.ceil(tensor.cols / 4) * 4;
  return cols <= tensor.stride ? { ...tensor, cols } : tensor;
};

/** The tensor with its columns counted up to the next multiple of four, where its rows are just that long: the gap is its own. */
const ownGap = (tensor: Tensor): Tensor => {
  const cols = Math.ceil(tensor.cols / 4) * 4;
  return cols === tensor.stride ? { ...tensor, cols } : tensor;
};

/** How the result of a product is read and written where it has 16 bits; only the subgroup kernel does so. */
const storedC = (c: Tensor): Constants => ({ ...readAs("C", c, 4), ...writeAs("C", c) });

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
