// C[M, K] = A[M, N] · B[N, K]: the input's gradient of a linear layer (A = dC of the forward pass, B its weight).
// @binding(0) A f32 [M, N] rows aStride apart, read    @binding(1) B f32 [N, K] rows bStride apart, read
// @binding(2) C f32 [M, K] rows cStride apart, read_write (added to with ACCUMULATE)
// One lane an element of C; the sum over N in order. The specification of matmul_nn_subgroup.wgsl.
// What B holds and how an element is read: with 16-bit weights the host sets both (op.ts, readAs).
alias BElem = f32;
const ACCUMULATE = 0u;

struct Params { M: u32, N: u32, K: u32, aOffset: u32, aStride: u32, bOffset: u32, bStride: u32, cOffset: u32, cStride: u32 }
@group(0) @binding(0) var<storage, read> A: array<f32>;
@group(0) @binding(1) var<storage, read> B: array<BElem>;
@group(0) @binding(2) var<storage, read_write> C: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

fn bAt(i: u32) -> f32 { return B[i]; }

@compute @workgroup_size(64)
fn matmul_nn(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  let m = index / params.K;
  let k = index % params.K;
  if (m >= params.M) { return; }
  let a = params.aOffset + m * params.aStride;
  var value = 0f;
  for (var n = 0u; n < params.N; n++) {
    value = fma(A[a + n], bAt(params.bOffset + n * params.bStride + k), value);
  }
  let c = params.cOffset + m * params.cStride + k;
  if (ACCUMULATE == 1u) { value += C[c]; }
  C[c] = value;
}
