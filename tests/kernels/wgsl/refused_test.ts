/** Texts that are no WGSL, or more of it than is understood: each is refused with its line and the construct; its neighbours are not. */
import assert from "node:assert/strict";
import { compileKernel } from "../../../kernels/wasm/compile.ts";
import { resolve } from "../../../kernels/wgsl/resolve.ts";
import { WgslError } from "../../../kernels/wgsl/wgsl_error.ts";
import { kernelText } from "../wasm/kernel_text.ts";

/** The line of a body, and that of what stands before `main`. */
const [inBody, before] = [9, 5];

const faultOf = (text: string): string => {
  try {
    compileKernel(text, "main", { checked: false, pages: 1 });
  } catch (error) {
    if (error instanceof WgslError) return error.message;
    throw error;
  }
  return "compiled";
};

/** Bodies of `main`, what is said of them, and a neighbour that is understood. */
const bodies: ReadonlyArray<readonly [refused: string, problem: string, accepted?: string]> = [
  ["result[0] = wobble(1u);", 'the function "wobble" is not known', "result[0] = min(1u, group);"],
  ["result[0] = absent;", '"absent" is not known', "let absent = 1u; result[0] = absent;"],
  ["{ let x = 1u; } result[0] = x;", '"x" is not known', "let x = 1u; { let x = 2u; result[0] = x; }"],
  ["let x = 1u; let x = 2u;", '"x" is declared twice'],
  ["result[0] = group + 1i;", '"+" does not take u32 and i32', "result[0] = group + 1;"],
  ["let x = vec2f(1f) + vec3f(1f);", '"+" does not take vec2<f32> and vec3<f32>', "let x = vec2f(1f) + 1f;"],
  ["let x = true + true;", '"+" does not take bool and bool', "let x = true | true;"],
  ["let x = true < false;", '"<" does not take bool and bool', "let x = true == false;"],
  ["let x = group && true;", '"&&" does not take u32 and bool', "let x = group > 1u && true;"],
  ["let x = group < 2u < 3u;", '"<" does not take bool and u32'],
  ["let x = vec2u(1u) << 1u;", '"<<" does not take vec2<u32> and u32', "let x = vec2u(1u) << vec2u(1u);"],
  ["let x = -group;", '"-" does not take u32', "let x = -i32(group);"],
  ["let x = !group;", '"!" does not take u32', "let x = !(group == 1u);"],
  ["let x = ~1f;", '"~" does not take f32', "let x = ~group;"],
  ["let x = 1u; x = 2u;", "this cannot be assigned to", "var x = 1u; x = 2u;"],
  ["group = 1u;", "this cannot be assigned to"],
  ["given[0] = 1u;", "this cannot be assigned to", "result[0] = 1u;"],
  ["params.n = 1u;", "this cannot be assigned to"],
  [
    "var v = vec4u(); v.xy = vec2u(1u);",
    "this cannot be assigned to",
    "var v = vec4u(); v.x = 1u; v[1] = 2u; v.g += 3u;",
  ],
  ["min(1u, group) = 2u;", "this cannot be assigned to", "_ = min(1u, group);"],
  ["var x = 1f; x <<= 1u;", '"<<" does not take f32 and u32', "var x = 1u; x <<= 1u;"],
  ["var x = 1f; x += 1u;", '"+" does not take f32 and u32', "var x = 1f; x += 1; x++;"],
  ["var v = vec2f(); var s = 1f; s *= v;", '"*=" does not fit f32', "var v = vec2f(); var s = 1f; v *= s;"],
  ["result = given;", "a value of array<u32> is not understood here"],
  [
    "var a: array<u32, 2>; var b: array<u32, 2>; a = b;",
    "a value of array<u32, 2> is not understood here",
    "var a: array<u32, 2>; var b: array<u32, 2>; a[0] = b[0];",
  ],
  ["var a = array<u32, 2>(1u, 2u);", "a variable of array<u32, 2> is not understood here"],
  [
    "switch (group) { default: {} }",
    '"switch" is not understood',
    "if (group == 1u) { } else if (group == 2u) { } else { }",
  ],
  ["while (group < 1u) { }", '"while" is not understood', "for (; group < 1u;) { break; }"],
  ["loop { break; }", '"loop" is not understood', "for (;;) { break; }"],
  ["discard;", '"discard" is not understood'],
  ["break;", '"break" stands outside of a loop', "for (;;) { if (group > 0u) { break; } break; }"],
  ["if (group > 0u) { continue; }", '"continue" stands outside of a loop'],
  ["if (group) { }", "a condition is u32, expected bool", "if group > 0u { }"],
  ["for (var i = 0u; i; i++) { }", "a condition is u32, expected bool"],
  ["if (group > 0u) result[0] = 1u;", 'expected "{", found "result"'],
  ["return 1u;", "this return does not fit", "if (group > 0u) { return; }"],
  ["let x = 1u\n", 'expected ";", found "}"'],
  ["let x: u32;", 'expected "=", found ";"', "var x: u32;"],
  ["var x;", 'expected "=", found ";"'],
  ["result[0] = true ? 1u : 2u;", '"?" is not understood', "result[0] = select(1u, 2u, true);"],
  ["var i = 0u; result[i++] = 1u;", 'expected "]", found "++"'],
  ["let x = 1u # 2u;", '"#" is not understood'],
  ["let x = 1u /* 2u;", "a comment does not end", "let x = 1u /* 2u */ + 1u; // 3u"],
  ["let a = array<u32, 3>(1u, 2u, 3u)[3];", "index 3 is beyond the 3 elements"],
  [
    "var a: array<u32, 3>; result[0] = a[3];",
    "index 3 is beyond the 3 elements",
    "var a: array<u32, 3>; result[0] = a[2];",
  ],
  ["var a: array<u32, 3>; result[0] = a[-1];", "-1 is beyond the range of u32"],
  [
    "var a: array<array<u32, 2>, 3>; a[2][2] = 1u;",
    "index 2 is beyond the 2 elements",
    "var a: array<array<u32, 2>, 3>; a[2][1] = 1u;",
  ],
  ["result[0] = given[1f];", "an index is f32, expected u32", "result[0] = given[1i];"],
  [
    "let v = vec4u(1u); result[0] = v[group];",
    "the index of a vector must be constant and within it",
    "let v = vec4u(1u); result[0] = v[3];",
  ],
  ["let v = vec2u(1u); result[0] = v[2];", "the index of a vector must be constant and within it"],
  ["result[0] = group[0];", "u32 has no elements"],
  ["let n = 3u; var a: array<u32, n>;", '"n" is not known'],
  ["const x = group;", '"x" is not constant', "const x = 3u; var v = x;"],
  ["let v = vec2u(1u); result[0] = v.z;", 'vec2<u32> has no member "z"', "let v = vec2u(1u); result[0] = v.yx.y;"],
  ["let v = vec4f(1f); let w = v.xg;", 'vec4<f32> has no member "xg"', "let v = vec4f(1f); let w = v.rgba;"],
  ["result[0] = params.m;", 'Params has no field "m"', "result[0] = params.n;"],
  ["result[0] = 4294967296u;", "4294967296u is beyond the range of u32", "result[0] = 4294967295u;"],
  ["result[0] = 4294967296;", "4294967296 is beyond the range of u32"],
  ["result[0] = -1;", "-1 is beyond the range of u32", "let x: i32 = -1;"],
  ["let x: i32 = 2147483648;", "2147483648 is beyond the range of i32", "let x: i32 = -2147483648;"],
  ["let x = 2147483648i;", "2147483648i is beyond the range of i32", "let x = 2147483647i;"],
  ["let x: f32 = 1e39;", "1e+39 is beyond the range of f32", "let x: f32 = 1e38;"],
  ["let x = 1e39f;", "1e39f is beyond the range of f32", "let x = 1e38f;"],
  ["result[0] = 1u / 0u;", "1 / 0 is not defined", "result[0] = group / 1u;"],
  ["result[0] = 1 % 0;", "1 % 0 is not defined"],
  ["let x = 1f / 0f;", "1 / 0 is not defined", "let x = 1f / 4f;"],
  ["let x = 1u << 32u;", "1 << 32 is not defined", "let x = 1u << 31u;"],
  ["result[0] = 1f;", "found f32, expected u32", "result[0] = 1;"],
  ["result[0] = 1.5;", "found float, expected u32", "let x: f32 = 1;"],
  ["let v = vec3f(1f, 2f);", "vec3<f32> is not made of (f32, f32)", "let v = vec3f(vec2f(1f, 2f), 3);"],
  ["let v = vec2f(1f, 2f, 3f);", "vec2<f32> is not made of (f32, f32, f32)", "let v = vec2f(1f);"],
  ["let v = vec2f(1f, 1u);", "found u32, expected f32", "let v = vec2f(1f, f32(1u));"],
  ["let v = vec2f(vec3f(1f));", "vec2<f32> is not made of (vec3<f32>)", "let v = vec2f(vec3f(1f).xy);"],
  ["let x = u32(vec2u(1u));", "u32 is not made of (vec2<u32>)", "let x = u32(vec2u(1u).x);"],
  ["let p = Params(1u, 2u);", "Params is not made of (u32, u32)", "let p = Params(1u);"],
  ["let x = u32(Params(1u));", "u32 is not made of (Params)"],
  ["let x = min(1u);", '"min" does not take (u32)', "let x = min(1u, 2);"],
  ["let x = min(group, 1i);", '"min" does not take (u32, i32)', "let x = min(1f, 2);"],
  ["let x = sqrt(group);", '"sqrt" does not take (u32)', "let x = sqrt(f32(group));"],
  [
    "let x = dot(vec2u(1u), vec2u(1u));",
    '"dot" does not take (vec2<u32>, vec2<u32>)',
    "let x = dot(vec2f(1f), vec2f(1f));",
  ],
  ["let x = select(1u, 2u, group);", '"select" does not take (u32, u32, u32)', "let x = select(1u, 2u, group > 0u);"],
  ["let x = ldexp(1f, 1u);", '"ldexp" does not take (f32, u32)', "let x = ldexp(1f, 1);"],
  ["let x = bitcast<vec2u>(1f);", "bitcast of f32 to vec2<u32>", "let x = bitcast<vec2u>(vec2f(1f));"],
  ["let x = bitcast<u32>(true);", "bitcast of bool to u32", "let x = u32(true);"],
  ["let x = sin(1f);", 'the function "sin" is not known', "let x = exp(1f);"],
  ["let p = &result[0];", "a variable of a pointer to u32 is not understood here"],
  ["let p = &1u;", "only a variable has an address"],
  ["atomicAdd(&result[0], 1u);", '"atomicAdd" does not take (a pointer to u32, u32)'],
  ["var x: texture_2d<f32>;", 'the type "texture_2d" is not known', "var x: vec2<f32>;"],
  ["var x: atomic<u32>; x = 1u;", "found u32, expected atomic<u32>"],
  ["var x: sampler;", 'the type "sampler" is not known'],
  ["var x: mat4x4f;", 'the type "mat4x4f" is not known', "var x: vec4f;"],
  ["var x: atomic<f32>;", "atomic<f32> is not understood"],
  ["let x = 1h;", "a variable of f16 is not understood here", "let x = 1f;"],
  ["let x = f16(group);", "a variable of f16 is not understood here"],
  ["let x = group(1u);", 'the function "group" is not known'],
  ["let x = main;", '"main" is not known'],
];

