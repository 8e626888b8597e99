/** Cases of conversions: every kind of 16-bit number widened, numbers of all sizes narrowed, odd counts. */
import * as Elementary from "../../../data/elementary/mod.ts";
import type { HalfFormat } from "../../gpu/half_precision.ts";
import { floats, noise, type OpCase, type OpCases, words } from "../op_case.ts";
import { view } from "../../gpu/tensor.ts";
import { cast } from "./cast.ts";

interface Shape {
  readonly n: number;
  readonly format: HalfFormat;
}

const bf16 = (bits: number): number => new Float32Array(Uint32Array.of(bits << 16).buffer)[0];

const f16 = (bits: number): number => {
  const sign = bits >> 15 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  return sign * (exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * Elementary.pow(2, exponent - 15));
};

// Normal numbers of both formats; without float16's subnormals, infinities and NaNs (exponent 31).
const numbers = (n: number): number[] =>
  Array.from(noise("halves", n), (x) => {
    const bits = Math.floor((x + 1) / 2 * 0x10000);
    const exponent = (bits >> 10) & 31;
    return exponent === 31 || exponent === 0 ? bits ^ 0x4000 : bits;
  });

const widening = ({ n, format }: Shape): OpCase => {
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
      cast(tape.encoder, view(words.storage, 1, n, 0, n, format), out);
      tape.record([out], [], () => {});
      return { out };
    },
    reference: () => ({ out: Float64Array.from(halves, format === "f16" ? f16 : bf16) }),
  };
};

/** The format's number nearest to x, ties to even. */
const nearest = (x: number, format: HalfFormat): number => {
  const [digits, least] = format === "f16" ? [10, -14] : [7, -126];
  const step = Elementary.pow(2, Math.max(Math.floor(Elementary.log2(Math.abs(x))), least) - digits);
  const down = Math.floor(x / step);
  const over = x / step - down;
  return step * (over > 0.5 || (over === 0.5 && down % 2 !== 0) ? down + 1 : down);
};

const narrowing = ({ n, format }: Shape): OpCase => ({
  name: `${n} to ${format}`,
  operands: { numbers: floats("numbers", 1, n, { role: "constant" }) },
  run: (tape, { numbers }) => {
    const out = tape.encoder.tensor(1, n, { format });
    cast(tape.encoder, numbers, out);
    tape.record([out], [], () => {});
    return { out };
  },
  reference: ({ numbers }) => ({ out: numbers.map((x) => nearest(x, format)) }),
});

export const castCases: OpCases = {
  name: "cast",
  cases: [
    widening({ n: 1, format: "bf16" }),
    widening({ n: 2001, format: "bf16" }),
    widening({ n: 2002, format: "f16" }),
    narrowing({ n: 2001, format: "bf16" }),
    narrowing({ n: 2002, format: "f16" }),
  ],
};
