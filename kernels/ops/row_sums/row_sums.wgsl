// sums[C] += Σ over rows of x, rows in order; with CHUNKED, sums[i, C] = Σ over the i-th CHUNK rows.
// @binding(0) x f32 [N, C], read   @binding(1) sums f32 [C] or [N / CHUNK, C], read_write
// One lane per PACK columns of all rows, or of a chunk of rows. Limits: with Elem = vec4f and PACK = 4, widths, strides and offsets divide by 4.
alias Elem = f32;
const PACK = 1u;
const C = 64u;
const SIZE = 8u;
const CHUNKED = 0u;
const CHUNK = 64u;

struct Params { N: u32, xOffset: u32, xStride: u32, sumsOffset: u32 }
@group(0) @binding(0) var<storage, read> x: array<Elem>;
@group(0) @binding(1) var<storage, read_write> sums: array<Elem>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(SIZE)
fn row_sums(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= C / PACK) { return; }
  let chunk = id.y * CHUNKED;
  let last = select(params.N, min(params.N, (chunk + 1u) * CHUNK), CHUNKED == 1u);
  var sum = Elem();
  for (var row = chunk * CHUNK; row < last; row++) {
    sum += x[(params.xOffset + row * params.xStride) / PACK + id.x];
  }
  let to = params.sumsOffset / PACK + chunk * (C / PACK) + id.x;
  if (CHUNKED == 1u) { sums[to] = sum; } else { sums[to] = sums[to] + sum; }
}
