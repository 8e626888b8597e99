// out = softmax(q · Kᵀ · scale) · V for each query row and head over the keys before it (causal), grouped heads, nothing of T × T stored.
// @binding(0) q f32 [N, H·D], read          @binding(1) k f32 [S, K·D], read         @binding(2) v f32 [S, K·D], read
// @binding(3) spans vec4u [N]: rows `prefixStart … + prefixLength` of k and v, then `ownStart …`, `count` keys in all, read
// @binding(4) out f32 [N, H·D], read_write  @binding(5) lse f32 [N, H], read_write: log Σ exp, saved for backward
// One lane a head of a row, D4 vec4s in registers; keys one by one in order with a running maximum, so a row's bits depend on
// its keys alone: the same in training (k, v of the pass itself) and in decoding (k, v from the cache).
// Limits: D, strides and offsets divide by 4. Source: online softmax, Milakov and Gimelshein 2018.
const H = 4u;
const GROUP = 2u;
const D4 = 4u;

struct Params {
  N: u32, qOffset: u32, qStride: u32, kOffset: u32, kStride: u32, vOffset: u32, vStride: u32, spanOffset: u32, outOffset: u32, outStride: u32,
  lseOffset: u32, scale: f32,
}
@group(0) @binding(0) var<storage, read> q: array<vec4f>;
@group(0) @binding(1) var<storage, read> k: array<vec4f>;
@group(0) @binding(2) var<storage, read> v: array<vec4f>;
@group(0) @binding(3) var<storage, read> spans: array<vec4u>;
@group(0) @binding(4) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> lse: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(32)
fn attention(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 32u;
  let row = index / H;
  let head = index % H;
  if (row >= params.N) { return; }
  let span = spans[params.spanOffset / 4u + row];
  let base = (params.qOffset + row * params.qStride) / 4u + head * D4;
  let kvHead = head / GROUP * D4;
  var query: array<vec4f, D4>; // registers
  var sum: array<vec4f, D4>; // registers
  for (var d = 0u; d < D4; d++) { // unroll
    query[d] = q[base + d] * params.scale;
  }
  var most = -3.4028234e38;
  var total = 0f;
  for (var j = 0u; j < span.w; j++) {
    let key = select(span.z + j - span.y, span.x + j, j < span.y);
    let kAt = (params.kOffset + key * params.kStride) / 4u + kvHead;
    let vAt = (params.vOffset + key * params.vStride) / 4u + kvHead;
    var products = vec4f();
    for (var d = 0u; d < D4; d++) { // unroll
      products = fma(query[d], k[kAt + d], products);
    }
    let score = (products.x + products.y) + (products.z + products.w);
    let larger = max(most, score);
    let shrink = exp(most - larger);
    let weight = exp(score - larger);
    most = larger;
    total = fma(total, shrink, weight);
    for (var d = 0u; d < D4; d++) { // unroll
      sum[d] = fma(sum[d], vec4f(shrink), weight * v[vAt + d]);
    }
  }
  let to = (params.outOffset + row * params.outStride) / 4u + head * D4;
  for (var d = 0u; d < D4; d++) { // unroll
    out[to + d] = sum[d] / total;
  }
  lse[params.lseOffset + index] = most + log(total);
}
