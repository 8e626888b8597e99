// out = softmax(q · Kᵀ · scale) · V per query row and head, causal, with grouped heads; stores nothing of size T × T.
// @binding(0) q f32 [N, H·D], read          @binding(1) k f32 [S, K·D], read         @binding(2) v f32 [S, K·D], read
// @binding(3) spans vec4u [N]: rows `prefixStart … + prefixLength` of k and v, then `ownStart …`, `count` keys in all, read
// @binding(4) blockTables u32: with PAGED the starts of a span are indices into it, its entries block numbers (BLOCK rows each); else unused, read
// @binding(5) out f32 [N, H·D], read_write  @binding(6) lse f32 [N, H], read_write: log Σ exp, saved for backward
// Each lane computes HEADS heads of one row, which share their keys (HEADS divides GROUP); registers hold LOADS loads of PACK columns of each.
// Keys are read in order with a running maximum, so a row's bits depend only on its keys: the same in training and in decoding from any blocks.
// Limits: with Elem = vec4f and PACK = 4, D, strides and offsets divide by 4, and `sumOf` adds four sums. Source: online softmax, Milakov and Gimelshein 2018.
// Element types and accessors: the host replaces them for 16-bit formats (op.ts: readAs, writeAs).
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
const PAGED = 0u;
const BLOCK = 16u;

struct Params {
  N: u32, qOffset: u32, qStride: u32, kOffset: u32, kStride: u32, vOffset: u32, vStride: u32, spanOffset: u32, outOffset: u32, outStride: u32,
  lseOffset: u32, scale: f32,
}
@group(0) @binding(0) var<storage, read> q: array<QElem>;
@group(0) @binding(1) var<storage, read> k: array<KElem>;
@group(0) @binding(2) var<storage, read> v: array<VElem>;
@group(0) @binding(3) var<storage, read> spans: array<vec4u>;
@group(0) @binding(4) var<storage, read> blockTables: array<u32>;
@group(0) @binding(5) var<storage, read_write> out: array<OutElem>;
@group(0) @binding(6) var<storage, read_write> lse: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

fn qOf(i: u32) -> Elem { return q[i]; }
fn kOf(i: u32) -> Elem { return k[i]; }
fn vOf(i: u32) -> Elem { return v[i]; }
fn asOut(value: Elem) -> OutElem { return value; }
fn sumOf(value: Elem) -> f32 { return value; }

@compute @workgroup_size(32)
fn attention(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 32u;
  let row = index / (H / HEADS);
  let head = index % (H / HEADS) * HEADS;
  if (row >= params.N) { return; }
  let span = spans[params.spanOffset / 4u + row];
  let start = (params.qOffset + row * params.qStride) / PACK + head * LOADS;
  let kvHead = head / GROUP * LOADS;
  var query: array<array<Elem, LOADS>, HEADS>; // registers
  var sum: array<array<Elem, LOADS>, HEADS>; // registers
  var most: array<f32, HEADS>; // registers
  var total: array<f32, HEADS>; // registers
  var key: array<Elem, LOADS>; // registers
  var value: array<Elem, LOADS>; // registers
  for (var h = 0u; h < HEADS; h++) { // unroll
    most[h] = -3.4028234e38;
    for (var d = 0u; d < LOADS; d++) { // unroll
      query[h][d] = qOf(start + h * LOADS + d) * params.scale;
    }
  }
  var block = 0u;
  for (var j = 0u; j < span.w; j++) {
    let inPrefix = j < span.y;
    let first = select(span.z, span.x, inPrefix);
    let nth = select(j - span.y, j, inPrefix);
    if (PAGED == 1u && nth % BLOCK == 0u) { block = blockTables[first + nth / BLOCK] * BLOCK; }
    let at = select(first + nth, block + nth % BLOCK, PAGED == 1u);
    let kAt = (params.kOffset + at * params.kStride) / PACK + kvHead;
    let vAt = (params.vOffset + at * params.vStride) / PACK + kvHead;
    for (var d = 0u; d < LOADS; d++) { // unroll
      key[d] = kOf(kAt + d);
      value[d] = vOf(vAt + d);
    }
    for (var h = 0u; h < HEADS; h++) { // unroll
      var products = Elem();
      for (var d = 0u; d < LOADS; d++) { // unroll
        products = fma(query[h][d], key[d], products);
      }
      let score = sumOf(products);
      // The larger of the new score and the old maximum gets the factor 1, the other this power.
      let larger = score > most[h];
      let power = exp(-abs(score - most[h]));
      let shrink = select(1f, power, larger);
      let weight = select(power, 1f, larger);
      most[h] = select(most[h], score, larger);
      total[h] = fma(total[h], shrink, weight);
      for (var d = 0u; d < LOADS; d++) { // unroll
        sum[h][d] = fma(sum[h][d], Elem(shrink), weight * value[d]);
      }
    }
  }
  let to = (params.outOffset + row * params.outStride) / PACK + head * LOADS;
  for (var h = 0u; h < HEADS; h++) { // unroll
    for (var d = 0u; d < LOADS; d++) { // unroll
      out[to + h * LOADS + d] = asOut(sum[h][d] / total[h]);
    }
    lse[params.lseOffset + row * H + head + h] = most[h] + log(total[h]);
  }
}
