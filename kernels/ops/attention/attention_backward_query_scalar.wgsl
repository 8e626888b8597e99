// dq = scale · Σⱼ pⱼ (dout · vⱼ - dout · out) kⱼ as attention_backward_query.wgsl, for head widths that vec4 loads cannot read.
// @binding(0) q f32 [N, H·D]   @binding(1) k f32 [S, K·D]   @binding(2) v f32 [S, K·D]   @binding(3) spans vec4u [N] (see attention.wgsl)
// @binding(4) out f32 [N, H·D]   @binding(5) lse f32 [N, H]   @binding(6) dout f32 [N, H·D], all read
// @binding(7) dq f32 [N, H·D], read_write   @binding(8) delta f32 [N, H]: dout · out, read_write, for attention_backward_key_value_scalar.wgsl
// One lane a head of a row, keys in order. Limits: own keys only (no shared prefix).
const H = 4u;
const GROUP = 2u;
const D = 6u;

struct Params {
  N: u32, qOffset: u32, qStride: u32, kOffset: u32, kStride: u32, vOffset: u32, vStride: u32, outOffset: u32, outStride: u32,
  doutOffset: u32, doutStride: u32, dqOffset: u32, dqStride: u32, scale: f32,
}
@group(0) @binding(0) var<storage, read> q: array<f32>;
@group(0) @binding(1) var<storage, read> k: array<f32>;
@group(0) @binding(2) var<storage, read> v: array<f32>;
@group(0) @binding(3) var<storage, read> spans: array<vec4u>;
@group(0) @binding(4) var<storage, read> out: array<f32>;
@group(0) @binding(5) var<storage, read> lse: array<f32>;
@group(0) @binding(6) var<storage, read> dout: array<f32>;
@group(0) @binding(7) var<storage, read_write> dq: array<f32>;
@group(0) @binding(8) var<storage, read_write> delta: array<f32>;
@group(0) @binding(9) var<uniform> params: Params;

@compute @workgroup_size(32)
fn attention_backward_query_scalar(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 32u;
  let row = index / H;
  let head = index % H;
  if (row >= params.N) { return; }
  let span = spans[row];
  let column = head / GROUP * D;
  let qAt = params.qOffset + row * params.qStride + head * D;
  let outAt = params.outOffset + row * params.outStride + head * D;
  let doutAt = params.doutOffset + row * params.doutStride + head * D;
  var query: array<f32, D>; // registers
  var gradient: array<f32, D>; // registers
  var sum: array<f32, D>; // registers
  var own = 0f;
  for (var d = 0u; d < D; d++) { // unroll
    query[d] = q[qAt + d] * params.scale;
    gradient[d] = dout[doutAt + d];
    own = fma(gradient[d], out[outAt + d], own);
  }
  let normalizer = lse[row * H + head];
  for (var j = 0u; j < span.w; j++) {
    let kAt = params.kOffset + (span.z + j) * params.kStride + column;
    let vAt = params.vOffset + (span.z + j) * params.vStride + column;
    var product = 0f;
    var value = 0f;
    for (var d = 0u; d < D; d++) { // unroll
      product = fma(query[d], k[kAt + d], product);
      value = fma(gradient[d], v[vAt + d], value);
    }
    let slope = exp(product - normalizer) * (value - own);
    for (var d = 0u; d < D; d++) { // unroll
      sum[d] = fma(slope, k[kAt + d], sum[d]);
    }
  }
  let to = params.dqOffset + row * params.dqStride + head * D;
  for (var d = 0u; d < D; d++) { // unroll
    dq[to + d] = sum[d] * params.scale;
  }
  delta[row * H + head] = own;
}
