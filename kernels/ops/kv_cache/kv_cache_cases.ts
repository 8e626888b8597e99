/** Cases of cache writes: rows out of order, widths with and without vec4 loads; other rows must not change. */
import type { HalfFormat } from "../../gpu/half_precision.ts";
import { floats, indices, kept, type OpCase, type OpCases, words } from "../op_case.ts";
import { writeCache } from "./kv_cache.ts";

interface Shape {
  readonly N: number;
  readonly H: number;
  readonly D: number;
  readonly S: number;
  /** How all four are stored. */
  readonly activations?: HalfFormat;
}

const positionsMost = 50;

const writeCase = ({ N, H, D, S, activations }: Shape): OpCase => {
  const slots = words(Array.from({ length: N }, (_, n) => (n * 7 + 3) % S));
  const positions = indices("positions", N, positionsMost);
  const C = H * D;
  const constant = { role: "constant" } as const;
  const stored = { ...constant, format: activations };
  return {
    name: `${N} rows of ${H}x${D} into ${S}${activations ? ` ${activations}` : ""}`,
    operands: {
      k: floats("k", N, C, stored),
      v: floats("v", N, C, stored),
      table: floats("table", positionsMost, D, constant),
      keys: floats("keys", S, C, stored),
      values: floats("values", S, C, stored),
      positions,
      slots,
    },
    run: ({ encoder }, { k, v, table, keys, values, positions, slots }) => {
      writeCache(encoder, k, v, positions, table, { keys, values, slots });
      return { keys, values };
    },
    reference: ({ k, v, table, keys: keysBefore, values: valuesBefore }, round) => {
      const keep = kept(round, activations);
      const [keys, values] = [Float64Array.from(keysBefore), Float64Array.from(valuesBefore)];
      slots.data.forEach((slot, n) => {
        values.set(v.subarray(n * C, (n + 1) * C), slot * C);
        for (let column = 0; column < C; column++) {
          const i = column % D;
          if (i >= D / 2) continue;
          const [cosine, sine] = [table[positions.data[n] * D + i], table[positions.data[n] * D + D / 2 + i]];
          const [first, second] = [k[n * C + column], k[n * C + column + D / 2]];
          keys[slot * C + column] = keep(round(first * cosine) - round(second * sine));
          keys[slot * C + column + D / 2] = keep(round(second * cosine) + round(first * sine));
        }
      });
      return { keys, values };
    },
  };
};

export const kvCacheCases: OpCases = {
  name: "kv_cache",
  cases: [{ N: 1, H: 2, D: 16, S: 5 }, { N: 20, H: 4, D: 8, S: 29 }, { N: 5, H: 3, D: 6, S: 9 }, {
    N: 20,
    H: 4,
    D: 8,
    S: 29,
    activations: "f16" as const,
  }, { N: 3, H: 2, D: 16, S: 9, activations: "bf16" as const }].map(writeCase),
};
