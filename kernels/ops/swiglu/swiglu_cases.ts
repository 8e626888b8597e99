/** Cases of SwiGLU: aligned and odd widths, large and small gates. */
import * as Elementary from "../../../data/elementary/mod.ts";
import type { HalfFormat } from "../../gpu/half_precision.ts";
import { floats, kept, type OpCase, type OpCases } from "../op_case.ts";
import { float16Scale, swiglu } from "./swiglu.ts";

interface Shape {
  readonly N: number;
  readonly F: number;
  readonly spread?: number;
  /** How input and result are stored. */
  readonly activations?: HalfFormat;
}

const swigluCase = ({ N, F, spread = 4, activations }: Shape): OpCase => ({
  name: `${N}x${F} up to ${spread}${activations ? ` ${activations}` : ""}`,
  operands: { gateUp: floats("gateUp", N, 2 * F, { spread, format: activations }) },
  run: (tape, { gateUp }) => ({ y: swiglu(tape, gateUp, activations) }),
  reference: ({ gateUp }, round) => ({
    y: Float64Array.from({ length: N * F }, (_, i) => {
      const at = Math.floor(i / F) * 2 * F + i % F;
      const keep = kept(round, activations, activations === "f16" ? float16Scale : undefined);
      return keep(round(gateUp[at] / round(1 + round(Elementary.exp(-gateUp[at])))) * gateUp[at + F]);
    }),
  }),
  vjp: ({ gateUp }, { y: dy }, round) => {
    const gradient = new Float64Array(N * 2 * F);
    for (let i = 0; i < N * F; i++) {
      const at = Math.floor(i / F) * 2 * F + i % F;
      const [gate, up] = [gateUp[at], gateUp[at + F]];
      const sigmoid = round(1 / round(1 + round(Elementary.exp(-gate))));
      const slope = round(sigmoid * round(1 + round(gate * round(1 - sigmoid))));
      gradient[at] = round(round(dy[i] * up) * slope);
      gradient[at + F] = round(round(dy[i] * gate) * sigmoid);
    }
    return { gateUp: gradient };
  },
});

export const swigluCases: OpCases = {
  name: "swiglu",
  cases: [
    { N: 1, F: 64 },
    { N: 37, F: 128 },
    { N: 9, F: 7 },
    { N: 70, F: 20, spread: 30 },
    { N: 3, F: 4, spread: 120 },
    // Products of up to 10^6, which float16 holds only when scaled.
    { N: 37, F: 20, spread: 1000, activations: "f16" as const },
    { N: 37, F: 20, spread: 30, activations: "bf16" as const },
  ].map(swigluCase),
  rows: (N) => swigluCase({ N, F: 20 }),
  windowed: { binding: 4096, bits: "equal" },
};