/** What stands before `main`, its body, and what is said of them. */
const modules: ReadonlyArray<
  readonly [before: string, body: string, problem: string, accepted?: string]
> = [
  ["override N: u32 = 3;", "", 'expected a declaration, found "override"', "const N: u32 = 3;"],
  ["var<private> x: u32;", "", "var<private> is not understood", "var<workgroup> x: u32;"],
  [
    "@group(0) @binding(3) var t: texture_2d<f32>;",
    "",
    '"t" has no address space; textures and samplers are not understood',
  ],
  ["@group(0) @binding(3) var s: sampler;", "", '"s" has no address space; textures and samplers are not understood'],
  ["const_assert true;", "", 'expected a declaration, found "const_assert"'],
  ["let x = 1u;", "", 'expected a declaration, found "let"', "const x = 1u;"],
  ["var<workgroup> x: u32 = 1u;", "", 'expected ";", found "="'],
  ["const a = 1; const a = 2;", "", '"a" is declared twice', "const a = 1; const b = 2;"],
  ["const a = b; const b = a;", "result[0] = a;", '"a" is declared by itself', "const a = b; const b = 2;"],
  ["alias T = U; alias U = T;", "var x: T;", '"T" is declared by itself', "alias T = U; alias U = u32;"],
  [
    "fn f() -> u32 { let x = 1u; }",
    "result[0] = f();",
    '"f" does not end with a return',
    "fn f() -> u32 { return 1u; }",
  ],
  ["fn f() -> u32 { return 1f; }", "result[0] = f();", "found f32, expected u32"],
  ["fn f() -> u32 { return; }", "result[0] = f();", "this return does not fit"],
  ["fn f() { return 1u; }", "f();", "this return does not fit", "fn f() { return; }"],
  ["fn f(x: u32) -> u32 { return f(x); }", "result[0] = f(1u);", '"f" is declared by itself'],
  ["fn f(x: u32) { x = 2u; }", "f(1u);", "this cannot be assigned to", "fn f(x: u32) { var y = x; y = 2u; }"],
  ["fn f(p: ptr<function, u32>) { }", "var x = 1u; f(&x);", 'the type "ptr" is not known'],
  ["fn f() { switch (1u) { default: { } } }", "", '"switch" is not understood'],
];

