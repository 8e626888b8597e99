// attention_backward_key_value.wgsl with one subgroup per row and key head: same bindings and result, another order of sums. A lane first handles
// one later row (p and its slope), then COLS vec4s of dk and dv. Heads that share the key in order, for each blocks of LANES rows in order, without
// atomics. Limits: D, strides and offsets divide by 4; subgroups of exactly LANES.
enable subgroups;

// Element types and accessors: the host replaces them for 16-bit formats (op.ts: readAs).
alias QElem = vec4f;
alias KElem = vec4f;
alias VElem = vec4f;
const KV = 2u;
const GROUP = 2u;
const D4 = 4u;
const LANES = 8u;
const COLS = (D4 + LANES - 1u) / LANES;

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

fn qOf(i: u32) -> vec4f { return q[i]; }
fn kOf(i: u32) -> vec4f { return k[i]; }
fn vOf(i: u32) -> vec4f { return v[i]; }

var<workgroup> key: array<vec4f, D4>;
var<workgroup> value: array<vec4f, D4>;

@compute @workgroup_size(LANES)
fn attention_backward_key_value_subgroup(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let index = group.x + group.y * groups.x;
  let row = index / KV;
  let kvHead = index % KV;
  if (row >= params.N) { return; }
  for (var d = lane; d < D4; d += LANES) {
    key[d] = kOf((params.kOffset + row * params.kStride) / 4u + kvHead * D4 + d) * params.scale;
    value[d] = vOf((params.vOffset + row * params.vStride) / 4u + kvHead * D4 + d);
  }
  workgroupBarrier();
  let end = ends[row];
  var keySum: array<vec4f, COLS>; // registers
  var valueSum: array<vec4f, COLS>; // registers
  for (var g = 0u; g < GROUP; g++) {
    let head = kvHead * GROUP + g;
    for (var first = row; first < end; first += LANES) {
      // Lanes past the last row read it again with weight 0.
      let i = min(first + lane, end - 1u);
      let qAt = (params.qOffset + i * params.qStride) / 4u + head * D4;
      let doutAt = (params.doutOffset + i * params.doutStride) / 4u + head * D4;
      var products = vec4f();
      var values = vec4f();
      for (var d = 0u; d < D4; d++) {
        products = fma(qOf(qAt + d), key[d], products);
        values = fma(dout[doutAt + d], value[d], values);
      }
      let at = i * (KV * GROUP) + head;
      let power = exp((products.x + products.y) + (products.z + products.w) - lse[at]);
      let p = select(0f, power, first + lane < end);
      let slope = p * ((values.x + values.y) + (values.z + values.w) - delta[at]);
      for (var l = 0u; l < LANES; l++) { // unroll
        let queryAt = subgroupBroadcast(qAt, l);
        let gradientAt = subgroupBroadcast(doutAt, l);
        let keyWeight = subgroupBroadcast(slope, l);
        let valueWeight = subgroupBroadcast(p, l);
        for (var c = 0u; c < COLS; c++) { // unroll
          let column = min(lane + c * LANES, D4 - 1u);
          keySum[c] = fma(vec4f(keyWeight), qOf(queryAt + column), keySum[c]);
          valueSum[c] = fma(vec4f(valueWeight), dout[gradientAt + column], valueSum[c]);
        }
      }
    }
  }
  let dkAt = (params.dkOffset + row * params.dkStride) / 4u + kvHead * D4;
  let dvAt = (params.dvOffset + row * params.dvStride) / 4u + kvHead * D4;
  for (var c = 0u; c < COLS; c++) { // unroll
    let column = lane + c * LANES;
    if (column < D4) {
      dk[dkAt + column] = keySum[c] * params.scale;
      dv[dvAt + column] = valueSum[c];
    }
  }
}
