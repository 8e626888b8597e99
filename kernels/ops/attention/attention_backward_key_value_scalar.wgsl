// dv = Σᵢ pᵢ doutᵢ, dk = scale · Σᵢ pᵢ (doutᵢ · v - deltaᵢ) qᵢ as attention_backward_key_value.wgsl, for head widths that vec4 loads cannot read.
// @binding(0) q f32 [N, H·D]   @binding(1) k f32 [N, K·D]   @binding(2) v f32 [N, K·D]   @binding(3) ends u32 [N]: one past the sequence's last row
// @binding(4) lse f32 [N, H]   @binding(5) delta f32 [N, H]   @binding(6) dout f32 [N, H·D], all read
// @binding(7) dk f32 [N, K·D], read_write   @binding(8) dv f32 [N, K·D], read_write
// One lane a key head of a row, looping over rows, then heads, in order: no atomics.
const KV = 2u;
const GROUP = 2u;
const D = 6u;

struct Params {
  N: u32, qOffset: u32, qStride: u32, kOffset: u32, kStride: u32, vOffset: u32, vStride: u32, doutOffset: u32, doutStride: u32,
  dkOffset: u32, dkStride: u32, dvOffset: u32, dvStride: u32, scale: f32,
}
@group(0) @binding(0) var<storage, read> q: array<f32>;
@group(0) @binding(1) var<storage, read> k: array<f32>;
@group(0) @binding(2) var<storage, read> v: array<f32>;
@group(0) @binding(3) var<storage, read> ends: array<u32>;
@group(0) @binding(4) var<storage, read> lse: array<f32>;
@group(0) @binding(5) var<storage, read> delta: array<f32>;
@group(0) @binding(6) var<storage, read> dout: array<f32>;
@group(0) @binding(7) var<storage, read_write> dk: array<f32>;
@group(0) @binding(8) var<storage, read_write> dv: array<f32>;
@group(0) @binding(9) var<uniform> params: Params;

@compute @workgroup_size(32)
fn attention_backward_key_value_scalar(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 32u;
  let row = index / KV;
  let kvHead = index % KV;
  if (row >= params.N) { return; }
  var key: array<f32, D>; // registers
  var value: array<f32, D>; // registers
  var keySum: array<f32, D>; // registers
  var valueSum: array<f32, D>; // registers
  for (var d = 0u; d < D; d++) { // unroll
    key[d] = k[params.kOffset + row * params.kStride + kvHead * D + d];
    value[d] = v[params.vOffset + row * params.vStride + kvHead * D + d];
  }
  for (var i = row; i < ends[row]; i++) {
    for (var g = 0u; g < GROUP; g++) {
      let head = kvHead * GROUP + g;
      let qAt = params.qOffset + i * params.qStride + head * D;
      let doutAt = params.doutOffset + i * params.doutStride + head * D;
      var product = 0f;
      var pull = 0f;
      for (var d = 0u; d < D; d++) { // unroll
        product = fma(q[qAt + d] * params.scale, key[d], product);
        pull = fma(dout[doutAt + d], value[d], pull);
      }
      let at = i * (KV * GROUP) + head;
      let p = exp(product - lse[at]);
      let slope = p * (pull - delta[at]);
      for (var d = 0u; d < D; d++) { // unroll
        keySum[d] = fma(slope, q[qAt + d], keySum[d]);
        valueSum[d] = fma(p, dout[doutAt + d], valueSum[d]);
      }
    }
  }
  for (var d = 0u; d < D; d++) { // unroll
    dk[params.dkOffset + row * params.dkStride + kvHead * D + d] = keySum[d] * params.scale;
    dv[params.dvOffset + row * params.dvStride + kvHead * D + d] = valueSum[d];
  }
}
