// dweight[D] += Σ over rows and heads of dy · x · inverse, rows in order; with CHUNKED, dweight[i, D] = the sum over the i-th CHUNK rows.
// @binding(0) x f32 [N, H·D], read    @binding(1) inverse f32 [N, H], read
// @binding(2) dy f32 [N, H·D], read   @binding(3) dweight f32 [D] or [N / CHUNK, D], read_write
// One lane per PACK columns of all rows, or of a chunk of rows. Limits: with Elem = vec4f and PACK = 4, widths, strides and offsets divide by 4.
alias Elem = f32;
// Element types and accessors: the host replaces them for 16-bit formats (op.ts: readAs).
alias XElem = Elem;
const PACK = 1u;
const H = 1u;
const D = 64u;
const SIZE = 8u;
const CHUNKED = 0u;
const CHUNK = 64u;

struct Params { N: u32, xOffset: u32, xStride: u32, dyOffset: u32, dyStride: u32, dweightOffset: u32, inverseOffset: u32 }
@group(0) @binding(0) var<storage, read> x: array<XElem>;
@group(0) @binding(1) var<storage, read> inverse: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<Elem>;
@group(0) @binding(3) var<storage, read_write> dweight: array<Elem>;
@group(0) @binding(4) var<uniform> params: Params;

fn xAt(i: u32) -> Elem { return x[i]; }

@compute @workgroup_size(SIZE)
fn rms_norm_weight_backward(@builtin(global_invocation_id) id: vec3u) {
  let column = id.x;
  if (column >= D / PACK) { return; }
  let chunk = id.y * CHUNKED;
  let last = select(params.N, min(params.N, (chunk + 1u) * CHUNK), CHUNKED == 1u);
  var sum = Elem();
  for (var row = chunk * CHUNK; row < last; row++) {
    for (var head = 0u; head < H; head++) {
      let at = head * (D / PACK) + column;
      let scaled = xAt((params.xOffset + row * params.xStride) / PACK + at) * inverse[params.inverseOffset + row * H + head];
      sum = fma(dy[(params.dyOffset + row * params.dyStride) / PACK + at], scaled, sum);
    }
  }
  let to = params.dweightOffset / PACK + chunk * (D / PACK) + column;
  if (CHUNKED == 1u) { dweight[to] = sum; } else { dweight[to] = dweight[to] + sum; }
}
