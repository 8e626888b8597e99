// attention.wgsl with one subgroup per row and HEADS of its heads, which share their keys (HEADS divides GROUP). Bindings as in attention.wgsl; with
// SPLIT, out is f32 [N, chunks, H, D] and lse f32 [N, chunks, H, 2] (maximum, total) of each chunk of CHUNK keys for attention_merge.wgsl. A lane first
// scores one key, then sums COLS vec4s of values per head. Blocks of LANES keys with a running maximum, then chunks, in order: bits depend only on a row's keys
// and LANES, not on SPLIT. Limits: D, strides and offsets divide by 4; subgroups of exactly LANES. Source: online softmax, Milakov and Gimelshein 2018.
enable subgroups;
// Element types and accessors: the host replaces them for 16-bit formats (op.ts: readAs, writeAs).
alias QElem = vec4f;
alias KElem = vec4f;
alias VElem = vec4f;
alias OutElem = vec4f;
const H = 4u;
const GROUP = 2u;
const HEADS = 1u;
const D4 = 4u;
const LANES = 8u;
const CHUNK = 512u;
const SPLIT = 0u;
const PAGED = 0u;
const BLOCK = 16u;
const COLS = (D4 + LANES - 1u) / LANES;

struct Params { N: u32, qOffset: u32, qStride: u32, kOffset: u32, kStride: u32, vOffset: u32, vStride: u32, spanOffset: u32, outOffset: u32, outStride: u32,
  lseOffset: u32, scale: f32, chunks: u32 }
@group(0) @binding(0) var<storage, read> q: array<QElem>;
@group(0) @binding(1) var<storage, read> k: array<KElem>;
@group(0) @binding(2) var<storage, read> v: array<VElem>;
@group(0) @binding(3) var<storage, read> spans: array<vec4u>;
@group(0) @binding(4) var<storage, read> blockTables: array<u32>;
@group(0) @binding(5) var<storage, read_write> out: array<OutElem>;
@group(0) @binding(6) var<storage, read_write> lse: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

fn qOf(i: u32) -> vec4f { return q[i]; }
fn kOf(i: u32) -> vec4f { return k[i]; }
fn vOf(i: u32) -> vec4f { return v[i]; }
fn asOut(value: vec4f) -> OutElem { return value; }

var<workgroup> query: array<vec4f, HEADS * D4>;
fn rowAt(span: vec4u, j: u32) -> u32 {
  let inPrefix = j < span.y;
  let first = select(span.z, span.x, inPrefix);
  let nth = select(j - span.y, j, inPrefix);
  if (PAGED == 0u) { return first + nth; }
  return blockTables[first + nth / BLOCK] * BLOCK + nth % BLOCK;
}
fn sumOfLanes(own: f32) -> f32 {
  var sum = own;
  for (var width = LANES / 2u; width > 0u; width /= 2u) { sum += subgroupShuffleXor(sum, width); }
  return sum;
}

