/**
 * `matmul_matrix.wgsl` with its matrix units written out in plain WGSL: a subgroup has a lane for each element of a result, an operand is where
 * it lies in workgroup memory. So a software driver without such units runs all the rest of the kernel, staging, layouts, edges, scales and
 * what leaves. What it cannot show is what the hardware's own operations do.
 */
import assert from "node:assert/strict";
import type { Kernel } from "../../kernels/gpu/kernel.ts";
import { matrixProductKernels } from "../../kernels/ops/matmul/matrix_product.ts";

const half = (name: string): string =>
  `fn half${name}(given: vec3u, row: u32, column: u32) -> f32 {
  let r = select(row, column, given.z == 1u);
  let c = select(column, row, given.z == 1u);
  return unpack2x16float(staged${name}[given.x + r * given.y + c / 8u][c % 8u / 2u])[c % 2u];
}
`;

const operations = `${half("A")}${half("B")}
fn multiply(lane: u32, left: vec3u, right: vec3u, sum: f32) -> f32 {
  let e = lane % LANES;
  var out = sum;
  // A bound that no compiler knows: drivers take long to write this loop out.
  for (var k = 0u; k < min(TK, params.chunk); k++) { out = fma(halfA(left, e / T, k), halfB(right, k, e % T), out); }
  return out;
}
fn store(lane: u32, at: u32, value: f32, stride: u32) {
  let e = lane % LANES;
  leaving[at + e / T * stride + e % T] = value;
}
`;

const rewrites: ReadonlyArray<readonly [RegExp, string]> = [
  [/^enable .*\n/gm, ""],
  [/subgroupMatrixLoad<[^>]*>, row_major>\(&staged\w, ([^;]+)\);/g, "vec3u($1, 0u);"],
  [/subgroupMatrixLoad<[^>]*>, col_major>\(&staged\w, ([^;]+)\);/g, "vec3u($1, 1u);"],
  [/subgroup_matrix_result<[^>]*>/g, "f32"],
  [/subgroup_matrix_(left|right)<[^>]*>/g, "vec3u"],
  [/subgroupMatrixMultiplyAccumulate\(/g, "multiply(lane, "],
  [/subgroupMatrixStore<row_major>\(&leaving, /g, "store(lane, "],
  [/, @builtin\(subgroup_id\) subgroup: u32\) \{/g, ") {\n  let subgroup = lane / LANES;"],
  [/^@compute/gm, `${operations}\n@compute`],
];

/** The kernel emulated, for units of `size` with size x size lanes. `change` spoils the source first. */
export const emulated = (change: (source: string) => string = (source) => source): Kernel => {
  const source = rewrites.reduce((text, [pattern, replacement]) => {
    assert.match(text, new RegExp(pattern.source, "m"));
    return text.replace(pattern, replacement);
  }, change(matrixProductKernels.matrix.source));
  assert.doesNotMatch(source.replace(/\/\/.*$/gm, ""), /subgroup_|subgroupM/);
  return { ...matrixProductKernels.matrix, source };
};
