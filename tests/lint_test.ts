import assert from "node:assert/strict";
import plugin from "../.ci/lint_plugin.ts";
import { roomOf, rooms } from "../.ci/rooms.ts";

const root = new URL("..", import.meta.url).pathname;

const problems = (path: string, source: string): ReadonlyArray<string> =>
  Deno.lint.runPlugin(plugin, `${root}${path}`, source).map(({ id }) => id.replace("signum/", ""));

Deno.test("imports run down the table of rooms", () => {
  assert.deepEqual(problems("data/x.ts", 'import { a } from "../kernels/device/device.ts";'), ["import-arrows"]);
  assert.deepEqual(problems("data/tasks/x.ts", 'export * from "../../pipelines/records/schema.ts";'), [
    "import-arrows",
  ]);
  assert.deepEqual(problems("kernels/ops/add/add.ts", 'import "../../../pipelines/settings/settings.ts";'), [
    "import-arrows",
  ]);
  assert.deepEqual(problems("pipelines/x.ts", 'await import("../tests/x.ts");'), ["import-arrows"]);
  assert.deepEqual(problems("kernels/gpu/x.ts", 'import { Key } from "../../data/random.ts";'), []);
  assert.deepEqual(problems("pipelines/stages/x.ts", 'import "../../kernels/device/device.ts";'), []);
  assert.deepEqual(problems("tests/data/x_test.ts", 'import "../../data/random.ts";'), []);
});

Deno.test("an import that runs up within pipelines is refused, types included", () => {
  for (
    const source of [
      'import { a } from "../study/x.ts"; export const b = a;',
      'import type { A } from "../study/x.ts"; export type B = A;',
      'export type { A } from "../study/x.ts";',
      'export * from "../study/x.ts";',
      'export const a = () => import("../study/x.ts");',
      'export type A = import("../study/x.ts").A;',
    ]
  ) {
    assert.deepEqual(problems("pipelines/models/x.ts", source), ["import-arrows"], source);
    assert.deepEqual(problems("pipelines/study/y.ts", source), [], source);
    assert.deepEqual(problems("pipelines/bench/x.ts", source), [], source);
  }
  assert.deepEqual(problems("pipelines/no_such_room/x.ts", 'import "../../data/random.ts";'), ["import-arrows"]);
  assert.deepEqual(problems("pipelines/study/x.ts", 'import "../no_such_room/x.ts";'), ["import-arrows"]);
});

Deno.test("algorithms and records import nothing of kernels, types included", () => {
  for (
    const source of [
      'import { spread } from "../../kernels/gpu/encoder.ts"; export const a = spread;',
      'import type { Tensor } from "../../kernels/gpu/tensor.ts"; export type A = Tensor;',
      'export * from "../../kernels/ops/mod.ts";',
      'export const a = () => import("../../kernels/device/device.ts");',
    ]
  ) {
    for (const room of ["algorithms", "records"]) {
      assert.deepEqual(problems(`pipelines/${room}/x.ts`, source), ["import-arrows"], source);
    }
    assert.deepEqual(problems("pipelines/learning/x.ts", source), [], source);
  }
  assert.deepEqual(problems("pipelines/algorithms/x.ts", 'import type { Sign } from "../records/schema.ts";'), []);
  const [problem] = Deno.lint.runPlugin(
    plugin,
    `${root}pipelines/algorithms/x.ts`,
    'import "../../kernels/ops/add/add.ts";',
  );
  assert.equal(
    problem.message,
    'pipelines/algorithms/ may import nothing of kernels/: "kernels/ops/add/add.ts"',
  );
});

Deno.test("pure folders touch neither the world, nor the clock, nor state of their own", () => {
  for (
    const source of [
      "export const a = () => Deno.cwd();",
      "export const a = () => Date.now();",
      "export const a = () => new Date();",
      "export const a = () => performance.now();",
      'export const a = () => fetch("x");',
      'import { Effect } from "effect"; export const a = Effect;',
      'import fs from "node:fs"; export const a = fs;',
      "let a = 1; export const b = () => a++;",
    ]
  ) {
    assert.ok(problems("data/x.ts", source).includes("pure-folders"), source);
    assert.ok(problems("pipelines/algorithms/x.ts", source).includes("pure-folders"), source);
    assert.deepEqual(problems("pipelines/files/x.ts", source), [], source);
  }
  assert.deepEqual(problems("data/x.ts", 'import * as Result from "effect/Result"; export const a = Result;'), []);
  assert.deepEqual(problems("pipelines/files/source.ts", 'export const a = () => Deno.readTextFileSync("x");'), []);
});

Deno.test("failures are values outside of the declared boundary files", () => {
  for (
    const source of [
      'export const a = () => { throw new Error("x"); };',
      "export const a = () => { try { return 1; } finally { /* */ } };",
      "export const a = async () => {};",
      "export async function a() {}",
    ]
  ) {
    assert.deepEqual(problems("data/x.ts", source), ["failures-are-values"], source);
    assert.deepEqual(problems("pipelines/stages/x.ts", source), ["failures-are-values"], source);
    assert.deepEqual(problems("pipelines/commands/platform.ts", source), [], source);
    // A whole folder may be declared; another's files are not.
    assert.deepEqual(problems("kernels/wgsl/x.ts", source), [], source);
    assert.deepEqual(problems("kernels/wasm/interpreter/x.ts", source), ["failures-are-values"], source);
    assert.deepEqual(problems("tests/x_test.ts", source), [], source);
  }
});

