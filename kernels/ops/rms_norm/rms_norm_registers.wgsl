// y = x / sqrt(mean(x²) + eps) · weight, over each head of D columns (a plain norm has one head as wide as the row).
// @binding(0) x f32 [N, H·D], read         @binding(1) weight f32 [D], read
// @binding(2) y f32 [N, H·D], read_write   @binding(3) inverse f32 [N, H], read_write: 1 / sqrt(mean + eps), saved for backward
// One lane a head of a row, which it keeps in registers between both passes, four columns a load: for narrow heads.
// Limits: D, strides and offsets divide by 4. The order of the sum is that of rms_norm_vec4.wgsl.
// What weight, x and y hold, how they are read and written: where they have 16 bits the host sets both (op.ts, readAs and writeAs).
alias WeightElem = vec4f;
alias XElem = vec4f;
alias YElem = vec4f;
const H = 1u;
const D = 64u;

struct Params { N: u32, xOffset: u32, xStride: u32, weightOffset: u32, yOffset: u32, yStride: u32, inverseOffset: u32, eps: f32 }
@group(0) @binding(0) var<storage, read> x: array<XElem>;
@group(0) @binding(1) var<storage, read> weight: array<WeightElem>;
@group(0) @binding(2) var<storage, read_write> y: array<YElem>;
@group(0) @binding(3) var<storage, read_write> inverse: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

fn weightAt(i: u32) -> vec4f { return weight[i]; }
fn xAt(i: u32) -> vec4f { return x[i]; }
fn asY(value: vec4f) -> YElem { return value; }

@compute @workgroup_size(64)
fn rms_norm_registers(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  let row = index / H;
  let head = index % H;
  if (row >= params.N) { return; }
  let base = (params.xOffset + row * params.xStride + head * D) / 4u;
  let to = (params.yOffset + row * params.yStride + head * D) / 4u;
  var value: array<vec4f, D / 4u>; // registers
  var sum = vec4f();
  for (var c = 0u; c < D / 4u; c++) { // unroll
    value[c] = xAt(base + c);
    sum = fma(value[c], value[c], sum);
  }
  let scale = 1f / sqrt(((sum.x + sum.y) + (sum.z + sum.w)) / f32(D) + params.eps);
  for (var c = 0u; c < D / 4u; c++) { // unroll
    y[to + c] = asY(value[c] * scale * weightAt(params.weightOffset / 4u + c));
  }
  inverse[params.inverseOffset + index] = scale;
}
