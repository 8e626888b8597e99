// dx = inverse · (g - x · inverse² · Σ(g · x) / D), g = dy · weight, over each head of D columns.
// @binding(0) x f32 [N, H·D], read   @binding(1) weight f32 [D], read   @binding(2) inverse f32 [N, H], read
// @binding(3) dy f32 [N, H·D], read  @binding(4) dx f32 [N, H·D], read_write (added to with ACCUMULATE)
// One lane, or one subgroup, per head of a row; loads, KEPT and limits as in rms_norm.wgsl.
alias Elem = f32;
// Element types and accessors: the host replaces them for 16-bit formats (op.ts: readAs).
alias WeightElem = Elem;
alias XElem = Elem;
const PACK = 1u;
const H = 1u;
const D = 64u;
const KEPT = 1u;
const LANES = 1u;
const SIZE = 64u;
const ACCUMULATE = 0u;

struct Params { N: u32, xOffset: u32, xStride: u32, weightOffset: u32, dyOffset: u32, dyStride: u32, dxOffset: u32, dxStride: u32, inverseOffset: u32 }
@group(0) @binding(0) var<storage, read> x: array<XElem>;
@group(0) @binding(1) var<storage, read> weight: array<WeightElem>;
@group(0) @binding(2) var<storage, read> inverse: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<Elem>;
@group(0) @binding(4) var<storage, read_write> dx: array<Elem>;
@group(0) @binding(5) var<uniform> params: Params;

fn weightAt(i: u32) -> Elem { return weight[i]; }
fn xAt(i: u32) -> Elem { return x[i]; }
fn sumOf(value: Elem) -> f32 { return value; }
fn indexOf(id: vec3u, group: vec3u, groups: vec3u) -> u32 { return id.x + id.y * groups.x * SIZE; }
fn laneOf(local: u32) -> u32 { return 0u; }

@compute @workgroup_size(SIZE)
fn rms_norm_backward(@builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let index = indexOf(id, group, groups);
  let lane = laneOf(local);
  let row = index / H;
  let head = index % H;
  if (row >= params.N) { return; }
  let base = (params.xOffset + row * params.xStride + head * D) / PACK;
  let gradient = (params.dyOffset + row * params.dyStride + head * D) / PACK;
  let to = (params.dxOffset + row * params.dxStride + head * D) / PACK;
  let scales = params.weightOffset / PACK;
  let scale = inverse[params.inverseOffset + index];
  var kept: array<Elem, KEPT>; // registers
  var scaled: array<Elem, KEPT>; // registers
  var sum = Elem();
  for (var c = 0u; c < KEPT; c++) { // unroll
    kept[c] = xAt(base + c);
    scaled[c] = dy[gradient + c] * weightAt(scales + c);
    sum = fma(scaled[c], kept[c], sum);
  }
  for (var c = KEPT + lane; c < D / PACK; c += LANES) { sum = fma(dy[gradient + c] * weightAt(scales + c), xAt(base + c), sum); }
  let pull = sumOf(sum) * scale * scale / f32(D);
  for (var c = 0u; c < KEPT; c++) { // unroll
    let slope = scale * (scaled[c] - kept[c] * pull);
    if (ACCUMULATE == 1u) { dx[to + c] = dx[to + c] + slope; } else { dx[to + c] = slope; }
  }
  for (var c = KEPT + lane; c < D / PACK; c += LANES) {
    let slope = scale * (dy[gradient + c] * weightAt(scales + c) - xAt(base + c) * pull);
    if (ACCUMULATE == 1u) { dx[to + c] = dx[to + c] + slope; } else { dx[to + c] = slope; }
  }
}
