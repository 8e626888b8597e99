/** Cache writes that are checked: rows that land out of order, aligned and odd widths; other rows stay as they are. */
import { floats, type OpCase, type OpCases, words } from "../../op_case.ts";
import { writeCache } from "./kv_cache.ts";

const writeCase = ({ N, C, S }: { readonly N: number; readonly C: number; readonly S: number }): OpCase => {
  const slots = words(Array.from({ length: N }, (_, n) => (n * 7 + 3) % S));
  return {
    name: `${N} rows of ${C} into ${S}`,
    operands: {
      row: floats("row", N, C, { role: "constant" }),
      cache: floats("cache", S, C, { role: "constant" }),
      slots,
    },
    run: ({ encoder }, { row, slots, cache }) => {
      writeCache(encoder, row, slots, cache);
      return { cache };
    },
    reference: ({ row, cache }) => {
      const after = Float64Array.from(cache);
      slots.data.forEach((slot, n) => after.set(row.subarray(n * C, (n + 1) * C), slot * C));
      return { cache: after };
    },
  };
};

/** Cases of the cache write. */
export const kvCacheCases: OpCases = {
  name: "kv_cache",
  cases: [{ N: 1, C: 32, S: 5 }, { N: 20, C: 32, S: 29 }, { N: 5, C: 7, S: 9 }].map(writeCase),
};