Deno.test("chance comes from data/random.ts alone", () => {
  for (const path of ["data/x.ts", "kernels/x.ts", "pipelines/x.ts", "tests/x.ts"]) {
    assert.deepEqual(problems(path, "export const a = () => Math.random();"), ["one-source-of-chance"]);
  }
});

Deno.test("arithmetic has the same bits on every machine", () => {
  for (
    const source of [
      "export const a = (x: number) => Math.exp(x);",
      'export const a = (x: number) => Math["log2"](x);',
      "export const a = Math.hypot;",
      "export const a = (x: number, name: keyof Math) => Math[name];",
      "const { cos } = Math; export const a = cos;",
      "export const a = (x: number) => x ** 2;",
      "export const a = (x: number) => 2 ** x;",
      "export const a = 2 ** (1 / 3);",
      "export const a = 10 ** -3;",
      "export const a = (x: number) => { x **= 2; return x; };",
    ]
  ) {
    for (const path of ["data/x.ts", "kernels/ops/x/x.ts", "pipelines/x.ts", "data/elementary/x.ts"]) {
      assert.deepEqual(problems(path, source), ["same-bits-everywhere"], `${path}: ${source}`);
    }
    assert.deepEqual(problems("tests/x_test.ts", source), [], source);
    // What a page runs in a browser makes no record.
    const plain = source.replaceAll(/: (number|keyof Math)/g, "");
    assert.ok(!problems("pipelines/reports/page/hover.js", plain).includes("same-bits-everywhere"), source);
  }
  for (
    const source of [
      "export const a = (x: number) => Math.sqrt(Math.abs(x)) * Math.PI + Math.fround(x);",
      "const { fround } = Math; export const a = fround;",
      "export const a = 2 ** 30 + 2 ** -24;",
      "export const a = (n: bigint) => 10n ** n + n ** 3n + BigInt(n) ** n;",
      "export const exp = 1; export const a = { exp }.exp;",
    ]
  ) {
    assert.deepEqual(problems("data/x.ts", source), [], source);
  }
});

Deno.test("an unstable module of Effect has one importer", () => {
  const source = 'import * as FileSystem from "effect/FileSystem"; export const a = FileSystem;';
  assert.deepEqual(problems("pipelines/models/x.ts", source), ["unstable-once"]);
  assert.deepEqual(problems("pipelines/commands/platform.ts", source), []);
});

Deno.test("file names are snake_case and say something, files are short", () => {
  assert.deepEqual(problems("pipelines/gradNorm.ts", "export {};"), ["file-names"]);
  assert.deepEqual(problems("pipelines/utils.ts", "export {};"), ["file-names"]);
  assert.deepEqual(problems("pipelines/global_norm.ts", "export {};"), []);
  assert.deepEqual(problems("pipelines/x.ts", "export {};\n".repeat(301)), ["file-size"]);
  assert.deepEqual(problems("tests/x_test.ts", "export {};\n".repeat(301)), []);
});

const filesBelow = (folder: string, end: string): ReadonlyArray<string> =>
  [...Deno.readDirSync(`${root}${folder}`)].flatMap((entry) =>
    entry.isDirectory
      ? filesBelow(`${folder}/${entry.name}`, end)
      : entry.name.endsWith(end)
      ? [`${folder}/${entry.name}`]
      : []
  );

Deno.test("every source file has a room, and every room has files", () => {
  const files = ["data", "kernels", "pipelines"].flatMap((folder) => filesBelow(folder, ""))
    .filter((file) => !file.endsWith(".md"));
  assert.deepEqual(files.filter((file) => roomOf(file) === undefined), []);
  const known = new Set(files.map(roomOf));
  assert.deepEqual(rooms.filter((room) => !known.has(room)), []);
  assert.deepEqual(rooms.toSorted(), [...new Set(rooms)].toSorted());
});

Deno.test("kernels are short, open with a comment and are named for their entry point", () => {
  for (const path of filesBelow("kernels", ".wgsl")) {
    const text = Deno.readTextFileSync(`${root}${path}`);
    const name = path.split("/").at(-1)?.replace(".wgsl", "") ?? "";
    assert.match(name, /^[a-z0-9]+(_[a-z0-9]+)*$/, path);
    assert.ok(text.split("\n").length <= 151, `${path} has more than 150 lines`);
    assert.ok(text.startsWith("//"), `${path} does not open with a comment`);
    // What is put behind other kernels has none.
    if (text.includes("@compute")) {
      assert.match(text, new RegExp(`fn ${name}\\(`), `${path} has no entry point "${name}"`);
    }
  }
});

Deno.test("every source file opens with a paragraph that says what it is", () => {
  for (const folder of ["data", "kernels", "pipelines"]) {
    for (const path of filesBelow(folder, ".ts")) {
      const start = Deno.readTextFileSync(`${root}${path}`).replace(/^(\/\/ deno-lint-ignore-file[^\n]*\n)/, "");
      assert.ok(start.startsWith("/**"), `${path} does not open with a paragraph`);
    }
  }
});

Deno.test("packages are pinned to exact versions", () => {
  const config = JSON.parse(Deno.readTextFileSync(`${root}deno.json`));
  for (const [name, specifier] of Object.entries<string>(config.imports)) {
    assert.match(specifier, /^npm:\/?(@[\w-]+\/)?[\w.-]+@\d+\.\d+\.\d+(\/.*)?$/, name);
  }
});
