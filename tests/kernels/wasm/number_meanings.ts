/** What WGSL means by operators and functions of numbers, vectors and booleans, and by the letters of vectors. */
import { bits, type Meaning } from "./meaning.ts";

const low = 0x80000000;
const most = 0xffffffff;
const f = Math.fround;

/** Whole numbers of every kind of division and shift, as one number, as vectors of two and three, as a vector of four. */
const integers = (type: "u32" | "i32"): ReadonlyArray<Meaning> => {
  const values = [7, 0, most, low, 33, 0x7fffffff, 5, 31];
  const wrap = type === "u32" ? (x: number) => x >>> 0 : (x: number) => x | 0;
  const operators: Readonly<Record<string, (a: number, b: number) => number>> = {
    "+": (a, b) => a + b,
    "-": (a, b) => a - b,
    "*": Math.imul,
    "/": (a, b) => b === 0 ? a : Math.trunc(a / b),
    "%": (a, b) => b === 0 ? 0 : a % b,
    "&": (a, b) => a & b,
    "|": (a, b) => a | b,
    "^": (a, b) => a ^ b,
    "<<": (a, b) => a << (b & 31),
    ">>": (a, b) => type === "u32" ? a >>> (b & 31) : a >> (b & 31),
  };
  return Object.entries(operators).map(([operator, of]): Meaning => {
    const isShift = operator === "<<" || operator === ">>";
    const expected = values.flatMap((a) => values.map((b) => of(wrap(a), isShift ? b : wrap(b)) >>> 0));
    const right = isShift ? "u32" : type;
    const read = (width: number) => `
  for (var i = 0u; i < 8u; i++) { for (var j = 0u; j < 8u; j++) {
    let at = ${width > 0 ? `i * 8u + j / ${width}u * ${width}u` : "0u"};
    ${
      width === 0
        ? `result[i * 8u + j] = u32(${type}(given[i]) ${operator} ${right}(given[j]));`
        : `if (j % ${width}u == 0u) {
      let a = vec${width}<${type}>(${type}(given[i]));
      let b = vec${width}<${right}>(${
          Array.from({ length: width }, (_, k) => `${right}(given[min(7u, j + ${k}u)])`).join(", ")
        });
      let c = vec${width}<u32>(a ${operator} b);
      ${
          Array.from({ length: width }, (_, k) =>
            `if (j + ${k}u < 8u) { result[64u * ${width}u + at + ${k}u] = c[${k}]; }`).join(" ")
        }
    }`
    }
  } }`;
    const widths = [0, 2, 3, 4];
    // Rows lie at 64 times the width; what lies between stays zero.
    const all = new Array(320).fill(0);
    for (const width of widths) expected.forEach((x, i) => all[64 * width + i] = x);
    return {
      name: `${type} ${operator} ${type}, as numbers and vectors`,
      given: values,
      body: widths.map(read).join("\n"),
      expected: all,
    };
  });
};

/** Every pattern of letters that a vector of this size takes. */
const patterns = (size: number, letters: string): ReadonlyArray<string> => {
  const each = [...letters.slice(0, size)];
  let longer = [""];
  const all: string[] = [];
  for (let length = 1; length <= 4; length++) {
    longer = longer.flatMap((start) => each.map((letter) => start + letter));
    all.push(...longer);
  }
  return all;
};

const swizzles = [2, 3, 4].flatMap((size) =>
  (["xyzw", "rgba"] as const).flatMap((letters) =>
    (["u", "f"] as const).map((type): Meaning => {
      const all = patterns(size, letters);
      const sum = (pattern: string) => [...pattern].reduce((n, letter) => 10 * n + 1 + letters.indexOf(letter), 0);
      const line = (pattern: string, i: number) => {
        if (pattern.length === 1) return `result[${i}] = u32(v.${pattern});`;
        const parts = [..."xyzw".slice(0, pattern.length)].map((letter, k, { length }) =>
          `u32(v.${pattern}.${letter}) * ${10 ** (length - 1 - k)}u`
        );
        return `{ let w = v.${pattern}; result[${i}] = select(0u, ${parts.join(" + ")}, all(w == v.${pattern})); }`;
      };
      return {
        name: `every pattern of ${letters.slice(0, size)} of vec${size}${type}`,
        given: [1, 2, 3, 4],
        body: `  let v = vec${size}${type}(${
          Array.from({ length: size }, (_, i) => `${type}32(given[${i}])`).join(", ")
        });\n${all.map(line).join("\n")}`,
        expected: all.map(sum),
      };
    })
  )
);