for (const [refused, problem, accepted] of bodies) {
  Deno.test(`refused: ${refused.trim()}`, () => {
    // The text ends a line later where it is the next line that is not understood.
    const line = problem.endsWith('found "}"') ? inBody + 2 : inBody;
    assert.equal(faultOf(kernelText(refused)), `line ${line}: ${problem}`);
    if (accepted !== undefined) assert.equal(faultOf(kernelText(accepted)), "compiled", accepted);
  });
}

for (const [text, body, problem, accepted] of modules) {
  Deno.test(`refused: ${text}`, () => {
    assert.equal(faultOf(kernelText(body, `${text}\n`)), `line ${before}: ${problem}`);
    if (accepted !== undefined) assert.equal(faultOf(kernelText(body, `${accepted}\n`)), "compiled", accepted);
  });
}

/** Entry points, what they are bound to, and what is said of them. */
const entries: ReadonlyArray<readonly [text: string, problem: string]> = [
  ["fn main() {}", 'line 1: no compute function "main"'],
  ["@vertex fn main() {}", 'line 1: no compute function "main"'],
  ["@compute @workgroup_size(1) fn other() {}", 'line 1: no compute function "main"'],
  ["@compute fn main() {}", 'line 1: "main" has no workgroup size'],
  ["@compute @workgroup_size(1.5) fn main() {}", "line 1: expected a whole number that is constant"],
  ["@compute @workgroup_size(1)\nfn main(l: u32) { _ = l; }", 'line 2: "l" is not understood here'],
  ["@compute @workgroup_size(1)\nfn main(@builtin(workgroup_id) l: u32) {}", 'line 2: "l" is u32, expected vec3<u32>'],
  [
    "@compute @workgroup_size(1)\nfn main(@builtin(local_invocation_index) l: vec3u) {}",
    'line 2: "l" is vec3<u32>, expected u32',
  ],
  [
    "@compute @workgroup_size(1)\nfn main(@builtin(subgroup_invocation_id) l: u32) { _ = l; }",
    'line 2: "subgroup_invocation_id" is not understood here',
  ],
  [
    "@group(0) @binding(1) var<storage> a: array<u32>;\n@compute @workgroup_size(1) fn main() {}",
    'line 1: "a" has binding 1, expected 0',
  ],
  [
    "@group(1) @binding(0) var<storage> a: array<u32>;\n@compute @workgroup_size(1) fn main() {}",
    'line 1: "a" needs group 0 and a binding',
  ],
  ["var<storage> a: array<u32>;\n@compute @workgroup_size(1) fn main() {}", 'line 1: "a" needs group 0 and a binding'],
  [
    "@compute @workgroup_size(64) fn main() {\nworkgroupBarrier(); }",
    'line 2: "workgroupBarrier" is understood where a workgroup has one invocation',
  ],
  [
    "@compute @workgroup_size(2, 2) fn main() {\nstorageBarrier(); }",
    'line 2: "storageBarrier" is understood where a workgroup has one invocation',
  ],
  ["@compute @workgroup_size(1) fn main() {", 'line 1: expected an expression, found "the end of the text"'],
];

