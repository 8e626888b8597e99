// Partial sums of a · b over blocks of a flat tensor: the squared 2-norm if a = b, otherwise the dot product of two gradients.
// @binding(0) a f32 [n], read   @binding(1) b f32 [n], read   @binding(2) partials f32 [ceil(n / BLOCK)], read_write
// One lane per block, elements in order; the host adds the partials in order in float64.
const BLOCK = 256u;

struct Params { n: u32, aOffset: u32, bOffset: u32, outOffset: u32 }
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> partials: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn global_norm(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let block = id.x + id.y * groups.x * 64u;
  let first = block * BLOCK;
  if (first >= params.n) { return; }
  var sum = 0f;
  for (var i = first; i < min(first + BLOCK, params.n); i++) {
    sum = fma(a[params.aOffset + i], b[params.bOffset + i], sum);
  }
  partials[params.outOffset + block] = sum;
}
