// Rotary position embedding, halves paired (i, i + D/2): y₁ = x₁ cos - x₂ sin, y₂ = x₂ cos + x₁ sin; BACKWARD rotates in the opposite direction.
// @binding(0) x f32 [N, H·D], read       @binding(1) positions u32 [N], read
// @binding(2) table f32 [T, D]: D/2 cosines, then D/2 sines, of each position, read   @binding(3) y f32 [N, H·D], read_write
// One lane per PACK pairs. Limits: with Elem = vec4f and PACK = 4, D divides by 8, strides and offsets by 4.
// Source: transformers apply_rotary_pos_emb; the host computes the table as transformers does.
alias Elem = f32;
// Element types and accessors: the host replaces them for 16-bit formats (op.ts: readAs, writeAs).
alias XElem = Elem;
alias YElem = Elem;
const PACK = 1u;
const H = 4u;
const D = 16u;
const BACKWARD = 0u;
const HALF = D / 2u / PACK;

struct Params { N: u32, xOffset: u32, xStride: u32, positionOffset: u32, yOffset: u32, yStride: u32 }
@group(0) @binding(0) var<storage, read> x: array<XElem>;
@group(0) @binding(1) var<storage, read> positions: array<u32>;
@group(0) @binding(2) var<storage, read> table: array<Elem>;
@group(0) @binding(3) var<storage, read_write> y: array<YElem>;
@group(0) @binding(4) var<uniform> params: Params;

fn xAt(i: u32) -> Elem { return x[i]; }
fn asY(value: Elem) -> YElem { return value; }

@compute @workgroup_size(64)
fn rope(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let index = id.x + id.y * groups.x * 64u;
  let row = index / (H * HALF);
  if (row >= params.N) { return; }
  let head = index / HALF % H;
  let i = index % HALF;
  let at = positions[params.positionOffset + row] * (D / PACK) + i;
  let cosine = table[at];
  var sine = table[at + HALF];
  if (BACKWARD == 1u) { sine = -sine; }
  let base = (params.xOffset + row * params.xStride) / PACK + head * (D / PACK) + i;
  let to = (params.yOffset + row * params.yStride) / PACK + head * (D / PACK) + i;
  let first = xAt(base);
  let second = xAt(base + HALF);
  y[to] = asY(fma(first, cosine, -(second * sine)));
  y[to + HALF] = asY(fma(second, cosine, first * sine));
}
