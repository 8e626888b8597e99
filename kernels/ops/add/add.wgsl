// out[N, C] = a[N, C] + b[N, C]: the residual connection. With ACCUMULATE out += b, and a is unused.
// @binding(0) a, read   @binding(1) b, read   @binding(2) out, read_write; f32, each with its own row stride
// One lane per PACK columns. Limits: with Elem = vec4f and PACK = 4, widths, strides and offsets divide by 4.
alias Elem = f32;
const PACK = 1u;
const C = 64u;
const ACCUMULATE = 0u;

struct Params { N: u32, aOffset: u32, aStride: u32, bOffset: u32, bStride: u32, outOffset: u32, outStride: u32 }
@group(0) @binding(0) var<storage, read> a: array<Elem>;
@group(0) @binding(1) var<storage, read> b: array<Elem>;
@group(0) @binding(2) var<storage, read_write> out: array<Elem>;
@group(0) @binding(3) var<uniform> params: Params;

@compute @workgroup_size(64)
fn add(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  let row = index / (C / PACK);
  let column = index % (C / PACK);
  if (row >= params.N) { return; }
  let at = (params.outOffset + row * params.outStride) / PACK + column;
  let term = b[(params.bOffset + row * params.bStride) / PACK + column];
  if (ACCUMULATE == 1u) {
    out[at] = out[at] + term;
  } else {
    out[at] = a[(params.aOffset + row * params.aStride) / PACK + column] + term;
  }
}
