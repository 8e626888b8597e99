/** Cases of the gather: repeated and absent tokens, aligned and odd widths, weights and activations as tables. */
import type { HalfFormat } from "../../gpu/half_precision.ts";
import { floats, indices, type OpCase, type OpCases } from "../op_case.ts";
import { embedding } from "./embedding.ts";

interface Shape {
  readonly N: number;
  readonly V: number;
  readonly C: number;
  readonly role?: "weight" | "activation";
  /** How the table is stored. */
  readonly format?: HalfFormat;
}

const embeddingCase = ({ N, V, C, role = "weight", format }: Shape): OpCase => {
  const tokens = indices("tokens", N, V);
  return {
    name: `${N} of ${V}x${C} (${role}${format ? ` ${format}` : ""})`,
    operands: { table: floats("table", V, C, { role, format }), tokens },
    run: (tape, { table, tokens: onDevice }) => ({
      y: embedding(tape, table, onDevice, N, Uint32Array.from(tokens.data)),
    }),
    reference: ({ table }) => ({
      y: Float64Array.from({ length: N * C }, (_, i) => table[tokens.data[Math.floor(i / C)] * C + i % C]),
    }),
    vjp: (_, { y: dy }, round) => {
      const dtable = new Float64Array(V * C);
      dy.forEach((x, i) => {
        const at = tokens.data[Math.floor(i / C)] * C + i % C;
        dtable[at] = round(dtable[at] + x);
      });
      return { table: dtable };
    },
  };
};

export const embeddingCases: OpCases = {
  name: "embedding",
  cases: [
    { N: 1, V: 77, C: 64 },
    { N: 200, V: 77, C: 64 },
    { N: 30, V: 9, C: 7 },
    { N: 40, V: 60, C: 20, role: "activation" as const },
    { N: 200, V: 77, C: 64, format: "bf16" as const },
    { N: 200, V: 77, C: 64, format: "f16" as const },
    { N: 30, V: 9, C: 7, format: "bf16" as const },
    { N: 30, V: 9, C: 7, format: "f16" as const },
  ].map(embeddingCase),
  rows: (N) => embeddingCase({ N, V: 77, C: 20 }),
  windowed: { binding: 4096, bits: "close" },
};
