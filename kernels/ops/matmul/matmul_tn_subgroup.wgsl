// C[N, K] += A[M, N]ᵀ · B[M, K]: the weight's gradient of a linear layer (A = dC of the forward pass, B its input).
// @binding(0) A f32 [M, N] rows aStride apart, read    @binding(1) B f32 [M, K] rows bStride apart, read
// @binding(2) C f32 [N, K] rows cStride apart, read_write, added to once, after the sum over M in order
// One subgroup per workgroup. Each lane computes four columns (a vec4) of 4 · TN4 rows of C. A step takes four rows m of A: lane l loads columns
// FOURS · r + l / 4 of row l % 4 and broadcasts each element; all lanes multiply it with their columns of B.
// Four consecutive fmas on one sum need fewer registers and are twice as fast as one. The order of the sum is that of matmul_plain.wgsl.
// Limits: K, strides and offsets divide by 4; the gap behind A's N columns up to a multiple of 4 is read. Rows beyond M count as 0.
enable subgroups;

// Element types and accessors: the host replaces them for 16-bit formats (op.ts: readAs).
alias BElem = vec4f;
const LANES = 8u;
const TN4 = 4u;
const FOURS = LANES / 4u;
const LOADS = (TN4 + FOURS - 1u) / FOURS;

struct Params { M: u32, N: u32, K: u32, aOffset: u32, aStride: u32, bOffset: u32, bStride: u32, cOffset: u32, cStride: u32 }
@group(0) @binding(0) var<storage, read> A: array<vec4f>;
@group(0) @binding(1) var<storage, read> B: array<BElem>;
@group(0) @binding(2) var<storage, read_write> C: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

fn bAt(i: u32) -> vec4f { return B[i]; }

@compute @workgroup_size(LANES)
fn matmul_tn_subgroup(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let row4 = group.y * TN4;
  let column = group.x * LANES + lane;
  let columns = params.K / 4u;
  let safeColumn = params.bOffset / 4u + min(column, columns - 1u);
  let bStride = params.bStride / 4u;
  let rows4 = (params.N + 3u) / 4u;
  var a: array<vec4f, LOADS>; // registers
  var at: array<u32, LOADS>; // registers
  var c: array<array<vec4f, 4>, TN4>; // registers
  for (var r = 0u; r < LOADS; r++) { // unroll
    at[r] = params.aOffset / 4u + min(row4 + r * FOURS + lane / 4u, rows4 - 1u);
  }
  for (var m = 0u; m < params.M; m += 4u) {
    let ownRow = min(m + lane % 4u, params.M - 1u) * (params.aStride / 4u);
    for (var r = 0u; r < LOADS; r++) { // unroll
      a[r] = select(vec4f(), A[at[r] + ownRow], m + lane % 4u < params.M);
    }
    let b0 = bAt(safeColumn + m * bStride);
    let b1 = bAt(safeColumn + min(m + 1u, params.M - 1u) * bStride);
    let b2 = bAt(safeColumn + min(m + 2u, params.M - 1u) * bStride);
    let b3 = bAt(safeColumn + min(m + 3u, params.M - 1u) * bStride);
    for (var j = 0u; j < TN4; j++) { // unroll
      for (var q = 0u; q < 4; q++) { // unroll
        let a0 = vec4f(subgroupBroadcast(a[j / FOURS][q], j % FOURS * 4u));
        let a1 = vec4f(subgroupBroadcast(a[j / FOURS][q], j % FOURS * 4u + 1u));
        let a2 = vec4f(subgroupBroadcast(a[j / FOURS][q], j % FOURS * 4u + 2u));
        let a3 = vec4f(subgroupBroadcast(a[j / FOURS][q], j % FOURS * 4u + 3u));
        c[j][q] = fma(a3, b3, fma(a2, b2, fma(a1, b1, fma(a0, b0, c[j][q]))));
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
