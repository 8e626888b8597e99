// C[M, N] = sums[0] (+ bias[N]) + sums[1] + … + sums[parts - 1] (+ C), in this order: the chunks of a product's sum as matmul_matrix.wgsl joins them.
// @binding(0) sums f32 [parts · M, N], read   @binding(1) bias f32 or 16 bits [N], read (unused without withBias)
// @binding(2) C f32 [M, N] rows cStride apart, read_write (added to with accumulate)
// One lane an element.
alias BiasElem = f32;

struct Params { M: u32, N: u32, parts: u32, biasOffset: u32, cOffset: u32, cStride: u32, withBias: u32, accumulate: u32 }
@group(0) @binding(0) var<storage, read> sums: array<f32>;
@group(0) @binding(1) var<storage, read> bias: array<BiasElem>;
@group(0) @binding(2) var<storage, read_write> C: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

fn biasAt(i: u32) -> f32 { return bias[i]; }

@compute @workgroup_size(64)
fn matmul_join(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= params.M * params.N) { return; }
  var value = sums[i];
  if (params.withBias == 1u) { value += biasAt(params.biasOffset + i % params.N); }
  for (var part = 1u; part < params.parts; part++) { value += sums[part * params.M * params.N + i]; }
  let at = params.cOffset + i / params.N * params.cStride + i % params.N;
  if (params.accumulate == 1u) { value += C[at]; }
  C[at] = value;
}
