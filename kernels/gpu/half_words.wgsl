// Four numbers of 16 bits, two a word with the low half first: the nearest to `values`, ties to even. By integer arithmetic alone: devices differ
// in how pack2x16float rounds, in what it makes of numbers beyond float16's range and of subnormals. Put behind a kernel that calls one of
// the two (specialize.ts, op.ts).

// What is finite stays so: beyond float16's range lies its largest number, 65504. Infinity and NaN stay what they are, so that a fault is seen.
fn f16Words(values: vec4f) -> vec2u {
  let bits = bitcast<vec4u>(values);
  let size = bits & vec4u(0x7fffffffu);
  let normal = min((size - vec4u(0x37fff001u) + ((size >> vec4u(13u)) & vec4u(1u))) >> vec4u(13u), vec4u(0x7bffu));
  // Below 2^-14 the steps are 2^-24, whatever the exponent.
  let shift = clamp(vec4u(126u) - (size >> vec4u(23u)), vec4u(14u), vec4u(25u));
  let digits = (size & vec4u(0x7fffffu)) | vec4u(0x800000u);
  let small = (digits + (vec4u(1u) << (shift - vec4u(1u))) - vec4u(1u) + ((digits >> shift) & vec4u(1u))) >> shift;
  let finite = select(normal, small, size < vec4u(0x38800000u));
  let other = select(vec4u(0x7c00u), vec4u(0x7e00u), size > vec4u(0x7f800000u));
  let halves = select(finite, other, size >= vec4u(0x7f800000u)) | ((bits >> vec4u(16u)) & vec4u(0x8000u));
  return halves.xz | (halves.yw << vec2u(16u));
}

// Bfloat16 has float32's range; only what rounds beyond it becomes infinity.
fn bf16Words(values: vec4f) -> vec2u {
  let bits = bitcast<vec4u>(values);
  let rounded = (bits + vec4u(0x7fffu) + ((bits >> vec4u(16u)) & vec4u(1u))) >> vec4u(16u);
  let halves = select(rounded, (bits >> vec4u(16u)) | vec4u(0x40u), (bits & vec4u(0x7fffffffu)) > vec4u(0x7f800000u));
  return halves.xz | (halves.yw << vec2u(16u));
}
