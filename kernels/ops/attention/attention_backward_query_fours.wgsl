// attention_backward_query.wgsl for serial devices (workgroups of one invocation): same bindings and result, another order of sums.
// Four keys at a time, so that products and exponentials are vec4s. One lane per head of a row.
// Limits: D, strides and offsets divide by 4, D by 4 STEP; no shared prefix.
// Element types and accessors: the host replaces them for 16-bit formats (op.ts: readAs).
alias QElem = vec4f;
alias KElem = vec4f;
alias VElem = vec4f;
alias OutElem = vec4f;
const H = 4u;
const GROUP = 2u;
const D4 = 4u;
const STEP = 1u;

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
var<workgroup> query: array<vec4f, D4>;
var<workgroup> gradient: array<vec4f, D4>;
var<workgroup> sums: array<vec4f, D4>;

fn qOf(i: u32) -> vec4f { return q[i]; }
fn kOf(i: u32) -> vec4f { return k[i]; }
fn vOf(i: u32) -> vec4f { return v[i]; }
fn outOf(i: u32) -> vec4f { return out[i]; }

fn sumsOf(a: vec4f, b: vec4f, c: vec4f, d: vec4f) -> vec4f {
  return (vec4f(a.x, b.x, c.x, d.x) + vec4f(a.y, b.y, c.y, d.y)) + (vec4f(a.z, b.z, c.z, d.z) + vec4f(a.w, b.w, c.w, d.w));
}

@compute @workgroup_size(1)
fn attention_backward_query_fours(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = group.x + group.y * groups.x;
  let row = index / H;
  let head = index % H;
  if (row >= params.N) { return; }
  let span = spans[row];
  let last = span.w - 1u;
  let qAt = (params.qOffset + row * params.qStride) / 4u + head * D4;
  let outAt = (params.outOffset + row * params.outStride) / 4u + head * D4;
  let doutAt = (params.doutOffset + row * params.doutStride) / 4u + head * D4;
  var dots = vec4f();
  for (var d = 0u; d < D4; d++) {
    query[d] = qOf(qAt + d) * params.scale;
    gradient[d] = dout[doutAt + d];
    sums[d] = vec4f();
    dots = fma(gradient[d], outOf(outAt + d), dots);
  }
  let own = (dots.x + dots.y) + (dots.z + dots.w);
  let normalizer = lse[row * H + head];
  var products: array<vec4f, 4>; // registers
  var values: array<vec4f, 4>; // registers
  for (var j = 0u; j < span.w; j += 4u) {
    let keys = min(vec4u(j, j + 1u, j + 2u, j + 3u), vec4u(last)) + vec4u(span.z);
    let exists = vec4u(j, j + 1u, j + 2u, j + 3u) <= vec4u(last);
    let kAt = keys * (params.kStride / 4u) + (params.kOffset / 4u + head / GROUP * D4);
    let vAt = keys * (params.vStride / 4u) + (params.vOffset / 4u + head / GROUP * D4);
    let k0 = kAt.x;
    let k1 = kAt.y;
    let k2 = kAt.z;
    let k3 = kAt.w;
    let v0 = vAt.x;
    let v1 = vAt.y;
    let v2 = vAt.z;
    let v3 = vAt.w;
    for (var i = 0u; i < 4u; i++) { // unroll
      products[i] = vec4f();
      values[i] = vec4f();
    }
    for (var s = 0u; s < D4; s += STEP) {
      for (var e = 0u; e < STEP; e++) { // unroll
        let one = query[s + e];
        products[0] = fma(one, kOf(k0 + s + e), products[0]);
        products[1] = fma(one, kOf(k1 + s + e), products[1]);
        products[2] = fma(one, kOf(k2 + s + e), products[2]);
        products[3] = fma(one, kOf(k3 + s + e), products[3]);
        let other = gradient[s + e];
        values[0] = fma(other, vOf(v0 + s + e), values[0]);
        values[1] = fma(other, vOf(v1 + s + e), values[1]);
        values[2] = fma(other, vOf(v2 + s + e), values[2]);
        values[3] = fma(other, vOf(v3 + s + e), values[3]);
      }
    }
    let scores = sumsOf(products[0], products[1], products[2], products[3]);
    let p = select(vec4f(), exp(scores - vec4f(normalizer)), exists);
    let slope = p * (sumsOf(values[0], values[1], values[2], values[3]) - vec4f(own));
    let slope0 = vec4f(slope.x);
    let slope1 = vec4f(slope.y);
    let slope2 = vec4f(slope.z);
    let slope3 = vec4f(slope.w);
    for (var s = 0u; s < D4; s += STEP) {
      for (var e = 0u; e < STEP; e++) { // unroll
        let one = fma(slope0, kOf(k0 + s + e), sums[s + e]);
        let two = fma(slope1, kOf(k1 + s + e), one);
        let three = fma(slope2, kOf(k2 + s + e), two);
        sums[s + e] = fma(slope3, kOf(k3 + s + e), three);
      }
    }
  }
  let to = (params.dqOffset + row * params.dqStride) / 4u + head * D4;
  for (var d = 0u; d < D4; d++) { dq[to + d] = sums[d] * params.scale; }
  delta[row * H + head] = own;
}
