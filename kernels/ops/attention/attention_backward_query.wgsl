// dq = scale · Σⱼ pⱼ (dout · vⱼ - dout · out) kⱼ with pⱼ = exp(q · kⱼ · scale - lse): the gradient of the query, keys in order.
// @binding(0) q f32 [N, H·D]   @binding(1) k f32 [S, K·D]   @binding(2) v f32 [S, K·D]   @binding(3) spans vec4u [N] (see attention.wgsl)
// @binding(4) out f32 [N, H·D]   @binding(5) lse f32 [N, H]   @binding(6) dout f32 [N, H·D], all read
// @binding(7) dq f32 [N, H·D], read_write   @binding(8) delta f32 [N, H]: dout · out, read_write, for attention_backward_key_value.wgsl
// Each lane computes HEADS heads of one row, which share their keys (HEADS divides GROUP). Limits: as attention.wgsl; no shared prefix.
// Element types and accessors: the host replaces them for 16-bit formats (op.ts: readAs).
alias Elem = f32;
alias QElem = Elem;
alias KElem = Elem;
alias VElem = Elem;
alias OutElem = Elem;
const H = 4u;
const GROUP = 2u;
const HEADS = 1u;
const PACK = 1u;
const D = 16u;
const LOADS = D / PACK;

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
@group(0) @binding(6) var<storage, read> dout: array<Elem>;
@group(0) @binding(7) var<storage, read_write> dq: array<Elem>;
@group(0) @binding(8) var<storage, read_write> delta: array<f32>;
@group(0) @binding(9) var<uniform> params: Params;

fn qOf(i: u32) -> Elem { return q[i]; }
fn kOf(i: u32) -> Elem { return k[i]; }
fn vOf(i: u32) -> Elem { return v[i]; }
fn outOf(i: u32) -> Elem { return out[i]; }
fn sumOf(value: Elem) -> f32 { return value; }

@compute @workgroup_size(32)
fn attention_backward_query(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 32u;
  let row = index / (H / HEADS);
  let head = index % (H / HEADS) * HEADS;
  if (row >= params.N) { return; }
  let span = spans[row];
  let kvHead = head / GROUP * LOADS;
  let qAt = (params.qOffset + row * params.qStride) / PACK + head * LOADS;
  let outAt = (params.outOffset + row * params.outStride) / PACK + head * LOADS;
  let doutAt = (params.doutOffset + row * params.doutStride) / PACK + head * LOADS;
  var query: array<array<Elem, LOADS>, HEADS>; // registers
  var gradient: array<array<Elem, LOADS>, HEADS>; // registers
  var sum: array<array<Elem, LOADS>, HEADS>; // registers
  var own: array<f32, HEADS>; // registers
  var normalizer: array<f32, HEADS>; // registers
  var key: array<Elem, LOADS>; // registers
  var value: array<Elem, LOADS>; // registers
  for (var h = 0u; h < HEADS; h++) { // unroll
    var dots = Elem();
    for (var d = 0u; d < LOADS; d++) { // unroll
      query[h][d] = qOf(qAt + h * LOADS + d) * params.scale;
      gradient[h][d] = dout[doutAt + h * LOADS + d];
      dots = fma(gradient[h][d], outOf(outAt + h * LOADS + d), dots);
    }
    own[h] = sumOf(dots);
    normalizer[h] = lse[row * H + head + h];
  }
  for (var j = 0u; j < span.w; j++) {
    let kAt = (params.kOffset + (span.z + j) * params.kStride) / PACK + kvHead;
    let vAt = (params.vOffset + (span.z + j) * params.vStride) / PACK + kvHead;
    for (var d = 0u; d < LOADS; d++) { // unroll
      key[d] = kOf(kAt + d);
      value[d] = vOf(vAt + d);
    }
    for (var h = 0u; h < HEADS; h++) { // unroll
      var products = Elem();
      var values = Elem();
      for (var d = 0u; d < LOADS; d++) { // unroll
        products = fma(query[h][d], key[d], products);
        values = fma(gradient[h][d], value[d], values);
      }
      let p = exp(sumOf(products) - normalizer[h]);
      let slope = p * (sumOf(values) - own[h]);
      for (var d = 0u; d < LOADS; d++) { // unroll
        sum[h][d] = fma(Elem(slope), key[d], sum[h][d]);
      }
    }
  }
  let to = (params.dqOffset + row * params.dqStride) / PACK + head * LOADS;
  for (var h = 0u; h < HEADS; h++) { // unroll
    for (var d = 0u; d < LOADS; d++) { // unroll
      dq[to + h * LOADS + d] = sum[h][d] * params.scale;
    }
    delta[row * H + head + h] = own[h];
  }
}
