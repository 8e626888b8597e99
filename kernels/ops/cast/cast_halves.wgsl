// halves[i] = the 16-bit number nearest to numbers[i], ties to even: FORMAT 0 is bfloat16, 1 is float16. Two per word, low half first.
// @binding(0) numbers u32 [n]: float32 bits, read   @binding(1) halves u32 [ceil(n / 2)], read_write
// One lane per word; if n is odd, the last upper half is 0. Integer arithmetic, because devices round conversions differently and flush subnormals.
// Numbers beyond float16's range become infinity; NaN stays NaN.
const FORMAT = 0u;

struct Params { n: u32, numbersOffset: u32, halvesOffset: u32 }
@group(0) @binding(0) var<storage, read> numbers: array<u32>;
@group(0) @binding(1) var<storage, read_write> halves: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

fn rounded(value: u32, shift: u32) -> u32 {
  return (value + (1u << (shift - 1u)) - 1u + ((value >> shift) & 1u)) >> shift;
}

fn bfloat16(x: u32) -> u32 {
  if ((x & 0x7fffffffu) > 0x7f800000u) { return (x >> 16u) | 0x40u; }
  return rounded(x, 16u);
}

fn float16(x: u32) -> u32 {
  let sign = (x >> 16u) & 0x8000u;
  let size = x & 0x7fffffffu;
  if (size > 0x7f800000u) { return sign | 0x7e00u; }
  if (size >= 0x477ff000u) { return sign | 0x7c00u; }
  if (size >= 0x38800000u) { return sign | rounded(size - 0x38000000u, 13u); }
  if (size < 0x33000000u) { return sign; }
  return sign | rounded((size & 0x7fffffu) | 0x800000u, 126u - (size >> 23u));
}

fn half(i: u32) -> u32 {
  if (i >= params.n) { return 0u; }
  let x = numbers[params.numbersOffset + i];
  if (FORMAT == 1u) { return float16(x); }
  return bfloat16(x);
}

@compute @workgroup_size(64)
fn cast_halves(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  if (i * 2u >= params.n) { return; }
  halves[params.halvesOffset / 2u + i] = half(i * 2u) | (half(i * 2u + 1u) << 16u);
}
