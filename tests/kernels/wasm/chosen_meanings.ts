/** Where WGSL leaves a choice: what the compiler to WebAssembly makes of it on every machine. */
import { bits, type Meaning } from "./meaning.ts";

const f = Math.fround;

/** All of them. */
export const chosenMeanings: ReadonlyArray<Meaning> = [
  {
    name: "fma is a multiplication, then an addition",
    given: [bits(0.1), bits(1 + 2 ** -20)],
    body: `  let x = bitcast<f32>(given[0]); let y = bitcast<f32>(given[1]);
  result[0] = bitcast<u32>(fma(x, x, x)); result[1] = bitcast<u32>(fma(y, y, -1f)); result[2] = bitcast<u32>(fma(vec4f(x), vec4f(x), vec4f(y)).w);
  result[3] = bitcast<u32>(fma(vec2f(x), vec2f(y), vec2f(x)).y); result[4] = bitcast<u32>(inverseSqrt(x)); result[5] = bitcast<u32>(inverseSqrt(vec4f(y)).z);`,
    expected: [
      bits(f(f(0.1) * f(0.1)) + f(0.1)),
      bits(f(f(1 + 2 ** -20) ** 2) - 1),
      bits(f(f(0.1) * f(0.1)) + (1 + 2 ** -20)),
      bits(f(f(0.1) * f(1 + 2 ** -20)) + f(0.1)),
      bits(1 / f(Math.sqrt(f(0.1)))),
      bits(1 / f(Math.sqrt(1 + 2 ** -20))),
    ],
  },
  {
    name: "of a number and NaN min and max are the first, and of zeros too",
    given: [bits(NaN), bits(1), bits(0), bits(-0)],
    body:
      `  let nan = bitcast<f32>(given[0]); let one = bitcast<f32>(given[1]); let zero = bitcast<f32>(given[2]); let minus = bitcast<f32>(given[3]);
  result[0] = bitcast<u32>(min(one, nan)); result[1] = bitcast<u32>(max(one, nan)); result[2] = u32(min(nan, one) != nan) + 2u * u32(max(nan, one) == one);
  result[3] = bitcast<u32>(min(zero, minus)); result[4] = bitcast<u32>(max(minus, zero)); result[5] = bitcast<u32>(max(vec4f(one), vec4f(nan)).y);
  result[6] = bitcast<u32>(clamp(one, nan, nan));`,
    expected: [bits(1), bits(1), 1, bits(0), bits(-0), bits(1), bits(1)],
  },
  {
    name: "what a compound assignment finds is read before its right side is computed",
    before: "fn raised() -> u32 { result[0] += 100u; return 1u; }\n",
    body: "  result[0] = 7u; result[0] += raised();",
    expected: [8],
  },
];
