// y = x / sqrt(mean(x²) + eps) · weight, over each head of D columns (a plain norm has one head as wide as the row).
// @binding(0) x f32 [N, H·D], read         @binding(1) weight f32 [D], read
// @binding(2) y f32 [N, H·D], read_write   @binding(3) inverse f32 [N, H], read_write: 1 / sqrt(mean + eps), saved for backward
// One lane per head of a row, PACK columns per load; the first KEPT loads stay in registers between both passes. The sum follows the order of loads, so
// KEPT does not affect bits. With the cooperative form a subgroup of LANES, as one workgroup, shares a head: each lane takes every LANES-th load, KEPT
// is 0, and `sumOf` adds the lanes' sums (lane_sum.wgsl; the host sets `sumOf`, `indexOf` and `laneOf`, rms_norm.ts).
// Limits: with Elem = vec4f and PACK = 4, D, strides and offsets divide by 4. Source: transformers Qwen3RMSNorm (float32).
alias Elem = f32;
// Element types and accessors: the host replaces them for 16-bit formats (op.ts: readAs, writeAs).
alias WeightElem = Elem;
alias XElem = Elem;
alias YElem = Elem;
const PACK = 1u;
const H = 1u;
const D = 64u;
const KEPT = 1u;
const LANES = 1u;
const SIZE = 64u;

struct Params { N: u32, xOffset: u32, xStride: u32, weightOffset: u32, yOffset: u32, yStride: u32, inverseOffset: u32, eps: f32 }
@group(0) @binding(0) var<storage, read> x: array<XElem>;
@group(0) @binding(1) var<storage, read> weight: array<WeightElem>;
@group(0) @binding(2) var<storage, read_write> y: array<YElem>;
@group(0) @binding(3) var<storage, read_write> inverse: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

fn weightAt(i: u32) -> Elem { return weight[i]; }
fn xAt(i: u32) -> Elem { return x[i]; }
fn asY(value: Elem) -> YElem { return value; }
fn sumOf(value: Elem) -> f32 { return value; }
fn indexOf(id: vec3u, group: vec3u, groups: vec3u) -> u32 { return id.x + id.y * groups.x * SIZE; }
fn laneOf(local: u32) -> u32 { return 0u; }

@compute @workgroup_size(SIZE)
fn rms_norm(@builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let index = indexOf(id, group, groups);
  let lane = laneOf(local);
  let row = index / H;
  let head = index % H;
  if (row >= params.N) { return; }
  let base = (params.xOffset + row * params.xStride + head * D) / PACK;
  let to = (params.yOffset + row * params.yStride + head * D) / PACK;
  let scales = params.weightOffset / PACK;
  var kept: array<Elem, KEPT>; // registers
  var sum = Elem();
  for (var c = 0u; c < KEPT; c++) { // unroll
    kept[c] = xAt(base + c);
    sum = fma(kept[c], kept[c], sum);
  }
  for (var c = KEPT + lane; c < D / PACK; c += LANES) {
    let value = xAt(base + c);
    sum = fma(value, value, sum);
  }
  let scale = 1f / sqrt(sumOf(sum) / f32(D) + params.eps);
  for (var c = 0u; c < KEPT; c++) { // unroll
    y[to + c] = asY(kept[c] * scale * weightAt(scales + c));
  }
  for (var c = KEPT + lane; c < D / PACK; c += LANES) { y[to + c] = asY(xAt(base + c) * scale * weightAt(scales + c)); }
  if (lane == 0u) { inverse[params.inverseOffset + index] = scale; }
}
