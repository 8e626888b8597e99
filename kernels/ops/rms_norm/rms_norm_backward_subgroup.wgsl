// dx = inverse · (g - x · inverse² · Σ(g · x) / D), g = dy · weight, over each head of D columns.
// @binding(0) x f32 [N, H·D], read   @binding(1) weight f32 [D], read   @binding(2) inverse f32 [N, H], read
// @binding(3) dy f32 [N, H·D], read  @binding(4) dx f32 [N, H·D], read_write (added to with ACCUMULATE)
// A subgroup a head of a row, as in rms_norm_subgroup.wgsl. Limits: D, strides and offsets divide by 4; subgroups of exactly LANES.
enable subgroups;

// What weight and x hold and how they are read: where they have 16 bits the host sets both (op.ts, readAs).
alias WeightElem = vec4f;
alias XElem = vec4f;
const H = 1u;
const D = 64u;
const ACCUMULATE = 0u;
const LANES = 8u;

struct Params { N: u32, xOffset: u32, xStride: u32, weightOffset: u32, dyOffset: u32, dyStride: u32, dxOffset: u32, dxStride: u32, inverseOffset: u32 }
@group(0) @binding(0) var<storage, read> x: array<XElem>;
@group(0) @binding(1) var<storage, read> weight: array<WeightElem>;
@group(0) @binding(2) var<storage, read> inverse: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;

fn weightAt(i: u32) -> vec4f { return weight[i]; }
fn xAt(i: u32) -> vec4f { return x[i]; }

fn sumOfLanes(own: f32) -> f32 {
  var sum = own;
  for (var width = LANES / 2u; width > 0u; width /= 2u) { sum += subgroupShuffleXor(sum, width); }
  return sum;
}

@compute @workgroup_size(LANES)
fn rms_norm_backward_subgroup(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let index = group.x + group.y * groups.x;
  let row = index / H;
  let head = index % H;
  if (row >= params.N) { return; }
  let base = (params.xOffset + row * params.xStride) / 4u + head * (D / 4u);
  let gradient = (params.dyOffset + row * params.dyStride) / 4u + head * (D / 4u);
  let to = (params.dxOffset + row * params.dxStride) / 4u + head * (D / 4u);
  let scale = inverse[params.inverseOffset + index];
  var sum = vec4f();
  for (var c = lane; c < D / 4u; c += LANES) {
    sum = fma(dy[gradient + c] * weightAt(params.weightOffset / 4u + c), xAt(base + c), sum);
  }
  let pull = sumOfLanes((sum.x + sum.y) + (sum.z + sum.w)) * scale * scale / f32(D);
  for (var c = lane; c < D / 4u; c += LANES) {
    let value = scale * (dy[gradient + c] * weightAt(params.weightOffset / 4u + c) - xAt(base + c) * pull);
    if (ACCUMULATE == 1u) { dx[to + c] = dx[to + c] + value; } else { dx[to + c] = value; }
  }
}
