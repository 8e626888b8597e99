// out = softmax(q · Kᵀ · scale) · V as attention.wgsl, for head widths that vec4 loads cannot read: one scalar at a time.
// @binding(0) q f32 [N, H·D], read          @binding(1) k f32 [S, K·D], read         @binding(2) v f32 [S, K·D], read
// @binding(3) spans vec4u [N], read         @binding(4) pages u32 (both see attention.wgsl), read
// @binding(5) out f32 [N, H·D], read_write  @binding(6) lse f32 [N, H], read_write: log Σ exp, saved for backward
// One lane a head of a row; keys one by one in order with a running maximum, the same in training and in decoding. No limits on D.
const H = 4u;
const GROUP = 2u;
const D = 6u;
const PAGED = 0u;
const PAGE = 16u;

struct Params {
  N: u32, qOffset: u32, qStride: u32, kOffset: u32, kStride: u32, vOffset: u32, vStride: u32, spanOffset: u32, outOffset: u32, outStride: u32,
  lseOffset: u32, scale: f32,
}
@group(0) @binding(0) var<storage, read> q: array<f32>;
@group(0) @binding(1) var<storage, read> k: array<f32>;
@group(0) @binding(2) var<storage, read> v: array<f32>;
@group(0) @binding(3) var<storage, read> spans: array<vec4u>;
@group(0) @binding(4) var<storage, read> pages: array<u32>;
@group(0) @binding(5) var<storage, read_write> out: array<f32>;
@group(0) @binding(6) var<storage, read_write> lse: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

@compute @workgroup_size(32)
fn attention_scalar(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 32u;
  let row = index / H;
  let head = index % H;
  if (row >= params.N) { return; }
  let span = spans[params.spanOffset / 4u + row];
  let start = params.qOffset + row * params.qStride + head * D;
  let column = head / GROUP * D;
  var query: array<f32, D>; // registers
  var sum: array<f32, D>; // registers
  for (var d = 0u; d < D; d++) { // unroll
    query[d] = q[start + d] * params.scale;
  }
  var most = -3.4028234e38;
  var total = 0f;
  var page = 0u;
  for (var j = 0u; j < span.w; j++) {
    let inPrefix = j < span.y;
    let first = select(span.z, span.x, inPrefix);
    let nth = select(j - span.y, j, inPrefix);
    if (PAGED == 1u && nth % PAGE == 0u) { page = pages[first + nth / PAGE] * PAGE; }
    let at = select(first + nth, page + nth % PAGE, PAGED == 1u);
    let kAt = params.kOffset + at * params.kStride + column;
    let vAt = params.vOffset + at * params.vStride + column;
    var score = 0f;
    for (var d = 0u; d < D; d++) { // unroll
      score = fma(query[d], k[kAt + d], score);
    }
    // Either the new score or the old maximum is the larger: one of the two factors is 1, the other this power.
    let larger = score > most;
    let power = exp(-abs(score - most));
    let shrink = select(1f, power, larger);
    let weight = select(power, 1f, larger);
    most = select(most, score, larger);
    total = fma(total, shrink, weight);
    for (var d = 0u; d < D; d++) { // unroll
      sum[d] = fma(sum[d], shrink, weight * v[vAt + d]);
    }
  }
  let to = params.outOffset + row * params.outStride + head * D;
  for (var d = 0u; d < D; d++) { // unroll
    out[to + d] = sum[d] / total;
  }
  lse[params.lseOffset + row * H + head] = most + log(total);
}
