// y = x / sqrt(mean(x²) + eps) · weight, over each head of D columns (a plain norm has one head as wide as the row).
// @binding(0) x f32 [N, H·D], read         @binding(1) weight f32 [D], read
// @binding(2) y f32 [N, H·D], read_write   @binding(3) inverse f32 [N, H], read_write: 1 / sqrt(mean + eps), saved for backward
// A subgroup a head of a row: each lane every LANES-th vec4, then a butterfly of sums. For devices with many lanes and wide rows.
// Limits: D, strides and offsets divide by 4; subgroups of exactly LANES.
enable subgroups;

// What weight, x and y hold, how they are read and written: where they have 16 bits the host sets both (op.ts, readAs and writeAs).
alias WeightElem = vec4f;
alias XElem = vec4f;
alias YElem = vec4f;
const H = 1u;
const D = 64u;
const LANES = 8u;

struct Params { N: u32, xOffset: u32, xStride: u32, weightOffset: u32, yOffset: u32, yStride: u32, inverseOffset: u32, eps: f32 }
@group(0) @binding(0) var<storage, read> x: array<XElem>;
@group(0) @binding(1) var<storage, read> weight: array<WeightElem>;
@group(0) @binding(2) var<storage, read_write> y: array<YElem>;
@group(0) @binding(3) var<storage, read_write> inverse: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

fn weightAt(i: u32) -> vec4f { return weight[i]; }
fn xAt(i: u32) -> vec4f { return x[i]; }
fn asY(value: vec4f) -> YElem { return value; }

fn sumOfLanes(own: f32) -> f32 {
  var sum = own;
  for (var width = LANES / 2u; width > 0u; width /= 2u) { sum += subgroupShuffleXor(sum, width); }
  return sum;
}

@compute @workgroup_size(LANES)
fn rms_norm_subgroup(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let index = group.x + group.y * groups.x;
  let row = index / H;
  let head = index % H;
  if (row >= params.N) { return; }
  let base = (params.xOffset + row * params.xStride + head * D) / 4u;
  let to = (params.yOffset + row * params.yStride + head * D) / 4u;
  var sum = vec4f();
  for (var c = lane; c < D / 4u; c += LANES) {
    let value = xAt(base + c);
    sum = fma(value, value, sum);
  }
  let scale = 1f / sqrt(sumOfLanes((sum.x + sum.y) + (sum.z + sum.w)) / f32(D) + params.eps);
  for (var c = lane; c < D / 4u; c += LANES) {
    y[to + c] = asY(xAt(base + c) * scale * weightAt(params.weightOffset / 4u + c));
  }
  if (lane == 0u) { inverse[params.inverseOffset + index] = scale; }
}
