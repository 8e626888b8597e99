/** Cases of rotation: widths with and without vec4 loads, strided columns, positions in any order. */
import type { HalfFormat } from "../../gpu/half_precision.ts";
import { floats, indices, kept, type OpCase, type OpCases, type Round } from "../op_case.ts";
import { sliceColumns } from "../../gpu/tensor.ts";
import { rope } from "./rope.ts";

interface Shape {
  readonly N: number;
  readonly D: number;
  readonly H: number;
  /** How input and result are stored. */
  readonly activations?: HalfFormat;
  /** If set, the input is columns `column … column + H · D` of a tensor of this width. */
  readonly within?: { readonly column: number; readonly width: number };
}

const positionsMost = 50;

const ropeCase = ({ N, D, H, within, activations }: Shape): OpCase => {
  const width = within?.width ?? H * D;
  const column = within?.column ?? 0;
  const positions = indices("positions", N, positionsMost);
  const turn = (
    source: Float64Array,
    sourceAt: (row: number) => number,
    target: Float64Array,
    targetAt: (row: number) => number,
    table: Float64Array,
    sign: number,
    round: Round,
    keep: Round,
  ) => {
    for (let row = 0; row < N; row++) {
      const at = positions.data[row] * D;
      for (let head = 0; head < H; head++) {
        for (let i = 0; i < D / 2; i++) {
          const [cosine, sine] = [table[at + i], sign * table[at + D / 2 + i]];
          const [first, second] = [source[sourceAt(row) + head * D + i], source[sourceAt(row) + head * D + D / 2 + i]];
          target[targetAt(row) + head * D + i] = keep(round(first * cosine) - round(second * sine));
          target[targetAt(row) + head * D + D / 2 + i] = keep(round(second * cosine) + round(first * sine));
        }
      }
    }
    return target;
  };
  const wide = (row: number) => row * width + column;
  const narrow = (row: number) => row * H * D;
  return {
    name: `${N}x${H}x${D}${within ? ` of ${width}` : ""}${activations ? ` ${activations}` : ""}`,
    operands: {
      x: floats("x", N, width, { format: activations }),
      positions,
      table: floats("table", positionsMost, D, { role: "constant" }),
    },
    run: (tape, { x, positions, table }) => ({
      y: rope(tape, within === undefined ? x : sliceColumns(x, column, H * D), positions, table, activations),
    }),
    reference: ({ x, table }, round) => ({
      y: turn(x, wide, new Float64Array(N * H * D), narrow, table, 1, round, kept(round, activations)),
    }),
    vjp: ({ table }, { y: dy }, round) => ({
      x: turn(dy, narrow, new Float64Array(N * width).fill(NaN), wide, table, -1, round, round),
    }),
  };
};

export const ropeCases: OpCases = {
  name: "rope",
  cases: [
    { N: 1, D: 16, H: 4 },
    { N: 37, D: 16, H: 4 },
    { N: 19, D: 12, H: 2 },
    { N: 7, D: 2, H: 3 },
    { N: 50, D: 8, H: 2, within: { column: 16, width: 36 } },
    { N: 37, D: 16, H: 4, activations: "bf16" as const },
    { N: 50, D: 8, H: 2, within: { column: 16, width: 36 }, activations: "f16" as const },
  ].map(ropeCase),
  rows: (N) => ropeCase({ N, D: 16, H: 4 }),
  windowed: { binding: 4096, bits: "equal" },
};
