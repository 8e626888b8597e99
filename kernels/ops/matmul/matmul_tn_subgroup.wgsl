// C[N, K] += A[M, N]ᵀ · B[M, K]: the weight's gradient of a linear layer (A = dC of the forward pass, B its input).
// @binding(0) A f32 [M, N] rows aStride apart, read    @binding(1) B f32 [M, K] rows bStride apart, read
// @binding(2) C f32 [N, K] rows cStride apart, read_write, added to once, after the sum over M in order
// One subgroup a workgroup. A lane owns four columns (a vec4) of 4 · TN4 rows of C; in each step every lane loads one row m of A
// (TN4 vec4s) and hands it to the others, who multiply it with their own column of row m of B.
// Limits: K, strides and offsets divide by 4, and so must the gap behind A's N columns be readable. Rows beyond M count as 0.
enable subgroups;

const LANES = 8u;
const TN4 = 4u;

struct Params { M: u32, N: u32, K: u32, aOffset: u32, aStride: u32, bOffset: u32, bStride: u32, cOffset: u32, cStride: u32 }
@group(0) @binding(0) var<storage, read> A: array<vec4f>;
@group(0) @binding(1) var<storage, read> B: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> C: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn matmul_tn_subgroup(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let row4 = group.y * TN4;
  let column = group.x * LANES + lane;
  let columns = params.K / 4u;
  let safeColumn = params.bOffset / 4u + min(column, columns - 1u);
  let bStride = params.bStride / 4u;
  let rows4 = (params.N + 3u) / 4u;
  var a: array<vec4f, TN4>; // registers
  var at: array<u32, TN4>; // registers
  var c: array<array<vec4f, 4>, TN4>; // registers
  for (var j = 0u; j < TN4; j++) { // unroll
    at[j] = params.aOffset / 4u + min(row4 + j, rows4 - 1u);
  }
  for (var m0 = 0u; m0 < params.M; m0 += LANES) {
    let m = m0 + lane;
    let ownRow = min(m, params.M - 1u) * (params.aStride / 4u);
    for (var j = 0u; j < TN4; j++) { // unroll
      a[j] = select(vec4f(), A[at[j] + ownRow], m < params.M);
    }
    for (var i = 0u; i < LANES; i++) { // unroll
      let b = B[safeColumn + min(m0 + i, params.M - 1u) * bStride];
      for (var j = 0u; j < TN4; j++) { // unroll
        c[j][0] = fma(vec4f(subgroupBroadcast(a[j].x, i)), b, c[j][0]);
        c[j][1] = fma(vec4f(subgroupBroadcast(a[j].y, i)), b, c[j][1]);
        c[j][2] = fma(vec4f(subgroupBroadcast(a[j].z, i)), b, c[j][2]);
        c[j][3] = fma(vec4f(subgroupBroadcast(a[j].w, i)), b, c[j][3]);
      }
    }
  }
  for (var j = 0u; j < TN4; j++) { // unroll
    for (var q = 0u; q < 4; q++) { // unroll
      let n = (row4 + j) * 4u + q;
      if (n < params.N && column < columns) {
        let index = params.cOffset / 4u + n * (params.cStride / 4u) + column;
        C[index] += c[j][q];
      }
    }
  }
}
