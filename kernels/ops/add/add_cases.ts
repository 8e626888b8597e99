/** Cases of addition: aligned and odd widths. */
import { floats, type OpCase, type OpCases } from "../op_case.ts";
import { add } from "./add.ts";

const addCase = ({ N, C }: { readonly N: number; readonly C: number }): OpCase => ({
  name: `${N}x${C}`,
  operands: { a: floats("a", N, C), b: floats("b", N, C) },
  run: (tape, { a, b }) => ({ y: add(tape, a, b) }),
  reference: ({ a, b }, round) => ({ y: a.map((x, i) => round(x + b[i])) }),
  vjp: (_, { y: dy }) => ({ a: dy, b: dy }),
});

export const addCases: OpCases = {
  name: "add",
  cases: [{ N: 1, C: 64 }, { N: 37, C: 64 }, { N: 9, C: 7 }, { N: 70, C: 20 }].map(addCase),
  rows: (N) => addCase({ N, C: 20 }),
  windowed: { binding: 4096, bits: "equal" },
};
