/** Widenings that are checked: every kind of 16-bit number, odd counts. */
import { noise, type OpCase, type OpCases, words } from "../../op_case.ts";
import { cast } from "./cast.ts";

const bf16 = (bits: number): number => new Float32Array(Uint32Array.of(bits << 16).buffer)[0];

const f16 = (bits: number): number => {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15));
};

// Normal numbers of both formats; float16's infinities and NaNs (exponent 31) and subnormals are left out.
const numbers = (n: number): number[] =>
  Array.from(noise("halves", n), (x) => {
    const bits = Math.floor((x + 1) / 2 * 0x10000);
    const exponent = (bits >> 10) & 31;
    return exponent === 31 || exponent === 0 ? bits ^ 0x4000 : bits;
  });

const castCase = ({ n, format }: { readonly n: number; readonly format: "bf16" | "f16" }): OpCase => {
  const halves = numbers(n);
  const packed = Array.from(
    { length: Math.ceil(n / 2) },
    (_, i) => (halves[2 * i] | ((halves[2 * i + 1] ?? 0) << 16)) >>> 0,
  );
  return {
    name: `${n} ${format}`,
    operands: { words: words(packed) },
    run: (tape, { words }) => {
      const out = tape.encoder.tensor(1, n);
      cast(tape.encoder, words, out, format);
      tape.record([out], [], () => {});
      return { out };
    },
    reference: () => ({ out: Float64Array.from(halves, format === "f16" ? f16 : bf16) }),
  };
};

/** Cases of the widening. */
export const castCases: OpCases = {
  name: "cast",
  cases: [
    castCase({ n: 1, format: "bf16" }),
    castCase({ n: 2001, format: "bf16" }),
    castCase({ n: 2002, format: "f16" }),
  ],
};
