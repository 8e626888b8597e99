// attention_backward_query.wgsl with one subgroup per row and HEADS of its heads: same bindings and result, another order of sums.
// A lane first handles one key (p and its slope), then COLS vec4s of dq per head; blocks of LANES keys in order.
// Limits: D, strides and offsets divide by 4; subgroups of exactly LANES; no shared prefix.
enable subgroups;

// Element types and accessors: the host replaces them for 16-bit formats (op.ts: readAs).
alias QElem = vec4f;
alias KElem = vec4f;
alias VElem = vec4f;
alias OutElem = vec4f;
const H = 4u;
const GROUP = 2u;
const HEADS = 1u;
const D4 = 4u;
const LANES = 8u;
const COLS = (D4 + LANES - 1u) / LANES;

struct Params {
  N: u32, qOffset: u32, qStride: u32, kOffset: u32, kStride: u32, vOffset: u32, vStride: u32, outOffset: u32, outStride: u32,
  doutOffset: u32, doutStride: u32, dqOffset: u32, dqStride: u32, scale: f32,
}
@group(0) @binding(0) var<storage, read> q: array<QElem>;
@group(0) @binding(1) var<storage, read> k: array<KElem>;
@group(0) @binding(2) var<storage, read> v: array<VElem>;
@group(0) @binding(3) var<storage, read> spans: array<vec4u>;
@group(0) @binding(4) var<storage, read> out: array<OutElem>;
@group(0) @binding(5) var<storage, read> lse: array<f32>;
@group(0) @binding(6) var<storage, read> dout: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> dq: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> delta: array<f32>;
@group(0) @binding(9) var<uniform> params: Params;

fn qOf(i: u32) -> vec4f { return q[i]; }
fn kOf(i: u32) -> vec4f { return k[i]; }
fn vOf(i: u32) -> vec4f { return v[i]; }
fn outOf(i: u32) -> vec4f { return out[i]; }

var<workgroup> query: array<vec4f, HEADS * D4>;
var<workgroup> gradient: array<vec4f, HEADS * D4>;

@compute @workgroup_size(LANES)
fn attention_backward_query_subgroup(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let index = group.x + group.y * groups.x;
  let row = index / (H / HEADS);
  let head = index % (H / HEADS) * HEADS;
  if (row >= params.N) { return; }
  let span = spans[row];
  let kvHead = head / GROUP * D4;
  let outAt = (params.outOffset + row * params.outStride) / 4u + head * D4;
  for (var i = lane; i < HEADS * D4; i += LANES) {
    query[i] = qOf((params.qOffset + row * params.qStride) / 4u + head * D4 + i) * params.scale;
    gradient[i] = dout[(params.doutOffset + row * params.doutStride) / 4u + head * D4 + i];
  }
  workgroupBarrier();
  var own: array<f32, HEADS>; // registers
  var normalizer: array<f32, HEADS>; // registers
  var sum: array<array<vec4f, COLS>, HEADS>; // registers
  var products: array<vec4f, HEADS>; // registers
  var values: array<vec4f, HEADS>; // registers
  var slope: array<f32, HEADS>; // registers
  var key: array<vec4f, COLS>; // registers
  // Same order as the products below, so that a single key has a slope of exactly 0.
  for (var h = 0u; h < HEADS; h++) { // unroll
    var dots = vec4f();
    for (var d = 0u; d < D4; d++) {
      dots = fma(gradient[h * D4 + d], outOf(outAt + h * D4 + d), dots);
    }
    own[h] = (dots.x + dots.y) + (dots.z + dots.w);
    normalizer[h] = lse[row * H + head + h];
  }
  for (var first = 0u; first < span.w; first += LANES) {
    // Lanes past the last key read it again with slope 0.
    let j = min(first + lane, span.w - 1u);
    let kAt = (params.kOffset + (span.z + j) * params.kStride) / 4u + kvHead;
    let vAt = (params.vOffset + (span.z + j) * params.vStride) / 4u + kvHead;
    for (var h = 0u; h < HEADS; h++) { // unroll
      products[h] = vec4f();
      values[h] = vec4f();
    }
    for (var d = 0u; d < D4; d++) {
      let keyPart = kOf(kAt + d);
      let valuePart = vOf(vAt + d);
      for (var h = 0u; h < HEADS; h++) { // unroll
        products[h] = fma(query[h * D4 + d], keyPart, products[h]);
        values[h] = fma(gradient[h * D4 + d], valuePart, values[h]);
      }
    }
    for (var h = 0u; h < HEADS; h++) { // unroll
      let p = exp((products[h].x + products[h].y) + (products[h].z + products[h].w) - normalizer[h]);
      let pull = (values[h].x + values[h].y) + (values[h].z + values[h].w) - own[h];
      slope[h] = select(0f, p * pull, first + lane < span.w);
    }
    for (var l = 0u; l < LANES; l++) { // unroll
      let start = subgroupBroadcast(kAt, l);
      for (var c = 0u; c < COLS; c++) { // unroll
        key[c] = kOf(start + min(lane + c * LANES, D4 - 1u));
      }
      for (var h = 0u; h < HEADS; h++) { // unroll
        let weight = subgroupBroadcast(slope[h], l);
        for (var c = 0u; c < COLS; c++) { // unroll
          sum[h][c] = fma(vec4f(weight), key[c], sum[h][c]);
        }
      }
    }
  }
  let to = (params.dqOffset + row * params.dqStride) / 4u + head * D4;
  for (var h = 0u; h < HEADS; h++) { // unroll
    for (var c = 0u; c < COLS; c++) { // unroll
      if (lane + c * LANES < D4) { dq[to + h * D4 + lane + c * LANES] = sum[h][c] * params.scale; }
    }
    if (lane == 0u) { delta[row * H + head + h] = own[h]; }
  }
}
