// C[M, K] = A[M, N] · B[N, K]: the input's gradient of a linear layer (A = dC of the forward pass, B its weight).
// @binding(0) A f32 [M, N] rows aStride apart, read    @binding(1) B f32 [N, K] rows bStride apart, read
// @binding(2) C f32 [M, K] rows cStride apart, read_write (added to with ACCUMULATE)
// One subgroup a workgroup. A lane owns four columns (a vec4) of TM rows; A is loaded once and broadcast.
// Limits: K, strides and offsets divide by 4; columns N … of A up to the next multiple of 4 must be finite and B's row N - 1
// stands in for rows beyond it, their A being taken as 0. The order of the sum is that of matmul_nn.wgsl.
enable subgroups;

// As in matmul_nn.wgsl, four elements at a time.
alias BElem = vec4f;
const LANES = 8u;
const TM = 16u;
const LOADS = (TM + LANES - 1u) / LANES;
const ACCUMULATE = 0u;

struct Params { M: u32, N: u32, K: u32, aOffset: u32, aStride: u32, bOffset: u32, bStride: u32, cOffset: u32, cStride: u32 }
@group(0) @binding(0) var<storage, read> A: array<vec4f>;
@group(0) @binding(1) var<storage, read> B: array<BElem>;
@group(0) @binding(2) var<storage, read_write> C: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

fn bAt(i: u32) -> vec4f { return B[i]; }

@compute @workgroup_size(LANES)
fn matmul_nn_subgroup(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let row = group.y * TM;
  let column = group.x * LANES + lane;
  let columns = params.K / 4u;
  let safeColumn = params.bOffset / 4u + min(column, columns - 1u);
  let bStride = params.bStride / 4u;
  let steps = (params.N + 3u) / 4u;
  var a: array<vec4f, LOADS>; // registers
  var at: array<u32, LOADS>; // registers
  var c: array<vec4f, TM>; // registers
  for (var r = 0u; r < LOADS; r++) { // unroll
    at[r] = params.aOffset / 4u + min(row + r * LANES + lane, params.M - 1u) * (params.aStride / 4u);
  }
  for (var n = 0u; n < steps; n++) {
    let live = vec4u(n * 4u, n * 4u + 1u, n * 4u + 2u, n * 4u + 3u) < vec4u(params.N);
    for (var r = 0u; r < LOADS; r++) { // unroll
      a[r] = select(vec4f(), A[at[r] + n], live);
    }
    let b0 = bAt(safeColumn + (n * 4u) * bStride);
    let b1 = bAt(safeColumn + min(n * 4u + 1u, params.N - 1u) * bStride);
    let b2 = bAt(safeColumn + min(n * 4u + 2u, params.N - 1u) * bStride);
    let b3 = bAt(safeColumn + min(n * 4u + 3u, params.N - 1u) * bStride);
    for (var i = 0u; i < TM; i++) { // unroll
      let ax = vec4f(subgroupBroadcast(a[i / LANES].x, i % LANES));
      let ay = vec4f(subgroupBroadcast(a[i / LANES].y, i % LANES));
      let az = vec4f(subgroupBroadcast(a[i / LANES].z, i % LANES));
      let aw = vec4f(subgroupBroadcast(a[i / LANES].w, i % LANES));
      c[i] = fma(aw, b3, fma(az, b2, fma(ay, b1, fma(ax, b0, c[i]))));
    }
  }
  for (var i = 0u; i < TM; i++) { // unroll
    if (row + i < params.M && column < columns) {
      let index = params.cOffset / 4u + (row + i) * (params.cStride / 4u) + column;
      if (ACCUMULATE == 1u) { C[index] = c[i] + C[index]; } else { C[index] = c[i]; }
    }
  }
}
