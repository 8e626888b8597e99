/** What generated code computes: the definitions of WGSL where JavaScript has others, control flow, memory, subgroups and matrices. */
import * as Effect from "effect/Effect";
import assert from "node:assert/strict";
import { noise } from "../../../../kernels/ops/op_case.ts";
import { bindings, runText, type TextOptions } from "./on_card.ts";

const bits = (x: number): number => new Uint32Array(Float32Array.of(x).buffer)[0];

interface Tried extends TextOptions {
  readonly name: string;
  /** Declarations before `main`. */
  readonly before?: string;
  readonly body: string;
  readonly size?: number;
  readonly expected: ReadonlyArray<number>;
}

const tried: ReadonlyArray<Tried> = [
  {
    name: "whole numbers wrap, and a division by zero is defined",
    given: [7, 0, 0xffffffff, 0x80000000, 33],
    body:
      `let a = given[0]; let zero = given[1]; let most = given[2]; let low = bitcast<i32>(given[3]); let minus = bitcast<i32>(most);
  result[0] = most * most; result[1] = zero - 1u; result[2] = a / zero; result[3] = a % zero; result[4] = most / 2u;
  result[5] = u32(low / minus); result[6] = u32(low % minus); result[7] = u32(-low); result[8] = u32(abs(low));
  result[9] = 1u << given[4]; result[10] = u32(low >> given[4]); result[11] = given[3] >> given[4]; result[12] = u32(i32(a) * minus);
  result[13] = ~a; result[14] = most % a; result[15] = u32(i32(a) / -2); result[16] = u32(i32(a) % -2); result[17] = (most ^ a) & 0xffu | 0x100u;`,
    expected: [
      1,
      0xffffffff,
      7,
      0,
      0x7fffffff,
      0x80000000,
      0,
      0x80000000,
      0x80000000,
      2,
      0xc0000000,
      0x40000000,
      0xfffffff9,
      0xfffffff8,
      0xffffffff % 7,
      0xfffffffd,
      1,
      0x1f8,
    ],
  },
  {
    name: "floats round after every step, convert to the nearest whole number towards zero and within range",
    given: [bits(0.1), bits(3e9), bits(-1.5), bits(NaN), bits(2.5), bits(16777217), 5],
    body:
      `let x = bitcast<f32>(given[0]); let large = bitcast<f32>(given[1]); let y = bitcast<f32>(given[2]); let nan = bitcast<f32>(given[3]);
  let half = bitcast<f32>(given[4]);
  result[0] = bitcast<u32>(x * x + x); result[1] = bitcast<u32>(fma(x, x, x)); result[2] = u32(large); result[3] = u32(i32(large));
  result[4] = u32(y); result[5] = u32(i32(y)); result[6] = u32(nan); result[7] = bitcast<u32>(round(half)); result[8] = bitcast<u32>(round(-y));
  result[9] = bitcast<u32>(max(nan, x)); result[10] = bitcast<u32>(min(x, nan)); result[11] = bitcast<u32>(clamp(large, y, half));
  result[12] = bitcast<u32>(ldexp(x, -3)); result[13] = bitcast<u32>(ldexp(x, 200)); result[14] = bitcast<u32>(-x); result[15] = bitcast<u32>(-(x - x));
  result[16] = bitcast<u32>(f32(given[6] > 4u)); result[17] = bitcast<u32>(f32(0xffffffffu)); result[18] = bitcast<u32>(y % 1f);
  result[19] = pack2x16float(vec2f(x, 70000f)); result[20] = bitcast<u32>(unpack2x16float(0x3c00c000u).x); result[21] = bitcast<u32>(exp(half));
  result[22] = bitcast<u32>(1f / (x - x)); result[23] = bitcast<u32>(log(half)); result[24] = bitcast<u32>(inverseSqrt(half));`,
    expected: [
      bits(Math.fround(Math.fround(Math.fround(0.1) * Math.fround(0.1)) + Math.fround(0.1))),
      bits(Math.fround(Math.fround(0.1) * Math.fround(0.1) + Math.fround(0.1))),
      3e9,
      0x7fffffff,
      0,
      0xffffffff,
      0,
      bits(2),
      bits(2),
      bits(0.1),
      bits(0.1),
      bits(2.5),
      bits(Math.fround(0.1) / 8),
      bits(Infinity),
      bits(-0.1),
      bits(-0),
      bits(1),
      bits(2 ** 32),
      bits(-0.5),
      0x7c002e66,
      bits(-2),
      bits(Math.exp(2.5)),
      bits(Infinity),
      bits(Math.log(2.5)),
      bits(1 / Math.sqrt(2.5)),
    ],
  },
  {
    name: "loops, jumps, functions and names that hide others",
    before: `fn found(limit: u32) -> vec2u {
  for (var i = 0u; i < 100u; i++) { if (i * i > limit) { return vec2u(i, i * i); } }
  return vec2u();
}
fn isSmall(x: u32) -> bool { if (x < 4u) { return true; } return false; }
fn twice(x: u32) -> u32 { var sum = x; sum += x; return sum; }`,
    body: `var sum = 0u;
  for (var i = 0u; i < 10u; i++) {
    if (i % 2u == 1u) { continue; }
    for (var j = 0u; ; j++) { if (j > i) { break; } if (j == 1u) { continue; } sum += j; }
    let sum = 1000u;
    result[1] = sum + i;
  }
  result[0] = sum;
  let pair = found(50u); result[2] = pair.x; result[3] = pair.y;
  var x = 3u; result[4] = twice(x) + twice(twice(x)); x = x + twice(x); result[5] = x;
  result[6] = select(0u, 1u, isSmall(x) || isSmall(3u));
  var i = 5u; { let i = 7u; result[7] = i; } result[8] = i;
  for (; i > 2u;) { i--; } result[9] = i;`,
    expected: [66, 1008, 8, 64, 18, 9, 1, 7, 5, 2],
  },
  {
    name: "vectors, structs, arrays and what is assigned to a part of them",
    given: [2, 9],
    before: `struct Pair { score: f32, at: vec2u }
var<workgroup> pairs: array<Pair, 3>;
var<workgroup> isSet: array<bool, 2>;`,
    body: `var v = vec4u(1u, 2u, 3u, 4u); v = v.wzyx; result[0] = v.x * 1000u + v.y * 100u + v.z * 10u + v.w;
  v.y = 7u; v.z += 1u; result[1] = v.y * 10u + v.z; let w = v.xxy + vec3u(1u); result[2] = w.x * 100u + w.y * 10u + w.z;
  var list: array<array<u32, 3>, 2>; for (var i = 0u; i < 6u; i++) { list[i / 3u][i % 3u] = i; } list[1][given[0]] *= 10u; result[3] = list[1][2] + list[0][1];
  pairs[given[0]] = Pair(1.5f, vec2u(4u, 5u)); pairs[2].at.y = 6u; let pair = pairs[2]; result[4] = u32(pair.score * 2f) * 100u + pair.at.x * 10u + pair.at.y;
  isSet[0] = true; isSet[1] = given[0] > 5u; result[5] = select(10u, 20u, isSet[0]) + select(1u, 2u, isSet[1]);
  let chosen = select(vec2u(1u, 2u), vec2u(3u, 4u), vec2u(given[0], 1u) > vec2u(1u)); result[6] = chosen.x * 10u + chosen.y;
  result[7] = select(0u, 1u, any(vec2u(1u) == vec2u(given[0], 1u))) + select(0u, 2u, all(vec2u(1u) == vec2u(given[0], 1u)));
  let f = vec3f(1f, 2f, 3f) * 2f; result[8] = u32(dot(f, vec3f(1f))); let table = array<u32, 3>(5u, 6u, 7u); result[9] = table[given[0]];
  var copy = list; copy[0][0] = 99u; result[10] = list[0][0] + copy[0][0];
  if (given[0] < 5u || given[given[1]] == 0u) { result[11] = 1u; }`,
    expected: [4321, 73, 558, 51, 346, 21, 32, 1, 12, 7, 99, 1],
  },
  {
    name: "lanes of a subgroup see each other, and the ids are those of the shape",
    before: "enable subgroups;",
    size: 64,
    results: 64,
    groups: [1],
    body: `let own = lane * 3u;
  let a = subgroupBroadcast(own, 5u); let b = subgroupShuffle(own, (lane + 1u) % 32u); let c = subgroupShuffleXor(vec2u(own, lane), 3u);
  let most = subgroupMax(own); let sum = subgroupAdd(f32(lane)); let least = subgroupMin(own);
  if (lane == 33u) { result[0] = a; result[1] = b; result[2] = c.x; result[3] = c.y; result[4] = most; result[5] = u32(sum); result[6] = least; result[7] = subgroup * 100u + inner; }`,
    expected: [111, 102, 102, 34, 189, 1520, 96, 101],
  },
];