for (const [text, problem] of entries) Deno.test(`refused: ${text}`, () => assert.equal(faultOf(text), problem));

Deno.test("accepted: a workgroup of one may wait for itself, one of many may do without", () => {
  const atomic = "@group(0) @binding(0) var<storage, read_write> c: atomic<u32>;\n";
  for (
    const text of [
      "@compute @workgroup_size(1) fn main() { workgroupBarrier(); storageBarrier(); }",
      "var<workgroup> w: u32;\n@compute @workgroup_size(1) fn main() { w = 1u; let x = workgroupUniformLoad(&w); }",
      `${atomic}@compute @workgroup_size(8, 4, 2) fn main(@builtin(local_invocation_id) at: vec3u) { atomicAdd(&c, at.z); _ = atomicLoad(&c); }`,
      "enable subgroups;\nrequires nothing;\n@compute @workgroup_size(64) fn main(@builtin(num_workgroups) groups: vec3u) {}",
    ]
  ) {
    assert.equal(faultOf(text), "compiled", text);
  }
});

Deno.test("the interpreter's checker refuses the same texts, but for what only the compiler does not know", () => {
  for (const [text, problem] of bodies) {
    if (/understood here/.test(problem)) continue;
    assert.throws(() => resolve(kernelText(text), "main"), WgslError, text);
  }
});
