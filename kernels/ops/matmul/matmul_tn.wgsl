// C[N, K] += A[M, N]ᵀ · B[M, K]: the weight's gradient of a linear layer (A = dC of the forward pass, B its input).
// @binding(0) A f32 [M, N] rows aStride apart, read    @binding(1) B f32 [M, K] rows bStride apart, read
// @binding(2) C f32 [N, K] rows cStride apart, read_write, added to once, after the sum over M in order
// One lane an element of C. The specification of matmul_tn_subgroup.wgsl.
// What B holds and how an element is read: where it has 16 bits the host sets both (op.ts, readAs).
alias BElem = f32;

struct Params { M: u32, N: u32, K: u32, aOffset: u32, aStride: u32, bOffset: u32, bStride: u32, cOffset: u32, cStride: u32 }
@group(0) @binding(0) var<storage, read> A: array<f32>;
@group(0) @binding(1) var<storage, read> B: array<BElem>;
@group(0) @binding(2) var<storage, read_write> C: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

fn bAt(i: u32) -> f32 { return B[i]; }

@compute @workgroup_size(64)
fn matmul_tn(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  let n = index / params.K;
  let k = index % params.K;
  if (n >= params.N) { return; }
  var value = 0f;
  for (var m = 0u; m < params.M; m++) {
    value = fma(A[params.aOffset + m * params.aStride + n], bAt(params.bOffset + m * params.bStride + k), value);
  }
  C[params.cOffset + n * params.cStride + k] += value;
}
