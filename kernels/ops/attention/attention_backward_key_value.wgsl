// dv = Σᵢ pᵢ doutᵢ, dk = scale · Σᵢ pᵢ (doutᵢ · v - deltaᵢ) qᵢ over the later rows i of the sequence and the heads that share the key.
// @binding(0) q f32 [N, H·D]   @binding(1) k f32 [N, K·D]   @binding(2) v f32 [N, K·D]   @binding(3) ends u32 [N]: one past the sequence's last row
// @binding(4) lse f32 [N, H]   @binding(5) delta f32 [N, H]   @binding(6) dout f32 [N, H·D], all read
// @binding(7) dk f32 [N, K·D], read_write   @binding(8) dv f32 [N, K·D], read_write
// Each lane computes one key head of ROWS rows, which share their loads; it loops over rows, then heads, in order, without atomics. Limits: as attention.wgsl.
// Element types and accessors: the host replaces them for 16-bit formats (op.ts: readAs).
alias Elem = f32;
alias QElem = Elem;
alias KElem = Elem;
alias VElem = Elem;
const KV = 2u;
const GROUP = 2u;
const PACK = 1u;
const D = 16u;
const LOADS = D / PACK;
const ROWS = 1u;

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
@group(0) @binding(6) var<storage, read> dout: array<Elem>;
@group(0) @binding(7) var<storage, read_write> dk: array<Elem>;
@group(0) @binding(8) var<storage, read_write> dv: array<Elem>;
@group(0) @binding(9) var<uniform> params: Params;

fn qOf(i: u32) -> Elem { return q[i]; }
fn kOf(i: u32) -> Elem { return k[i]; }
fn vOf(i: u32) -> Elem { return v[i]; }
fn sumOf(value: Elem) -> f32 { return value; }

@compute @workgroup_size(32)
fn attention_backward_key_value(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 32u;
  let row = index / KV * ROWS;
  let kvHead = index % KV;
  if (row >= params.N) { return; }
  var key: array<array<Elem, LOADS>, ROWS>; // registers
  var value: array<array<Elem, LOADS>, ROWS>; // registers
  var keySum: array<array<Elem, LOADS>, ROWS>; // registers
  var valueSum: array<array<Elem, LOADS>, ROWS>; // registers
  var end: array<u32, ROWS>; // registers
  var query: array<Elem, LOADS>; // registers
  var gradient: array<Elem, LOADS>; // registers
  var last = 0u;
  for (var r = 0u; r < ROWS; r++) { // unroll
    let own = min(row + r, params.N - 1u);
    end[r] = ends[own];
    last = end[r];
    for (var d = 0u; d < LOADS; d++) { // unroll
      key[r][d] = kOf((params.kOffset + own * params.kStride) / PACK + kvHead * LOADS + d);
      value[r][d] = vOf((params.vOffset + own * params.vStride) / PACK + kvHead * LOADS + d);
    }
  }
  for (var i = row; i < last; i++) {
    for (var g = 0u; g < GROUP; g++) {
      let head = kvHead * GROUP + g;
      let qAt = (params.qOffset + i * params.qStride) / PACK + head * LOADS;
      let doutAt = (params.doutOffset + i * params.doutStride) / PACK + head * LOADS;
      for (var d = 0u; d < LOADS; d++) { // unroll
        query[d] = qOf(qAt + d);
        gradient[d] = dout[doutAt + d];
      }
      let at = i * (KV * GROUP) + head;
      let normalizer = lse[at];
      let own = delta[at];
      for (var r = 0u; r < ROWS; r++) { // unroll
        var products = Elem();
        var values = Elem();
        for (var d = 0u; d < LOADS; d++) { // unroll
          products = fma(query[d] * params.scale, key[r][d], products);
          values = fma(gradient[d], value[r][d], values);
        }
        let sees = i >= row + r && i < end[r];
        let p = select(0f, exp(sumOf(products) - normalizer), sees);
        let slope = p * (sumOf(values) - own);
        for (var d = 0u; d < LOADS; d++) { // unroll
          keySum[r][d] = fma(Elem(slope), query[d], keySum[r][d]);
          valueSum[r][d] = fma(Elem(p), gradient[d], valueSum[r][d]);
        }
      }
    }
  }
  for (var r = 0u; r < ROWS; r++) { // unroll
    if (row + r < params.N) {
      let dkAt = (params.dkOffset + (row + r) * params.dkStride) / PACK + kvHead * LOADS;
      let dvAt = (params.dvOffset + (row + r) * params.dvStride) / PACK + kvHead * LOADS;
      for (var d = 0u; d < LOADS; d++) { // unroll
        dk[dkAt + d] = keySum[r][d] * params.scale;
        dv[dvAt + d] = valueSum[r][d];
      }
    }
  }
}
