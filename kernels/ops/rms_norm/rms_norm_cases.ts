/** Cases of RMSNorm: whole rows and heads, aligned and odd widths, strided columns. */
import type { HalfFormat } from "../../gpu/half_precision.ts";
import { dotProduct, floats, kept, type OpCase, type OpCases, type Round } from "../op_case.ts";
import { sliceColumns } from "../../gpu/tensor.ts";
import { rmsNorm } from "./rms_norm.ts";

interface Shape {
  readonly N: number;
  readonly D: number;
  readonly H?: number;
  /** How the weight is stored. */
  readonly format?: HalfFormat;
  /** How input and result are stored. */
  readonly activations?: HalfFormat;
  /** If set, the input is columns `column … column + H · D` of a tensor of this width. */
  readonly within?: { readonly column: number; readonly width: number };
}

const eps = 1e-6;

const normCase = ({ N, D, H = 1, within, format, activations }: Shape): OpCase => {
  const width = within?.width ?? H * D;
  const column = within?.column ?? 0;
  // The first element of head `head` of row `row` in x.
  const from = (row: number, head: number) => row * width + column + head * D;
  const inverseAt = (x: Float64Array, at: number, round: Round) =>
    round(1 / round(Math.sqrt(round(round(dotProduct(round, D, x, at, 1, x, at, 1) / D) + eps))));
  return {
    name: `${N}x${H}x${D}${within ? ` of ${width}` : ""}${format ? ` ${format}` : ""}${
      activations ? ` activations ${activations}` : ""
    }`,
    operands: {
      x: floats("x", N, width, { center: 0.25, format: activations }),
      weight: floats("weight", 1, D, { role: "weight", center: 1, spread: 0.5, format }),
    },
    run: (tape, { x, weight }) => ({
      y: rmsNorm(tape, within === undefined ? x : sliceColumns(x, column, H * D), weight, eps, H, activations),
    }),
    reference: ({ x, weight }, round) => {
      const keep = kept(round, activations);
      const y = new Float64Array(N * H * D);
      for (let i = 0; i < N * H; i++) {
        const at = from(Math.floor(i / H), i % H);
        const inverse = inverseAt(x, at, round);
        for (let c = 0; c < D; c++) y[i * D + c] = keep(round(x[at + c] * inverse) * weight[c]);
      }
      return { y };
    },
    vjp: ({ x, weight }, { y: dy }, round) => {
      const dx = new Float64Array(N * width).fill(NaN);
      const dweight = new Float64Array(D);
      for (let i = 0; i < N * H; i++) {
        const at = from(Math.floor(i / H), i % H);
        const inverse = inverseAt(x, at, round);
        const g = Float64Array.from({ length: D }, (_, c) => round(dy[i * D + c] * weight[c]));
        const pull = round(round(round(dotProduct(round, D, g, 0, 1, x, at, 1) * inverse) * inverse) / D);
        for (let c = 0; c < D; c++) {
          dx[at + c] = round(inverse * round(g[c] - round(x[at + c] * pull)));
          dweight[c] = round(dweight[c] + round(dy[i * D + c] * round(x[at + c] * inverse)));
        }
      }
      return { x: dx, weight: dweight };
    },
  };
};

export const rmsNormCases: OpCases = {
  name: "rms_norm",
  cases: [
    { N: 1, D: 64 },
    { N: 37, D: 64 },
    { N: 9, D: 7 },
    { N: 70, D: 16, H: 4 },
    { N: 5, D: 6, H: 3 },
    { N: 33, D: 16, H: 2, within: { column: 64, width: 128 } },
    { N: 300, D: 128 },
    { N: 37, D: 64, format: "bf16" as const },
    { N: 37, D: 64, format: "f16" as const },
    { N: 70, D: 16, H: 4, format: "bf16" as const },
    { N: 70, D: 16, H: 4, format: "f16" as const },
    { N: 9, D: 7, format: "bf16" as const },
    { N: 9, D: 7, format: "f16" as const },
    { N: 37, D: 64, activations: "f16" as const },
    { N: 33, D: 16, H: 2, within: { column: 64, width: 128 }, activations: "f16" as const },
  ].map(normCase),
  rows: (N) => normCase({ N, D: 16, H: 4 }),
  windowed: { binding: 4096, bits: "close" },
};
