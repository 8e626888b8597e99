/** What WGSL means, as bodies of kernels and the words that they must leave: for the compiler to WebAssembly and for the interpreter. */

/** The bits of a float32. */
export const bits = (x: number): number => new Uint32Array(Float32Array.of(x).buffer)[0];

/** A body that reads `given` and writes `result`. */
export interface Meaning {
  readonly name: string;
  /** Declarations before `main`. */
  readonly before?: string;
  readonly given?: ReadonlyArray<number>;
  readonly body: string;
  readonly expected: ReadonlyArray<number>;
}

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
export const meanings: ReadonlyArray<Meaning> = [
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
    name: "structs are values: made, passed, returned, copied, with vectors in them",
    given: [4, 9],
    before: `struct Pair { score: f32, at: vec2u }
struct Inner { v: vec4f, n: u32 }
struct Outer { inner: Inner, pair: Pair }
fn moved(pair: Pair, by: u32) -> Pair { return Pair(pair.score + 1f, pair.at + vec2u(by)); }
fn swapped(pair: Pair) -> Pair { var other = pair; other.at.x = pair.at.y; other.at.y = pair.at.x; return other; }
fn either(outer: Outer, first: bool) -> Pair { if (first) { return outer.pair; } return moved(outer.pair, 100u); }
var<workgroup> kept: array<Outer, 2>;
`,
    body: `  var pair = Pair(1.5f, vec2u(given[0], given[1]));
  let before = pair; pair = swapped(moved(pair, 10u));
  result[0] = u32(pair.score * 2f); result[1] = pair.at.x; result[2] = pair.at.y; result[3] = before.at.x;
  var outer: Outer; outer.pair = pair; outer.inner.v.z = 3f; outer.inner.v.x += 2f; outer.inner.n = 7u;
  let v = outer.inner.v; result[4] = u32(v.x * 100f + v.y * 10f + v.z); result[5] = either(outer, true).at.x; result[6] = either(outer, false).at.y;
  kept[given[0] - 3u] = outer; kept[0] = kept[1]; kept[0].inner.v.y = 5f; kept[0].pair.at.y++;
  let copy = kept[0]; kept[0].inner.n = 1u; result[7] = u32(copy.inner.v.x * 100f + copy.inner.v.y * 10f + copy.inner.v.z); result[8] = copy.pair.at.y; result[9] = copy.inner.n;
  result[10] = kept[0].inner.n; result[11] = u32(kept[1].inner.v.y); pair = Pair(); result[12] = pair.at.x + u32(pair.score);`,
    expected: [5, 19, 14, 4, 203, 19, 114, 253, 15, 7, 1, 0, 0],
  },
  {
    name:
      "arrays within arrays, in a function and in workgroup memory, are where their indices say, and begin with zeros",
    given: [0, 1, 2, 3],
    before: `var<workgroup> grid: array<array<vec4u, 3>, 2>;
var<workgroup> table: array<array<array<u32, 2>, 3>, 4>;
fn sum(n: u32) -> u32 { var list: array<u32, 4>; for (var i = 0u; i <= n; i++) { list[i] += i + 1u; } return list[0] + list[1] + list[2] + list[3]; }
fn first(x: u32) -> u32 { var list: array<u32, 2>; list[0] = x; return list[0]; }
`,
    body: `  for (var i = 0u; i < 24u; i++) { table[i / 6u][i / 2u % 3u][i % 2u] = i * i; }
  result[0] = table[3][2][1]; result[1] = table[given[2]][given[1]][given[0]];
  for (var i = 0u; i < 6u; i++) { grid[i / 3u][i % 3u] = vec4u(i, i + 1u, i + 2u, i + 3u); }
  grid[1][given[2]].z *= 10u; grid[given[1]][0].w = 99u; let v = grid[1][2]; result[2] = v.x + v.y + v.z + v.w; result[3] = grid[1][0].w;
  var list: array<array<u32, 3>, 2>; list[given[1]][given[2]] = 8u; list[0][0] += list[1][2]; result[4] = list[0][0] * 100u + list[1][2] * 10u + list[1][1];
  result[5] = sum(3u) + sum(1u); result[6] = first(given[1]) * 10u + first(given[2]); var total = 0u;
  for (var i = 0u; i < 3u; i++) { var fresh: array<u32, 2>; fresh[1] += i; total += fresh[0] + fresh[1]; } result[7] = total;`,
    expected: [529, 196, 5 + 6 + 70 + 8, 99, 880, 13, 12, 3],
  },
  {
    name: "what && and || do not need is not looked at",
    given: [3, 1, 0],
    before: `var<workgroup> seen: array<u32, 1>;
fn looked(x: bool) -> bool { seen[0] += 1u; return x; }
`,
    body: `  let n = given[0];
  seen[0] = 0u; result[0] = u32(n < 3u && given[n] == 7u); result[1] = u32(n >= 3u || given[n] == 7u); result[2] = u32(n > 2u && given[n - 1u] == 0u);
  result[3] = u32(looked(n > 5u) && looked(true)); result[4] = seen[0]; result[5] = u32(looked(n < 5u) || looked(true)); result[6] = seen[0];
  result[7] = u32(looked(true) && looked(false) && looked(true)); result[8] = seen[0]; if (n > 5u && given[100000000u] == 1u) { result[9] = 1u; }
  for (var i = 0u; i < 10u && given[i] != 0u; i++) { result[9] += 10u; }`,
    expected: [0, 1, 1, 0, 1, 1, 2, 0, 4, 20],
  },
  {
    name: "break, continue and return leave what they stand in, also in functions that are called in loops",
    given: [10, 3],
    before: `fn found(limit: u32) -> vec2u {
  for (var i = 0u; i < 100u; i++) { if (i * i > limit) { return vec2u(i, i * i); } }
  return vec2u();
}
fn third(n: u32) -> u32 { if (n % 3u != 0u) { return 0u; } for (var k = 0u; ; k++) { if (k < 2u) { continue; } if (k * 3u >= n) { return k; } } return 9u; }
fn nothing(at: u32) { if (at > 4u) { return; } result[20u + at] = at * 7u; }
`,
    body: `  var sum = 0u;
  for (var i = 0u; i < given[0]; i++) { if (i % 2u == 1u) { continue; } for (var j = 0u; ; j++) { if (j > i) { break; } if (j == 1u) { continue; } sum += j; } }
  result[0] = sum; let pair = found(50u); result[1] = pair.x; result[2] = pair.y; result[3] = found(100000u).x;
  var total = 0u; for (var i = 0u; i < 20u; i++) { let t = third(i); if (t == 0u) { continue; } if (t > 5u) { break; } total = total * 10u + t; } result[4] = total;
  for (var i = 0u; i < 8u; i++) { nothing(i); }
  var k = 5u; for (; k > 2u;) { k--; } result[5] = k; for (var i = 0i; i > -3i; i -= 1i) { result[6] += 1u; }
  { let k = 100u; result[7] = k; { let k = 200u; result[8] = k; } } result[9] = k;
  for (var i = 0u; i < 0u; i++) { result[10] = 1u; } if (k == 2u) { if (sum == 66u) { result[11] = 1u; return; } } result[11] = 2u;`,
    expected: [66, 8, 64, 0, 222345, 2, 3, 100, 200, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 14, 21, 28],
  },
  {
    name: "a compound assignment finds its place once, and its right side may change what is there",
    given: [2, 5],
    before: `var<workgroup> count: array<u32, 2>;
fn next() -> u32 { count[0] += 1u; return count[0]; }
`,
    body: `  count[0] = 0u; result[next()] += 10u; result[next()] += 20u; result[0] = count[0];
  var v = vec4u(1u); v.z += next(); result[3] = v.z; var w = vec2f(1f, 2f); w.y *= 4f; w.x -= 3f; result[4] = u32(w.y - w.x);
  result[5] = 7u; result[5] += 1u; var list: array<u32, 3>; list[next() - 4u] |= 6u; list[0] <<= 2u; list[0] ^= 1u; list[0] %= 16u; result[6] = list[0];
  var x = 5i; x /= -2i; x >>= 1u; result[7] = u32(x); x++; x--; x *= x; result[8] = u32(x); var s = 200u; s >>= given[0]; s &= 0x33u; result[9] = s;`,
    expected: [2, 10, 20, 4, 10, 8, 9, -1 >>> 0, 1, 50 & 0x33],
  },
  {
    name: "bits are the same as another type, one by one and in vectors",
    given: [bits(1.5), most, bits(-2)],
    body:
      `  result[0] = u32(bitcast<f32>(given[0]) * 2f); result[1] = u32(bitcast<i32>(given[1]) + 2i); let v = bitcast<vec4f>(vec4u(given[0])); result[2] = u32(v.w * 4f);
  let w = bitcast<vec2i>(vec2f(bitcast<f32>(given[2]))); result[3] = u32(w.y); let u = bitcast<vec3u>(vec3i(-1i)); result[4] = u.z; result[5] = bitcast<u32>(1f);`,
    expected: [3, 1, 6, bits(-2), most, bits(1)],
  },
  {
    name: "constants are computed as WGSL says: exact without a type, wrapping, rounded after each step",
    before: `const WIDTH = 1 << 5;
const HALF = WIDTH / 2 + 1;
const F = 1.0 / 3.0;
const LARGE = 4000000000u + 500000000u;
const MINUS: i32 = -7;
const ROOT = vec4f(1f, 2f, 3f, 4f);
const isWide = WIDTH > 16 && HALF != 3;
alias Elem = f32;
fn scaled(x: Elem) -> Elem { return x * f32(WIDTH); }
`,
    body:
      `  result[0] = WIDTH; result[1] = HALF; result[2] = bitcast<u32>(f32(F)); result[3] = LARGE; result[4] = u32(MINUS / 2); result[5] = u32(MINUS % 3); result[6] = u32(MINUS >> 1u);
  result[7] = u32(scaled(1.5)); if (isWide) { result[8] = 1u; } else { result[8] = 2u; } result[9] = bitcast<u32>(0.1f + 0.2f); result[10] = bitcast<u32>(f32(0.1 + 0.2));
  var list: array<u32, HALF>; list[HALF - 1] = 6u; result[11] = list[16]; result[12] = u32(ROOT.z + ROOT.x); const local = 3u * 5u; result[13] = local; result[14] = 0xFFu + 0x1Fu;
  result[15] = u32(i32(-2147483648)); result[16] = u32(~0u); result[17] = u32(1e3f) + u32(.5f + 2.f); result[18] = u32(7 / 2) + u32(-7 / 2 + 10); result[19] = u32(u32(3.99f)); result[20] = select(1u, 2u, !isWide);`,
    expected: [
      32,
      17,
      bits(1 / 3),
      205032704,
      -3 >>> 0,
      -1 >>> 0,
      -4 >>> 0,
      48,
      1,
      bits(f(f(0.1) + f(0.2))),
      bits(0.1 + 0.2),
      6,
      4,
      15,
      286,
      low,
      most,
      1002,
      10,
      3,
      1,
    ],
  },
];

/** What the compiler to WebAssembly alone does so: one of several ways that WGSL allows, the same on every machine. */
export const choices: ReadonlyArray<Meaning> = [
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
