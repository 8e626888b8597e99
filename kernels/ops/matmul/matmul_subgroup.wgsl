// C[M, N] = A[M, K] · B (+ bias[N]): B is [N, K] with B_TURNED (NT, a linear layer), else [K, N] (NN, its input's gradient).
// @binding(0) A f32 [M, K] rows aStride apart, read      @binding(1) B f32, rows bStride apart, read
// @binding(2) bias f32 [N], read (unused without BIAS)   @binding(3) C f32 [M, N] rows cStride apart, read_write (added to with ACCUMULATE)
// One subgroup per workgroup. Each lane computes four columns (a vec4) of TM rows of C. One lane loads an element of A and broadcasts it
// (subgroupBroadcast), which on software Vulkan costs far less than a storage load. The sum over K is a chain of fmas, so bits do not depend on M,
// TM or LANES and equal those of matmul_plain.wgsl. Limits: strides and offsets divide by 4, with B_TURNED K too, else N; without B_TURNED columns K … of A up
// to a multiple of 4 must be finite (0 with TAIL), and B's row K - 1 replaces rows beyond it. The gap behind C's N columns up to a multiple of 4 is
// overwritten. The workgroup is a subgroup of exactly LANES.
enable subgroups;

// As in matmul_plain.wgsl, but four elements of A, B and C at a time; C may have 16 bits (op.ts: writeAs).
alias AElem = vec4f;
alias BElem = vec4f;
alias CElem = vec4f;
alias BiasElem = f32;
const LANES = 8u;
const TM = 16u;
const LOADS = (TM + LANES - 1u) / LANES;
const B_TURNED = 1u;
const TAIL = 0u;
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
fn fourFrom(i: u32) -> vec4u { return vec4u(i, i + 1u, i + 2u, i + 3u); }

@compute @workgroup_size(LANES)
fn matmul_subgroup(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let row = group.y * TM;
  let column = (group.x * LANES + lane) * 4u;
  let bStride = params.bStride / 4u;
  // Indices of the lane's first four numbers of B, and the step to the next four.
  let turned = params.bOffset / 4u + min(fourFrom(column), vec4u(params.N - 1u)) * bStride;
  let straight = params.bOffset / 4u + min(column / 4u, params.N / 4u - 1u);
  var a: array<vec4f, LOADS>; // registers
  var at: array<u32, LOADS>; // registers
  var c: array<vec4f, TM>; // registers
  for (var r = 0u; r < LOADS; r++) { // unroll
    at[r] = params.aOffset / 4u + min(row + r * LANES + lane, params.M - 1u) * (params.aStride / 4u);
  }
  for (var k = 0u; k < (params.K + 3u) / 4u; k++) {
    for (var r = 0u; r < LOADS; r++) { // unroll
      a[r] = aAt(at[r] + k);
      if (TAIL == 1u) { a[r] = select(vec4f(), a[r], fourFrom(k * 4u) < vec4u(params.K)); }
    }
    var place = turned + k;
    if (B_TURNED == 0u) { place = straight + min(fourFrom(k * 4u), vec4u(params.K - 1u)) * bStride; }
    var bx = bAt(place.x);
    var by = bAt(place.y);
    var bz = bAt(place.z);
    var bw = bAt(place.w);
    if (B_TURNED == 1u) {
      let b0 = bx;
      let b1 = by;
      let b2 = bz;
      let b3 = bw;
      bx = vec4f(b0.x, b1.x, b2.x, b3.x);
      by = vec4f(b0.y, b1.y, b2.y, b3.y);
      bz = vec4f(b0.z, b1.z, b2.z, b3.z);
      bw = vec4f(b0.w, b1.w, b2.w, b3.w);
    }
    for (var i = 0u; i < TM; i++) { // unroll
      let ax = vec4f(subgroupBroadcast(a[i / LANES].x, i % LANES));
      let ay = vec4f(subgroupBroadcast(a[i / LANES].y, i % LANES));
      let az = vec4f(subgroupBroadcast(a[i / LANES].z, i % LANES));
      let aw = vec4f(subgroupBroadcast(a[i / LANES].w, i % LANES));
      c[i] = fma(aw, bw, fma(az, bz, fma(ay, by, fma(ax, bx, c[i]))));
    }
  }
  if (column >= params.N) { return; }
  var shift = vec4f();
  if (BIAS == 1u) {
    let own = params.biasOffset + min(fourFrom(column), vec4u(params.N - 1u));
    shift = vec4f(biasAt(own.x), biasAt(own.y), biasAt(own.z), biasAt(own.w));
  }
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
