/** What WGSL means by statements, functions, structs, arrays and constants. */
import { bits, type Meaning } from "./meaning.ts";

const f = Math.fround;

/** All of them. */
export const statementMeanings: ReadonlyArray<Meaning> = [
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
      0x80000000,
      0xffffffff,
      1002,
      10,
      3,
      1,
    ],
  },
];
