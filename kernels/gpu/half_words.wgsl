// Converts four float32 numbers to 16 bits, packed two per word with the low half first; rounds to nearest, ties to even. Integer arithmetic only,
// because devices differ in how pack2x16float rounds and in how it treats overflow and subnormals. Appended to a kernel that calls one of the
// functions (specialize.ts, op.ts).

// Saturates: finite numbers beyond float16's range become 65504. Infinity and NaN are kept, so that faults stay visible.
fn f16Words(values: vec4f) -> vec2u {
  let bits = bitcast<vec4u>(values);
  let size = bits & vec4u(0x7fffffffu);
  let normal = min((size - vec4u(0x37fff001u) + ((size >> vec4u(13u)) & vec4u(1u))) >> vec4u(13u), vec4u(0x7bffu));
  // Subnormals, below 2^-14, have a fixed step of 2^-24.
  let shift = clamp(vec4u(126u) - (size >> vec4u(23u)), vec4u(14u), vec4u(25u));
  let digits = (size & vec4u(0x7fffffu)) | vec4u(0x800000u);
  let small = (digits + (vec4u(1u) << (shift - vec4u(1u))) - vec4u(1u) + ((digits >> shift) & vec4u(1u))) >> shift;
  let finite = select(normal, small, size < vec4u(0x38800000u));
  let other = select(vec4u(0x7c00u), vec4u(0x7e00u), size > vec4u(0x7f800000u));
  let halves = select(finite, other, size >= vec4u(0x7f800000u)) | ((bits >> vec4u(16u)) & vec4u(0x8000u));
  return halves.xz | (halves.yw << vec2u(16u));
}

// Bfloat16 has float32's range; only numbers that round beyond it become infinity.
fn bf16Words(values: vec4f) -> vec2u {
  let bits = bitcast<vec4u>(values);
  let rounded = (bits + vec4u(0x7fffu) + ((bits >> vec4u(16u)) & vec4u(1u))) >> vec4u(16u);
  let halves = select(rounded, (bits >> vec4u(16u)) | vec4u(0x40u), (bits & vec4u(0x7fffffffu)) > vec4u(0x7f800000u));
  return halves.xz | (halves.yw << vec2u(16u));
}