@compute @workgroup_size(LANES)
fn attention_subgroup(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let index = group.x + group.y * groups.x;
  let row = index / (H / HEADS);
  let head = index % (H / HEADS) * HEADS;
  if (row >= params.N) { return; }
  let span = spans[params.spanOffset / 4u + row];
  let kvHead = head / GROUP * D4;
  for (var i = lane; i < HEADS * D4; i += LANES) { query[i] = qOf((params.qOffset + row * params.qStride) / 4u + head * D4 + i) * params.scale; }
  workgroupBarrier();
  var most: array<f32, HEADS>; // registers
  var total: array<f32, HEADS>; // registers
  var sum: array<array<vec4f, COLS>, HEADS>; // registers
  var chunkMost: array<f32, HEADS>; // registers
  var chunkTotal: array<f32, HEADS>; // registers
  var chunkSum: array<array<vec4f, COLS>, HEADS>; // registers
  var products: array<vec4f, HEADS>; // registers
  var weight: array<f32, HEADS>; // registers
  var value: array<vec4f, COLS>; // registers
  for (var h = 0u; h < HEADS; h++) { // unroll
    most[h] = -3.4028234e38;
  }
  var chunk = select(0u, group.z, SPLIT == 1u);
  let chunkEnd = select((span.w + CHUNK - 1u) / CHUNK, chunk + 1u, SPLIT == 1u);
  for (; chunk < chunkEnd; chunk++) {
    for (var h = 0u; h < HEADS; h++) { // unroll
      chunkMost[h] = -3.4028234e38; chunkTotal[h] = 0f;
      for (var c = 0u; c < COLS; c++) { // unroll
        chunkSum[h][c] = vec4f();
      }
    }
    let last = min(span.w, (chunk + 1u) * CHUNK);
    for (var first = chunk * CHUNK; first < last; first += LANES) {
      // Lanes past the last key read it again with weight 0.
      let at = rowAt(span, min(first + lane, last - 1u));
      let kAt = (params.kOffset + at * params.kStride) / 4u + kvHead;
      let vAt = (params.vOffset + at * params.vStride) / 4u + kvHead;
      for (var h = 0u; h < HEADS; h++) { // unroll
        products[h] = vec4f();
      }
      for (var d = 0u; d < D4; d++) {
        let key = kOf(kAt + d);
        for (var h = 0u; h < HEADS; h++) { // unroll
          products[h] = fma(query[h * D4 + d], key, products[h]);
        }
      }
      for (var h = 0u; h < HEADS; h++) { // unroll
        let score = (products[h].x + products[h].y) + (products[h].z + products[h].w);
        let now = max(chunkMost[h], subgroupMax(score));
        let shrink = exp(chunkMost[h] - now);
        weight[h] = select(0f, exp(score - now), first + lane < last);
        chunkTotal[h] = fma(chunkTotal[h], shrink, sumOfLanes(weight[h]));
        chunkMost[h] = now;
        for (var c = 0u; c < COLS; c++) { // unroll
          chunkSum[h][c] *= shrink;
        }
      }
      for (var l = 0u; l < LANES; l++) { // unroll
        let start = subgroupBroadcast(vAt, l);
        for (var c = 0u; c < COLS; c++) { // unroll
          value[c] = vOf(start + min(lane + c * LANES, D4 - 1u));
        }
        for (var h = 0u; h < HEADS; h++) { // unroll
          let power = subgroupBroadcast(weight[h], l);
          for (var c = 0u; c < COLS; c++) { // unroll
            chunkSum[h][c] = fma(vec4f(power), value[c], chunkSum[h][c]);
          }
        }
      }
    }
    for (var h = 0u; h < HEADS; h++) { // unroll
      if (SPLIT == 1u) {
        let to = (row * params.chunks + chunk) * H + head + h;
        for (var c = 0u; c < COLS; c++) { // unroll
          if (lane + c * LANES < D4) { out[to * D4 + lane + c * LANES] = asOut(chunkSum[h][c]); }
        }
        if (lane == 0u) { lse[to * 2u] = chunkMost[h]; lse[to * 2u + 1u] = chunkTotal[h]; }
      } else {
        let now = max(most[h], chunkMost[h]);
        let shrink = exp(most[h] - now);
        let power = exp(chunkMost[h] - now);
        total[h] = fma(total[h], shrink, chunkTotal[h] * power);
        most[h] = now;
        for (var c = 0u; c < COLS; c++) { // unroll
          sum[h][c] = fma(sum[h][c], vec4f(shrink), chunkSum[h][c] * power);
        }
      }
    }
  }
  if (SPLIT == 1u) { return; }
  let to = (params.outOffset + row * params.outStride) / 4u + head * D4;
  for (var h = 0u; h < HEADS; h++) { // unroll
    for (var c = 0u; c < COLS; c++) { // unroll
      if (lane + c * LANES < D4) { out[to + h * D4 + lane + c * LANES] = asOut(sum[h][c] / total[h]); }
    }
    if (lane == 0u) { lse[params.lseOffset + row * H + head + h] = most[h] + log(total[h]); }
  }
}
