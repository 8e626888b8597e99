// dbias[C] += Σ over rows of dy, rows in order.
// @binding(0) dy f32 [N, C], read   @binding(1) dbias f32 [C], read_write
// One lane PACK columns. Limits: with Elem = vec4f and PACK = 4 widths, strides and offsets divide by 4.
alias Elem = f32;
const PACK = 1u;
const C = 64u;

struct Params { N: u32, dyOffset: u32, dyStride: u32, dbiasOffset: u32 }
@group(0) @binding(0) var<storage, read> dy: array<Elem>;
@group(0) @binding(1) var<storage, read_write> dbias: array<Elem>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(8)
fn bias_backward(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= C / PACK) { return; }
  var sum = Elem();
  for (var row = 0u; row < params.N; row++) {
    sum += dy[(params.dyOffset + row * params.dyStride) / PACK + id.x];
  }
  let to = params.dbiasOffset / PACK + id.x;
  dbias[to] = dbias[to] + sum;
}
