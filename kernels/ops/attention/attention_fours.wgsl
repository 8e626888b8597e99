// attention.wgsl for serial devices (workgroups of one invocation): same bindings and result, another order of sums. Four keys at a time, so that
// products, exponentials and weights are vec4s. Each lane computes HEADS heads of one row, which share their keys (HEADS divides GROUP).
// Keys are read in chunks of CHUNK, counted from the row's first key, so a row's bits depend only on its keys.
// Limits: D, strides and offsets divide by 4, D by 4 STEP. Source: online softmax, Milakov and Gimelshein 2018.
// Element types and accessors: the host replaces them for 16-bit formats (op.ts: readAs, writeAs).
alias QElem = vec4f;
alias KElem = vec4f;
alias VElem = vec4f;
alias OutElem = vec4f;
const H = 4u;
const GROUP = 2u;
const HEADS = 1u;
const D4 = 4u;
const STEP = 1u;
const PAGED = 0u;
const BLOCK = 16u;
const CHUNK = 64u;

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
var<workgroup> query: array<vec4f, HEADS * D4>;
var<workgroup> sums: array<vec4f, HEADS * D4>;
var<workgroup> weights: array<vec4f, HEADS * CHUNK / 4u>;
var<workgroup> places: array<vec4u, CHUNK / 4u>;

const lowest = -3.4028234e38;
fn qOf(i: u32) -> vec4f { return q[i]; }
fn kOf(i: u32) -> vec4f { return k[i]; }
fn vOf(i: u32) -> vec4f { return v[i]; }
fn asOut(value: vec4f) -> OutElem { return value; }

fn sumsOf(a: vec4f, b: vec4f, c: vec4f, d: vec4f) -> vec4f {
  return (vec4f(a.x, b.x, c.x, d.x) + vec4f(a.y, b.y, c.y, d.y)) + (vec4f(a.z, b.z, c.z, d.z) + vec4f(a.w, b.w, c.w, d.w));
}

// The row of k and v with the j-th key of a span.
fn rowOf(j: u32, span: vec4u) -> u32 {
  let inPrefix = j < span.y;
  let first = select(span.z, span.x, inPrefix);
  let nth = select(j - span.y, j, inPrefix);
  if (PAGED == 0u) { return first + nth; }
  return blockTables[first + nth / BLOCK] * BLOCK + nth % BLOCK;
}

@compute @workgroup_size(1)
fn attention_fours(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = group.x + group.y * groups.x;
  let row = index / (H / HEADS);
  let head = index % (H / HEADS) * HEADS;
  if (row >= params.N) { return; }
  let span = spans[params.spanOffset / 4u + row];
  let start = (params.qOffset + row * params.qStride) / 4u + head * D4;
  let kvHead = head / GROUP * D4;
  var most: array<f32, HEADS>; // registers
  var total: array<f32, HEADS>; // registers
  var largest: array<vec4f, HEADS>; // registers
  var products: array<array<vec4f, 4>, HEADS>; // registers
  for (var h = 0u; h < HEADS; h++) { // unroll
    most[h] = lowest;
    for (var d = h * D4; d < h * D4 + D4; d++) { query[d] = qOf(start + d) * params.scale; sums[d] = vec4f(); }
  }
  for (var first = 0u; first < span.w; first += CHUNK) {
    let count = min(CHUNK, span.w - first);
    let fours = (count + 3u) / 4u;
    for (var h = 0u; h < HEADS; h++) { // unroll
      largest[h] = vec4f(lowest);
    }
    for (var f = 0u; f < fours; f++) {
      let j = first + f * 4u;
      let rows = vec4u(rowOf(j, span), rowOf(min(j + 1u, span.w - 1u), span), rowOf(min(j + 2u, span.w - 1u), span), rowOf(min(j + 3u, span.w - 1u), span));
      places[f] = rows;
      let at = rows * (params.kStride / 4u) + (params.kOffset / 4u + kvHead);
      for (var h = 0u; h < HEADS; h++) { // unroll
        for (var i = 0u; i < 4u; i++) { // unroll
          products[h][i] = vec4f();
        }
      }
      for (var s = 0u; s < D4; s += STEP) {
        for (var e = 0u; e < STEP; e++) { // unroll
          let key0 = kOf(at.x + s + e); let key1 = kOf(at.y + s + e);
          let key2 = kOf(at.z + s + e); let key3 = kOf(at.w + s + e);
          for (var h = 0u; h < HEADS; h++) { // unroll
            let own = query[s + e + h * D4];
            products[h][0] = fma(own, key0, products[h][0]);
            products[h][1] = fma(own, key1, products[h][1]);
            products[h][2] = fma(own, key2, products[h][2]);
            products[h][3] = fma(own, key3, products[h][3]);
          }
        }
      }
      let exists = vec4u(f * 4u) + vec4u(0u, 1u, 2u, 3u) < vec4u(count);
      for (var h = 0u; h < HEADS; h++) { // unroll
        let score = select(vec4f(lowest), sumsOf(products[h][0], products[h][1], products[h][2], products[h][3]), exists);
        weights[f + h * CHUNK / 4u] = score;
        largest[h] = select(largest[h], score, largest[h] < score);
      }
    }
    for (var h = 0u; h < HEADS; h++) { // unroll
      let next = max(most[h], max(max(largest[h].x, largest[h].y), max(largest[h].z, largest[h].w)));
      var added = vec4f();
      for (var f = 0u; f < fours; f++) {
        let power = exp(weights[f + h * CHUNK / 4u] - vec4f(next));
        weights[f + h * CHUNK / 4u] = power;
        added += power;
      }
      if (first > 0u) {
        let shrink = exp(most[h] - next);
        total[h] *= shrink;
        for (var d = 0u; d < D4; d++) { sums[d + h * D4] *= shrink; }
      }
      total[h] += (added.x + added.y) + (added.z + added.w);
      most[h] = next;
    }
    for (var f = 0u; f < fours; f++) {
      let at = places[f] * (params.vStride / 4u) + (params.vOffset / 4u + kvHead);
      for (var h = 0u; h < HEADS; h++) { // unroll
        let weight = weights[f + h * CHUNK / 4u];
        for (var i = 0u; i < 4u; i++) { // unroll
          products[h][i] = vec4f(weight[i]);
        }
      }
      for (var s = 0u; s < D4; s += STEP) {
        for (var e = 0u; e < STEP; e++) { // unroll
          let value0 = vOf(at.x + s + e); let value1 = vOf(at.y + s + e);
          let value2 = vOf(at.z + s + e); let value3 = vOf(at.w + s + e);
          for (var h = 0u; h < HEADS; h++) { // unroll
            let two = fma(products[h][1], value1, fma(products[h][0], value0, sums[s + e + h * D4]));
            sums[s + e + h * D4] = fma(products[h][3], value3, fma(products[h][2], value2, two));
          }
        }
      }
    }
  }
  for (var h = 0u; h < HEADS; h++) { // unroll
    let to = (params.outOffset + row * params.outStride) / 4u + (head + h) * D4;
    for (var d = 0u; d < D4; d++) { out[to + d] = asOut(sums[d + h * D4] / total[h]); }
    lse[params.lseOffset + row * H + head + h] = most[h] + log(total[h]);
  }
}
