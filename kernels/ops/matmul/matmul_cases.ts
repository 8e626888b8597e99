/** Cases of linear layers: sizes that no tile divides, single rows, strided columns, a bias; each in plain and subgroup form. */
import type { HalfFormat } from "../../gpu/half_precision.ts";
import { dotProduct, floats, kept, type OpCase, type OpCases, type Round } from "../op_case.ts";
import { sliceColumns } from "../../gpu/tensor.ts";
import { linear } from "./matmul.ts";

interface Shape {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly bias?: boolean;
  readonly plain?: boolean;
  /** How weight and bias are stored. */
  readonly format?: HalfFormat;
  /** How input and result are stored; the input is divided by 16. */
  readonly activations?: HalfFormat;
  /** If set, the input is columns `column … column + K` of a tensor of this width. */
  readonly within?: { readonly column: number; readonly width: number };
}

const linearCase = ({ M, N, K, bias = false, plain = false, within, format, activations }: Shape): OpCase => {
  const width = within?.width ?? K;
  const column = within?.column ?? 0;
  return {
    name: `${M}x${N}x${K}${bias ? " bias" : ""}${within ? ` of ${width}` : ""}${plain ? " plain" : ""}${
      format ? ` ${format}` : ""
    }${activations ? ` activations ${activations}` : ""}`,
    operands: {
      x: floats("x", M, width, { format: activations, scale: activations && 16 }),
      weight: floats("weight", N, K, { role: "weight", format }),
      ...(bias ? { bias: floats("bias", 1, N, { role: "weight", format }) } : {}),
    },
    run: (tape, { x, weight, bias }) => {
      const input = within === undefined ? x : sliceColumns(x, column, K);
      return { y: linear(tape, input, weight, bias, { plain, format: activations }) };
    },
    reference: ({ x, weight, bias }, round) => {
      const keep = kept(round, activations);
      const y = new Float64Array(M * N);
      for (let m = 0; m < M; m++) {
        for (let n = 0; n < N; n++) {
          const sum = dotProduct(round, K, x, m * width + column, 1, weight, n * K, 1);
          y[m * N + n] = keep(sum + (bias?.[n] ?? 0));
        }
      }
      return { y };
    },
    vjp: ({ x, weight }, { y: dy }, round) => {
      const dx = new Float64Array(M * width).fill(NaN);
      for (let m = 0; m < M; m++) {
        for (let k = 0; k < K; k++) dx[m * width + column + k] = dotProduct(round, N, dy, m * N, 1, weight, k, K);
      }
      const dweight = Float64Array.from({ length: N * K }, (_, i) => {
        const [n, k] = [Math.floor(i / K), i % K];
        return dotProduct(round, M, dy, n, N, x, column + k, width);
      });
      return { x: dx, weight: dweight, ...(bias ? { bias: columnSums(dy, N, round) } : {}) };
    },
  };
};

const columnSums = (values: Float64Array, N: number, round: Round): Float64Array => {
  const sums = new Float64Array(N);
  values.forEach((value, i) => sums[i % N] = round(sums[i % N] + value));
  return sums;
};

const shapes: ReadonlyArray<Shape> = [
  { M: 1, N: 64, K: 64 },
  { M: 1, N: 50, K: 68, bias: true },
  { M: 2, N: 75, K: 132, bias: true },
  { M: 6, N: 130, K: 36, within: { column: 8, width: 48 } },
  { M: 37, N: 77, K: 64 },
  { M: 33, N: 128, K: 20, bias: true },
  { M: 5, N: 3, K: 7, bias: true },
  { M: 18, N: 130, K: 36, within: { column: 8, width: 48 } },
  { M: 130, N: 36, K: 132 },
];

// Only the subgroup kernels write 16 bits.
const halves: ReadonlyArray<Shape> = [
  { M: 2, N: 76, K: 64, bias: true, activations: "f16" },
  { M: 37, N: 76, K: 64, activations: "f16" },
  { M: 33, N: 128, K: 20, bias: true, format: "bf16", activations: "bf16" },
  { M: 18, N: 132, K: 36, within: { column: 8, width: 48 }, activations: "f16" },
];

export const matmulCases: OpCases = {
  name: "matmul",
  cases: [
    ...shapes,
    ...shapes.slice(1, 8).flatMap((shape) => (["bf16", "f16"] as const).map((format) => ({ ...shape, format }))),
  ].flatMap((shape) => [linearCase(shape), linearCase({ ...shape, plain: true })]).concat(halves.map(linearCase)),
  rows: (M) => linearCase({ M, N: 77, K: 64, bias: true }),
  windowed: { binding: 4096, bits: "close" },
};
