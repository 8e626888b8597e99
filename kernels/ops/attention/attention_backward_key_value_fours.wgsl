// attention_backward_key_value.wgsl for serial devices (workgroups of one invocation): same bindings and result, another order of sums.
// Processes four later rows at a time, so that products and exponentials are vec4s. Each lane computes one key head of one row, looping over fours
// of later rows, then over the heads that share the key, in order. Limits: D, strides and offsets divide by 4, D by 4 STEP.
// Element types and accessors: the host replaces them for 16-bit formats (op.ts: readAs).
alias QElem = vec4f;
alias KElem = vec4f;
alias VElem = vec4f;
const KV = 2u;
const GROUP = 2u;
const D4 = 4u;
const STEP = 1u;

struct Params {
  N: u32, qOffset: u32, qStride: u32, kOffset: u32, kStride: u32, vOffset: u32, vStride: u32, doutOffset: u32, doutStride: u32,
  dkOffset: u32, dkStride: u32, dvOffset: u32, dvStride: u32, scale: f32,
}
@group(0) @binding(0) var<storage, read> q: array<QElem>;
@group(0) @binding(1) var<storage, read> k: array<KElem>;
@group(0) @binding(2) var<storage, read> v: array<VElem>;
@group(0) @binding(3) var<storage, read> ends: array<u32>;
@group(0) @binding(4) var<storage, read> lse: array<f32>;
@group(0) @binding(5) var<storage, read> delta: array<f32>;
@group(0) @binding(6) var<storage, read> dout: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> dk: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> dv: array<vec4f>;
@group(0) @binding(9) var<uniform> params: Params;
var<workgroup> key: array<vec4f, D4>;
var<workgroup> value: array<vec4f, D4>;
var<workgroup> keySum: array<vec4f, D4>;
var<workgroup> valueSum: array<vec4f, D4>;

fn qOf(i: u32) -> vec4f { return q[i]; }
fn kOf(i: u32) -> vec4f { return k[i]; }
fn vOf(i: u32) -> vec4f { return v[i]; }

fn sumsOf(a: vec4f, b: vec4f, c: vec4f, d: vec4f) -> vec4f {
  return (vec4f(a.x, b.x, c.x, d.x) + vec4f(a.y, b.y, c.y, d.y)) + (vec4f(a.z, b.z, c.z, d.z) + vec4f(a.w, b.w, c.w, d.w));
}

@compute @workgroup_size(1)
fn attention_backward_key_value_fours(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = group.x + group.y * groups.x;
  let row = index / KV;
  let kvHead = index % KV;
  if (row >= params.N) { return; }
  let last = ends[row] - 1u;
  let kAt = (params.kOffset + row * params.kStride) / 4u + kvHead * D4;
  let vAt = (params.vOffset + row * params.vStride) / 4u + kvHead * D4;
  for (var s = 0u; s < D4; s += STEP) {
    for (var e = 0u; e < STEP; e++) { // unroll
      key[s + e] = kOf(kAt + s + e) * params.scale;
      value[s + e] = vOf(vAt + s + e);
      keySum[s + e] = vec4f();
      valueSum[s + e] = vec4f();
    }
  }
  for (var i = row; i <= last; i += 4u) {
    let rows = min(vec4u(i, i + 1u, i + 2u, i + 3u), vec4u(last));
    let exists = vec4u(i, i + 1u, i + 2u, i + 3u) <= vec4u(last);
    let qRows = rows * (params.qStride / 4u) + vec4u(params.qOffset / 4u);
    let doutRows = rows * (params.doutStride / 4u) + vec4u(params.doutOffset / 4u);
    for (var head = kvHead * GROUP; head < kvHead * GROUP + GROUP; head++) {
      let q0 = qRows.x + head * D4;
      let q1 = qRows.y + head * D4;
      let q2 = qRows.z + head * D4;
      let q3 = qRows.w + head * D4;
      let dout0 = doutRows.x + head * D4;
      let dout1 = doutRows.y + head * D4;
      let dout2 = doutRows.z + head * D4;
      let dout3 = doutRows.w + head * D4;
      var products0 = vec4f();
      var products1 = vec4f();
      var products2 = vec4f();
      var products3 = vec4f();
      var values0 = vec4f();
      var values1 = vec4f();
      var values2 = vec4f();
      var values3 = vec4f();
      for (var s = 0u; s < D4; s += STEP) {
        for (var e = 0u; e < STEP; e++) { // unroll
          products0 = fma(qOf(q0 + s + e), key[s + e], products0);
          products1 = fma(qOf(q1 + s + e), key[s + e], products1);
          products2 = fma(qOf(q2 + s + e), key[s + e], products2);
          products3 = fma(qOf(q3 + s + e), key[s + e], products3);
          values0 = fma(dout[dout0 + s + e], value[s + e], values0);
          values1 = fma(dout[dout1 + s + e], value[s + e], values1);
          values2 = fma(dout[dout2 + s + e], value[s + e], values2);
          values3 = fma(dout[dout3 + s + e], value[s + e], values3);
        }
      }
      let at = rows * (KV * GROUP) + head;
      let normalizer = vec4f(lse[at.x], lse[at.y], lse[at.z], lse[at.w]);
      let own = vec4f(delta[at.x], delta[at.y], delta[at.z], delta[at.w]);
      let p = select(vec4f(), exp(sumsOf(products0, products1, products2, products3) - normalizer), exists);
      let slope = p * (sumsOf(values0, values1, values2, values3) - own);
      let slope0 = vec4f(slope.x);
      let p0 = vec4f(p.x);
      let slope1 = vec4f(slope.y);
      let p1 = vec4f(p.y);
      let slope2 = vec4f(slope.z);
      let p2 = vec4f(p.z);
      let slope3 = vec4f(slope.w);
      let p3 = vec4f(p.w);
      for (var s = 0u; s < D4; s += STEP) {
        for (var e = 0u; e < STEP; e++) { // unroll
          let one = fma(slope0, qOf(q0 + s + e), keySum[s + e]);
          let two = fma(slope1, qOf(q1 + s + e), one);
          let three = fma(slope2, qOf(q2 + s + e), two);
          keySum[s + e] = fma(slope3, qOf(q3 + s + e), three);
          let first = fma(p0, dout[dout0 + s + e], valueSum[s + e]);
          let second = fma(p1, dout[dout1 + s + e], first);
          let third = fma(p2, dout[dout2 + s + e], second);
          valueSum[s + e] = fma(p3, dout[dout3 + s + e], third);
        }
      }
    }
  }
  let dkAt = (params.dkOffset + row * params.dkStride) / 4u + kvHead * D4;
  let dvAt = (params.dvOffset + row * params.dvStride) / 4u + kvHead * D4;
  for (var s = 0u; s < D4; s += STEP) {
    for (var e = 0u; e < STEP; e++) { // unroll
      dk[dkAt + s + e] = keySum[s + e] * params.scale;
      dv[dvAt + s + e] = valueSum[s + e];
    }
  }
}