for (const { name, before = "", body, size = 1, expected, ...options } of tried) {
  const inputs = "@builtin(local_invocation_index) lane: u32" +
    (size > 1 ? ", @builtin(subgroup_id) subgroup: u32, @builtin(subgroup_invocation_id) inner: u32" : "");
  const enables = before.startsWith("enable") ? before : "";
  const source = `${enables}${bindings}${enables === "" ? before : ""}
@compute @workgroup_size(${size})
fn main(${inputs}) {
${body}
}
`;
  Deno.test(`generated code: ${name}`, () =>
    Effect.runPromise(Effect.gen(function* () {
      const { words, fault } = yield* runText(source, { results: expected.length, ...options });
      assert.equal(fault, undefined);
      assert.deepEqual(words.slice(0, expected.length), expected);
    })));
}

Deno.test("generated code: matrices of both layouts, from halves and words, are multiplied with sums of float32", () =>
  Effect.runPromise(Effect.gen(function* () {
    const numbers = noise("matrix", 512).map((x) => Math.round(x * 64) / 64);
    const halves = new Uint16Array(Float16Array.from(numbers).buffer);
    const given = [...new Uint32Array(halves.buffer)];
    for (const [order, element] of [["row_major", "vec4<u32>"], ["col_major", "u32"], ["row_major", "f16"]] as const) {
      const [eighth, width] = element === "f16" ? ["f16", 16] : element === "u32" ? ["u32", 8] : ["vec4<u32>", 2];
      const source = `enable f16;
enable subgroups;
enable chromium_experimental_subgroup_matrix;
${bindings.replace("given: array<u32>", `given: array<${eighth}>`).replace("result: array<u32>", "result: array<f32>")}
var<workgroup> sums: array<f32, 256>;
@compute @workgroup_size(32)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = subgroup_matrix_result<f32, 16, 16>();
  let a = subgroupMatrixLoad<subgroup_matrix_left<f16, 16, 16>, row_major>(&given, 0u, ${width}u);
  let b = subgroupMatrixLoad<subgroup_matrix_right<f16, 16, 16>, ${order}>(&given, ${16 * width}u, ${width}u);
  sum = subgroupMatrixMultiplyAccumulate(a, b, sum);
  sum = subgroupMatrixMultiplyAccumulate(a, b, sum);
  subgroupMatrixStore<row_major>(&sums, 0u, sum, 16u);
  workgroupBarrier();
  for (var i = lane; i < 256u; i += 32u) { result[i] = sums[i]; }
}
`;
      const { words, fault } = yield* runText(source, { given, results: 256 });
      assert.equal(fault, undefined);
      const found = new Float32Array(Uint32Array.from(words).buffer);
      for (let i = 0; i < 256; i++) {
        let sum = 0;
        for (let k = 0; k < 16; k++) {
          const b = order === "row_major" ? numbers[256 + k * 16 + i % 16] : numbers[256 + i % 16 * 16 + k];
          sum += 2 * numbers[Math.floor(i / 16) * 16 + k] * b;
        }
        assert.equal(found[i], sum, `${order} ${element} ${i}`);
      }
    }
  })));
