import assert from "node:assert/strict";
import { specialize } from "../../../kernels/gpu/specialize.ts";

const folder = new URL("../../../kernels/ops/", import.meta.url);
const files = [...Deno.readDirSync(folder)].filter(({ isDirectory }) => isDirectory).flatMap(({ name }) =>
  [...Deno.readDirSync(new URL(`${name}/`, folder))]
    .filter((file) => file.name.endsWith(".wgsl"))
    .map((file) => ({
      name: file.name.slice(0, -5),
      text: Deno.readTextFileSync(new URL(`${name}/${file.name}`, folder)),
    }))
).sort((a, b) => a.name < b.name ? -1 : 1);

// Words that WGSL reserves and that a kernel's author might choose; using one ends the process where validation is off.
const reserved = new Set(
  ("NULL Self abstract active as asm attribute auto await become binding_array cast catch class common compile concept const_cast crate " +
    "debugger decltype delete demote do enum explicit export extends extern external filter final finally friend from get goto groupshared " +
    "handle impl implements import inline instanceof interface layout macro match meta mod module move mut mutable namespace native new nil " +
    "noinline null nullptr of operator package packoffset partition pass patch pixelfragment precise precision premerge priv private protected " +
    "pub public readonly ref regardless register require resource restrict self set shared sizeof smooth snorm static std subroutine super " +
    "target template this throw trait try type typedef typeid typename typeof union unless unorm unsafe unsized use using varying virtual " +
    "volatile wgsl where with writeonly yield").split(" "),
);

const withoutComments = (text: string): string => text.replace(/\/\/.*$/gm, "");

Deno.test("specialize() sets constants, numbers as u32 and words as they are", () => {
  const source = "alias Elem = f32;\nconst PACK = 1u;\nconst SCALE: u32 = 2u;\nlet x = PACK;\n";
  const { code, missing } = specialize(source, { Elem: "vec4f", PACK: 4, SCALE: 3 });
  assert.equal(code, "alias Elem = vec4f;\nconst PACK = 4u;\nconst SCALE: u32 = 3u;\nlet x = PACK;\n");
  assert.deepEqual(missing, []);
});

Deno.test("specialize() changes what a one-line function returns, and no other function", () => {
  const source = "fn at(i: u32) -> f32 { return B[i]; }\nfn other(i: u32) -> f32 { return at(i); }\n";
  const { code, missing } = specialize(source, { at: "unpack2x16float(B[i / 2u])[i % 2u]" });
  assert.equal(code, source.replace("B[i]", "unpack2x16float(B[i / 2u])[i % 2u]"));
  assert.deepEqual(missing, []);
  assert.deepEqual(specialize(source, { absent: "1f" }).missing, ["absent"]);
});

Deno.test("specialize() puts what a constant calls behind the kernel, and enables subgroups without another line", () => {
  const source = "// A sum.\nfn sumOf(value: f32) -> f32 { return value; }\n";
  const shared = specialize(source, { sumOf: "laneSum(value, 8u)" }).code;
  assert.match(
    shared,
    /^enable subgroups; \/\/ A sum\.\nfn sumOf\(value: f32\) -> f32 \{ return laneSum\(value, 8u\); \}\n/,
  );
  assert.match(shared, /^fn laneSum\(/m);
  const rounded = specialize(source, { sumOf: "f16Words(vec4f(value))" }).code;
  assert.match(rounded, /^\/\/ A sum\.\n/);
  assert.match(rounded, /^fn f16Words\(/m);
  assert.equal(specialize(source, {}).code, source);
});

Deno.test("specialize() names a constant that the kernel lacks", () => {
  assert.deepEqual(specialize("const A = 1u;\n", { A: 2, B: 3 }).missing, ["B"]);
});

Deno.test("specialize() writes nested loops out and takes register arrays apart", () => {
  const source = `const ROWS = 2u;
const COLUMNS = ROWS + 1u;
  var sum: array<array<f32, COLUMNS>, ROWS>; // registers
  for (var r = 0u; r < ROWS; r++) { // unroll
    for (var c = 0u; c < COLUMNS; c++) { // unroll
      sum[r][c] = f32(r * 10u + c);
    }
  }
`;
  const { code } = specialize(source, {});
  assert.doesNotMatch(code, /for|\[/);
  for (const name of ["sum_0_0", "sum_0_1", "sum_0_2", "sum_1_0", "sum_1_1", "sum_1_2"]) {
    assert.match(code, new RegExp(`var ${name}: f32;`));
    assert.match(code, new RegExp(`${name} = f32`));
  }
  assert.match(code, /sum_1_2 = f32\(1u \* 10u \+ 2u\)/);
});

Deno.test("specialize() computes register indices as WGSL would", () => {
  const source = `const LANES = 4u;
  var a: array<vec4f, 2>; // registers
  for (var i = 0u; i < 8u; i++) { // unroll
    use(a[i / LANES].x, i % LANES);
  }
`;
  const { code } = specialize(source, {});
  assert.match(code, /use\(a_1\.x, 7u % LANES\)/);
  assert.match(code, /use\(a_0\.x, 3u % LANES\)/);
});

Deno.test("specialize() leaves loops that are not marked alone", () => {
  const source = "  for (var i = 0u; i < 4u; i++) {\n    a[i] = 0f;\n  }\n";
  assert.equal(specialize(source, {}).code, source);
});

Deno.test("every kernel unrolls completely and uses no word that WGSL reserves", () => {
  assert.ok(files.length > 20);
  for (const { name, text } of files) {
    const { code } = specialize(text, {});
    assert.doesNotMatch(code, /\/\/ unroll|\/\/ registers/, name);
    for (const [word] of withoutComments(code).matchAll(/\b[A-Za-z_]\w*\b/g)) {
      assert.ok(!reserved.has(word), `${name}.wgsl uses the reserved word "${word}"`);
    }
  }
});

Deno.test("every kernel is short, opens with its formula and is named after its file", () => {
  for (const { name, text } of files) {
    assert.match(text, /^\/\/ /, `${name}.wgsl has no header`);
    assert.ok(text.split("\n").length <= 150, `${name}.wgsl is too long`);
    if (name !== "threefry") {
      assert.match(text, new RegExp(`^fn ${name}\\(`, "m"), `${name}.wgsl has another entry point`);
    }
  }
});
