// C[M, N] = A · B (+ bias[N]): B is [N, K] with B_TURNED (NT, a linear layer, B as PyTorch stores its weight: torch.nn.functional.linear), else [K, N]
// (NN, its input's gradient); A is [M, K], or [K, M] with A_TURNED (TN, its weight's gradient).
// @binding(0) A f32, rows aStride apart, read            @binding(1) B f32, rows bStride apart, read
// @binding(2) bias f32 [N], read (unused without BIAS)   @binding(3) C f32 [M, N] rows cStride apart, read_write (added to once with ACCUMULATE)
// One lane per element of C; the sum over K in order. The specification: every faster variant except matrix units gives the same bits.
// Element types and accessors: the host replaces them for 16-bit formats (op.ts: readAs).
alias AElem = f32;
alias BElem = f32;
alias BiasElem = f32;
const A_TURNED = 0u;
const B_TURNED = 1u;
const BIAS = 0u;
const ACCUMULATE = 0u;

struct Params { M: u32, N: u32, K: u32, aOffset: u32, aStride: u32, bOffset: u32, bStride: u32, biasOffset: u32, cOffset: u32, cStride: u32 }
@group(0) @binding(0) var<storage, read> A: array<AElem>;
@group(0) @binding(1) var<storage, read> B: array<BElem>;
@group(0) @binding(2) var<storage, read> bias: array<BiasElem>;
@group(0) @binding(3) var<storage, read_write> C: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

fn aAt(i: u32) -> f32 { return A[i]; }
fn bAt(i: u32) -> f32 { return B[i]; }
fn biasAt(i: u32) -> f32 { return bias[i]; }

@compute @workgroup_size(64)
fn matmul_plain(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  let m = index / params.N;
  let n = index % params.N;
  if (m >= params.M) { return; }
  let aStep = select(1u, params.aStride, A_TURNED == 1u);
  let bStep = select(params.bStride, 1u, B_TURNED == 1u);
  var a = params.aOffset + m * select(params.aStride, 1u, A_TURNED == 1u);
  var b = params.bOffset + n * select(1u, params.bStride, B_TURNED == 1u);
  var value = 0f;
  for (var k = 0u; k < params.K; k++) {
    value = fma(aAt(a), bAt(b), value);
    a += aStep;
    b += bStep;
  }
  let c = params.cOffset + m * params.cStride + n;
  if (BIAS == 1u) { value += biasAt(params.biasOffset + n); }
  if (ACCUMULATE == 1u) { value += C[c]; }
  C[c] = value;
}
