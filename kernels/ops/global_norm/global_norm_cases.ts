/** Cases of partial sums: less than a block, whole blocks, a partial last block. */
import { dotProduct, floats, type OpCase, type OpCases } from "../op_case.ts";
import { block, partialSums } from "./global_norm.ts";

const sumCase = (n: number): OpCase => ({
  name: `${n}`,
  operands: { a: floats("a", 1, n, { role: "constant" }), b: floats("b", 1, n, { role: "constant" }) },
  run: (tape, { a, b }) => {
    const partials = partialSums(tape.encoder, [[a, b]]);
    tape.record([partials], [], () => {});
    return { partials };
  },
  reference: ({ a, b }, round) => ({
    partials: Float64Array.from(
      { length: Math.ceil(n / block) },
      (_, i) => dotProduct(round, Math.min(block, n - i * block), a, i * block, 1, b, i * block, 1),
    ),
  }),
});

export const globalNormCases: OpCases = {
  name: "global_norm",
  cases: [1, 256, 4001].map(sumCase),
  windowed: { binding: 4096, bits: "equal" },
};
