// C[M, N] = sums[0] (+ bias[N]) + sums[1] + … + sums[parts - 1] (+ C), in this order: joins the chunks of a sum in the order of matmul_matrix.wgsl.
// @binding(0) sums f32 [parts · M, N], read   @binding(1) bias f32 or 16 bits [N], read (unused without withBias)
// @binding(2) C f32 (added to with accumulate) or 16 bits (op.ts, writeAs) [M, N] rows cStride apart, read_write
// One lane per four columns. Limits: N, strides and offsets divide by 4.
alias BiasElem = f32;
alias CElem = vec4f;

struct Params { M: u32, N: u32, parts: u32, biasOffset: u32, cOffset: u32, cStride: u32, withBias: u32, accumulate: u32 }
@group(0) @binding(0) var<storage, read> sums: array<vec4f>;
@group(0) @binding(1) var<storage, read> bias: array<BiasElem>;
@group(0) @binding(2) var<storage, read_write> C: array<CElem>;
@group(0) @binding(3) var<uniform> params: Params;

fn biasAt(i: u32) -> f32 { return bias[i]; }
fn cAt(i: u32) -> vec4f { return C[i]; }
fn asC(value: vec4f) -> CElem { return value; }

@compute @workgroup_size(64)
fn matmul_join(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  let fours = params.N / 4u;
  if (i >= params.M * fours) { return; }
  let b = params.biasOffset + i % fours * 4u;
  var value = sums[i];
  if (params.withBias == 1u) { value += vec4f(biasAt(b), biasAt(b + 1u), biasAt(b + 2u), biasAt(b + 3u)); }
  for (var part = 1u; part < params.parts; part++) { value += sums[part * params.M * fours + i]; }
  let at = (params.cOffset + i / fours * params.cStride) / 4u + i % fours;
  if (params.accumulate == 1u) { value += cAt(at); }
  C[at] = asC(value);
}
