// C[M, N] = A[M, K] · B[N, K]ᵀ (+ bias[N]): a linear layer, B as PyTorch stores its weight.
// @binding(0) A f32 [M, K] rows aStride apart, read      @binding(1) B f32 [N, K] rows bStride apart, read
// @binding(2) bias f32 [N], read (unused without BIAS)   @binding(3) C f32 [M, N] rows cStride apart, read_write
// One subgroup a workgroup. A lane owns four columns (a vec4) of TM rows of C, that is four rows of B; each A element is loaded once by
// one lane and handed to the others by subgroupBroadcast, which on software Vulkan costs far less than a storage load.
// Limits: K, strides and offsets divide by 4; the gap behind C's N columns up to the next multiple of 4 is written too; workgroup =
// subgroup of exactly LANES. The sum over K is one fma after another, so the bits do not depend on M, TM or LANES: they equal matmul_nt.wgsl.
enable subgroups;

// As in matmul_nt.wgsl, four elements at a time of A, B and C; C is written so too (op.ts, writeAs).
alias AElem = vec4f;
alias BElem = vec4f;
alias CElem = vec4f;
alias BiasElem = f32;
const LANES = 8u;
const TM = 16u;
const LOADS = (TM + LANES - 1u) / LANES;
const BIAS = 0u;
const ACCUMULATE = 0u;

struct Params { M: u32, N: u32, K: u32, aOffset: u32, aStride: u32, bOffset: u32, bStride: u32, biasOffset: u32, cOffset: u32, cStride: u32 }
@group(0) @binding(0) var<storage, read> A: array<AElem>;
@group(0) @binding(1) var<storage, read> B: array<BElem>;
@group(0) @binding(2) var<storage, read> bias: array<BiasElem>;
@group(0) @binding(3) var<storage, read_write> C: array<CElem>;
@group(0) @binding(4) var<uniform> params: Params;

fn aAt(i: u32) -> vec4f { return A[i]; }
fn bAt(i: u32) -> vec4f { return B[i]; }
fn cAt(i: u32) -> vec4f { return C[i]; }
fn asC(value: vec4f) -> CElem { return value; }
fn biasAt(i: u32) -> f32 { return bias[i]; }

@compute @workgroup_size(LANES)
fn matmul_nt_subgroup(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let row = group.y * TM;
  let column = (group.x * LANES + lane) * 4u;
  let columns = vec4u(column, column + 1u, column + 2u, column + 3u);
  let own = params.bOffset / 4u + min(columns, vec4u(params.N - 1u)) * (params.bStride / 4u);
  var a: array<vec4f, LOADS>; // registers
  var at: array<u32, LOADS>; // registers
  var c: array<vec4f, TM>; // registers
  for (var r = 0u; r < LOADS; r++) { // unroll
    at[r] = params.aOffset / 4u + min(row + r * LANES + lane, params.M - 1u) * (params.aStride / 4u);
  }
  for (var k = 0u; k < params.K / 4u; k++) {
    for (var r = 0u; r < LOADS; r++) { // unroll
      a[r] = aAt(at[r] + k);
    }
    let b0 = bAt(own.x + k);
    let b1 = bAt(own.y + k);
    let b2 = bAt(own.z + k);
    let b3 = bAt(own.w + k);
    let bx = vec4f(b0.x, b1.x, b2.x, b3.x);
    let by = vec4f(b0.y, b1.y, b2.y, b3.y);
    let bz = vec4f(b0.z, b1.z, b2.z, b3.z);
    let bw = vec4f(b0.w, b1.w, b2.w, b3.w);
    for (var i = 0u; i < TM; i++) { // unroll
      let ax = vec4f(subgroupBroadcast(a[i / LANES].x, i % LANES));
      let ay = vec4f(subgroupBroadcast(a[i / LANES].y, i % LANES));
      let az = vec4f(subgroupBroadcast(a[i / LANES].z, i % LANES));
      let aw = vec4f(subgroupBroadcast(a[i / LANES].w, i % LANES));
      c[i] = fma(aw, bw, fma(az, bz, fma(ay, by, fma(ax, bx, c[i]))));
    }
  }
  if (column >= params.N) { return; }
  let first = params.biasOffset + column;
  let last = params.biasOffset + params.N - 1u;
  var shift = vec4f();
  if (BIAS == 1u) { shift = vec4f(biasAt(min(first, last)), biasAt(min(first + 1u, last)), biasAt(min(first + 2u, last)), biasAt(min(first + 3u, last))); }
  for (var i = 0u; i < TM; i++) { // unroll
    if (row + i < params.M) {
      let index = (params.cOffset + (row + i) * params.cStride + column) / 4u;
      var value = c[i];
      if (BIAS == 1u) { value += shift; }
      if (ACCUMULATE == 1u) { value += cAt(index); }
      C[index] = asC(value);
    }
  }
}
