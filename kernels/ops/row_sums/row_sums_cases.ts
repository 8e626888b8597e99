/** Cases of row sums: from few rows to many chunks; widths with and without vec4 loads. */
import { floats, type OpCase, type OpCases } from "../op_case.ts";
import { addRowSums } from "./row_sums.ts";

const sumCase = ([N, C, stride]: readonly [number, number, number]): OpCase => ({
  name: `${N}x${C}, rows ${stride} apart`,
  operands: { x: floats("x", N, C, { role: "constant", stride }), sums: floats("sums", 1, C, { role: "constant" }) },
  run: ({ encoder }, { x, sums }) => {
    addRowSums(encoder, x, sums);
    return { sums };
  },
  reference: ({ x, sums: before }, round) => {
    const sums = Float64Array.from(before);
    for (let c = 0; c < C; c++) {
      let sum = 0;
      for (let n = 0; n < N; n++) sum = round(sum + x[n * C + c]);
      sums[c] = round(sums[c] + sum);
    }
    return { sums };
  },
});

export const rowSumsCases: OpCases = {
  name: "row_sums",
  cases: ([[1, 12, 12], [65, 7, 9], [200, 132, 136], [4200, 8, 8]] as const).map(sumCase),
};