const conversions: ReadonlyArray<number> = [
  0,
  -0,
  0.5,
  -0.5,
  -0.99,
  1.5,
  -1.5,
  2147483520,
  2147483648,
  4294967040,
  4294967296,
  -2147483648,
  -2147483904,
  1e30,
  -1e30,
  Infinity,
  -Infinity,
  NaN,
];
const toUnsigned = (x: number) => x > 0 ? Math.min(Math.trunc(x), most) : 0;
const toSigned = (x: number) => Number.isNaN(x) ? 0 : Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, Math.trunc(x))) >>> 0;

/** All of them. */
export const numberMeanings: ReadonlyArray<Meaning> = [
  ...integers("u32"),
  ...integers("i32"),
  ...swizzles,
  {
    name: "floats become whole numbers towards zero, within the range, NaN becomes 0",
    given: conversions.map(bits),
    body: `  for (var i = 0u; i < 18u; i++) {
    let x = bitcast<f32>(given[i]);
    result[i] = u32(x); result[18u + i] = u32(i32(x));
    let y = vec4u(vec4f(x, 1f, x, 2f)); result[36u + i] = y.x; result[54u + i] = u32(vec4i(vec4f(1f, x, 1f, 1f)).y);
    result[72u + i] = vec2u(vec2f(x)).y; result[90u + i] = u32(vec3i(vec3f(x)).z);
  }`,
    expected: [toUnsigned, toSigned, toUnsigned, toSigned, toUnsigned, toSigned].flatMap((to) =>
      conversions.map((x) => to(f(x)))
    ),
  },
  {
    name: "whole numbers become the nearest floats, ties to even",
    given: [0, 1, 16777217, 16777219, most, low, 0x7fffffff, 0xffffff7f],
    body: `  for (var i = 0u; i < 8u; i++) {
    let n = given[i];
    result[i] = bitcast<u32>(f32(n)); result[8u + i] = bitcast<u32>(f32(bitcast<i32>(n)));
    result[16u + i] = bitcast<u32>(vec4f(vec4u(n)).w); result[24u + i] = bitcast<u32>(vec3f(vec3i(bitcast<i32>(n))).y);
  }`,
    expected: [0, 1].flatMap(() => [
      ...[0, 1, 16777217, 16777219, most, low, 0x7fffffff, 0xffffff7f].map((n) => bits(f(n))),
      ...[0, 1, 16777217, 16777219, most, low, 0x7fffffff, 0xffffff7f].map((n) => bits(f(n | 0))),
    ]),
  },
  {
    name: "smallest, largest, bounded, absolute and chosen ones, of one, two, three and four",
    given: [bits(2.5), bits(-1.5), bits(0.25), 3, -4 >>> 0, 9],
    body: `  let x = bitcast<f32>(given[0]); let y = bitcast<f32>(given[1]); let z = bitcast<f32>(given[2]);
  let a = i32(given[3]); let b = i32(given[4]); let c = i32(given[5]);
  result[0] = bitcast<u32>(min(x, y)); result[1] = bitcast<u32>(max(x, y)); result[2] = bitcast<u32>(clamp(x, y, z)); result[3] = bitcast<u32>(abs(y));
  result[4] = u32(min(a, b)); result[5] = u32(max(a, b)); result[6] = u32(clamp(c, b, a)); result[7] = u32(abs(b));
  result[8] = min(given[3], given[4]); result[9] = max(given[3], given[4]); result[10] = clamp(given[5], given[3], given[4]); result[11] = abs(given[4]);
  let p = min(vec2f(x, y), vec2f(y, z)); result[12] = bitcast<u32>(p.x); result[13] = bitcast<u32>(p.y);
  let q = max(vec3i(a, b, c), vec3i(b, a, a)); result[14] = u32(q.x); result[15] = u32(q.y); result[16] = u32(q.z);
  let r = clamp(vec4u(given[3], given[4], given[5], 1u), vec4u(4u), vec4u(8u)); result[17] = r.x; result[18] = r.y; result[19] = r.z; result[20] = r.w;
  let s = abs(vec4f(x, y, z, -z)); result[21] = bitcast<u32>(s.y); result[22] = bitcast<u32>(s.w);
  let t = abs(vec2i(a, b)); result[23] = u32(t.y); let u = abs(vec4i(b)); result[24] = u32(u.z);
  let v = select(vec3f(x), vec3f(y), vec3<bool>(true, a > c, b < a)); result[25] = bitcast<u32>(v.x); result[26] = bitcast<u32>(v.y); result[27] = bitcast<u32>(v.z);
  let w = select(vec4i(a), vec4i(b), vec4f(x, y, z, z) > vec4f(z)); result[28] = u32(w.x); result[29] = u32(w.y);
  result[30] = select(1u, 2u, a < b); result[31] = u32(select(vec2i(a), vec2i(b), c > a).y);`,
    expected: [
      bits(-1.5),
      bits(2.5),
      bits(0.25),
      bits(1.5),
      -4 >>> 0,
      3,
      3,
      4,
      3,
      -4 >>> 0,
      9,
      -4 >>> 0,
      bits(-1.5),
      bits(-1.5),
      3,
      3,
      9,
      4,
      8,
      8,
      4,
      bits(1.5),
      bits(0.25),
      4,
      4,
      bits(-1.5),
      bits(2.5),
      bits(-1.5),
      -4 >>> 0,
      3,
      1,
      -4 >>> 0,
    ],
  },
  {
    name: "floats are added, multiplied, divided and rooted with one rounding each",
    given: [bits(0.1), bits(3), bits(-0.7), bits(1e-40), bits(3e38)],
    body:
      `  let x = bitcast<f32>(given[0]); let y = bitcast<f32>(given[1]); let z = bitcast<f32>(given[2]); let tiny = bitcast<f32>(given[3]);
  let large = bitcast<f32>(given[4]);
  result[0] = bitcast<u32>(x * x + x); result[1] = bitcast<u32>(x / y); result[2] = bitcast<u32>(sqrt(x)); result[3] = bitcast<u32>(tiny * 0.5f);
  result[4] = bitcast<u32>(large * y); result[5] = bitcast<u32>(1f / (x - x)); result[6] = bitcast<u32>(-(x - x)); result[7] = bitcast<u32>(z - x);
  let v = vec4f(x, y, z, tiny) * 3f; result[8] = bitcast<u32>(v.x); result[9] = bitcast<u32>(v.w); let w = 1f / vec3f(x, y, z); result[10] = bitcast<u32>(w.z);
  result[11] = bitcast<u32>(dot(vec3f(x, y, z), vec3f(z, x, y))); result[12] = bitcast<u32>(dot(vec4f(x), vec4f(y, z, x, 1f)));
  result[13] = bitcast<u32>(floor(z)); result[14] = bitcast<u32>(ceil(x)); result[15] = bitcast<u32>(trunc(z - 1f)); result[16] = bitcast<u32>(round(y - 0.5f));
  result[17] = bitcast<u32>(round(y + 0.5f)); result[18] = bitcast<u32>(floor(vec4f(z)).w); result[19] = bitcast<u32>((vec2f(x, z) % vec2f(y, 0.5f)).y);`,
    expected: [
      bits(f(f(0.1) * f(0.1)) + f(0.1)),
      bits(f(0.1) / 3),
      bits(Math.sqrt(f(0.1))),
      bits(f(1e-40) * 0.5),
      bits(Infinity),
      bits(Infinity),
      bits(-0),
      bits(f(-0.7) - f(0.1)),
      bits(f(0.1) * 3),
      bits(f(1e-40) * 3),
      bits(1 / f(-0.7)),
      bits(f(f(f(0.1) * f(-0.7)) + f(3 * f(0.1))) + f(f(-0.7) * 3)),
      bits(f(f(f(f(0.1) * 3) + f(f(0.1) * f(-0.7))) + f(f(0.1) * f(0.1))) + f(0.1)),
      bits(-1),
      bits(1),
      bits(-1),
      bits(2),
      bits(4),
      bits(-1),
      bits(f(f(-0.7) + 0.5)),
    ],
  },
  {
    name: "comparisons with NaN are false but for !=, and zeros are equal",
    given: [bits(NaN), bits(0), bits(-0), bits(1)],
    body:
      `  let nan = bitcast<f32>(given[0]); let zero = bitcast<f32>(given[1]); let minus = bitcast<f32>(given[2]); let one = bitcast<f32>(given[3]);
  result[0] = u32(nan == nan); result[1] = u32(nan != nan); result[2] = u32(nan < one); result[3] = u32(nan >= one); result[4] = u32(!(nan < one));
  result[5] = u32(zero == minus); result[6] = u32(zero < minus); result[7] = u32(all(vec4f(zero) == vec4f(minus))); result[8] = u32(any(vec2f(nan, one) == vec2f(nan, nan)));
  result[9] = u32(any(vec3f(nan, one, nan) <= vec3f(one))); result[10] = u32(all(vec4f(nan, one, one, one) > vec4f(zero)));`,
    expected: [0, 1, 0, 0, 1, 1, 0, 1, 0, 1, 0],
  },
  {
    name: "booleans are one or zero, also as elements of vectors of any size",
    given: [1, 2, 3],
    body: `  let a = given[0]; let b = given[1];
  let four = vec4u(a, b, a, b) < vec4u(b, a, b, a); let three = vec3u(a, b, a) < vec3u(b, a, b);
  result[0] = u32(four.x); result[1] = u32(four.y); result[2] = u32(four.x == three.x); result[3] = u32(f32(four.z)); result[4] = u32(three.z);
  let made = vec4<bool>(a < b, true, four.x, a > b); let picked = select(vec4u(10u), vec4u(20u), made);
  result[5] = picked.x; result[6] = picked.y; result[7] = picked.z; result[8] = picked.w; result[9] = u32(all(vec4<bool>(true))); result[10] = u32(any(vec4<bool>(a > b)));
  result[11] = u32(all(!made)); result[12] = u32(any(made & vec4<bool>(false, false, false, true))); result[13] = u32(made.x != made.y); result[14] = u32(all(made | vec4<bool>(true)));
  result[15] = u32((a < b) == made.z); result[16] = u32(i32(made.y) + 5i); result[17] = u32(bool(a)) + u32(bool(given[1] - 2u)) * 10u; result[18] = u32(all(made == made));`,
    expected: [1, 0, 1, 1, 1, 20, 20, 20, 10, 1, 0, 0, 0, 0, 1, 1, 6, 1, 1],
  },
  {
    name: "bits are the same as another type, one by one and in vectors",
    given: [bits(1.5), most, bits(-2)],
    body:
      `  result[0] = u32(bitcast<f32>(given[0]) * 2f); result[1] = u32(bitcast<i32>(given[1]) + 2i); let v = bitcast<vec4f>(vec4u(given[0])); result[2] = u32(v.w * 4f);
  let w = bitcast<vec2i>(vec2f(bitcast<f32>(given[2]))); result[3] = u32(w.y); let u = bitcast<vec3u>(vec3i(-1i)); result[4] = u.z; result[5] = bitcast<u32>(1f);`,
    expected: [3, 1, 6, bits(-2), most, bits(1)],
  },
];
