// C[M, N] = A[M, K] · B[N, K]ᵀ (+ bias[N]): a linear layer, B as PyTorch stores its weight.
// @binding(0) A f32 [M, K] rows aStride apart, read      @binding(1) B f32 [N, K] rows bStride apart, read
// @binding(2) bias f32 [N], read (unused without BIAS)   @binding(3) C f32 [M, N] rows cStride apart, read_write
// One subgroup a workgroup. A lane owns TN columns (n = LANES apart) and TM rows: it loads vec4s of its own rows of B, and
// each A element is loaded once by one lane and handed to the others by subgroupBroadcast, which on software Vulkan
// costs far less than a storage load.
// Limits: K, strides and offsets divide by 4; workgroup = subgroup of exactly LANES. The sum over K is one fma after another, so the
// bits depend on neither M nor TM, TN, LANES: they equal matmul_nt.wgsl.
enable subgroups;

const LANES = 8u;
const TM = 16u;
const TN = 4u;
const LOADS = 2u;
const BIAS = 0u;
const ACCUMULATE = 0u;

struct Params { M: u32, N: u32, K: u32, aOffset: u32, aStride: u32, bOffset: u32, bStride: u32, biasOffset: u32, cOffset: u32, cStride: u32 }
@group(0) @binding(0) var<storage, read> A: array<vec4f>;
@group(0) @binding(1) var<storage, read> B: array<vec4f>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> C: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn matmul_nt_subgroup(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let row = group.y * TM;
  let column = group.x * (LANES * TN) + lane;
  var a: array<vec4f, LOADS>; // registers
  var b: array<vec4f, TN>; // registers
  var at: array<u32, LOADS>; // registers
  var bt: array<u32, TN>; // registers
  var c: array<array<f32, TN>, TM>; // registers
  for (var r = 0u; r < LOADS; r++) { // unroll
    at[r] = params.aOffset / 4u + min(row + r * LANES + lane, params.M - 1u) * (params.aStride / 4u);
  }
  for (var j = 0u; j < TN; j++) { // unroll
    bt[j] = params.bOffset / 4u + min(column + j * LANES, params.N - 1u) * (params.bStride / 4u);
  }
  for (var k = 0u; k < params.K / 4u; k++) {
    for (var r = 0u; r < LOADS; r++) { // unroll
      a[r] = A[at[r] + k];
    }
    for (var j = 0u; j < TN; j++) { // unroll
      b[j] = B[bt[j] + k];
    }
    for (var i = 0u; i < TM; i++) { // unroll
      let ax = subgroupBroadcast(a[i / LANES].x, i % LANES);
      let ay = subgroupBroadcast(a[i / LANES].y, i % LANES);
      let az = subgroupBroadcast(a[i / LANES].z, i % LANES);
      let aw = subgroupBroadcast(a[i / LANES].w, i % LANES);
      for (var j = 0u; j < TN; j++) { // unroll
        c[i][j] = fma(aw, b[j].w, fma(az, b[j].z, fma(ay, b[j].y, fma(ax, b[j].x, c[i][j]))));
      }
    }
  }
  for (var i = 0u; i < TM; i++) { // unroll
    for (var j = 0u; j < TN; j++) { // unroll
      let n = column + j * LANES;
      if (row + i < params.M && n < params.N) {
        let index = params.cOffset + (row + i) * params.cStride + n;
        var value = c[i][j];
        if (BIAS == 1u) { value += bias[params.biasOffset + n]; }
        if (ACCUMULATE == 1u) { value += C[index]; }
        C[index] = value;
      }
    }
  }
}
