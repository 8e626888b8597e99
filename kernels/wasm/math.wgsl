// Functions that WebAssembly lacks, compiled into the kernels that call them. They use multiplications and additions without fma, so all machines
// give the same bits. Errors are at most 2 units in the last place, over the whole range (tests/kernels/wasm/math_test.ts).

// exp(x) = 2^n · exp(r), n = round(x / ln 2), r = x - n · ln 2 in two steps, exp(r) by a polynomial. Source: Cephes, expf.
fn exp_(x: vec4f) -> vec4f {
  let high = vec4f(89f);
  let low = vec4f(-104f);
  let below = select(x, high, high < x);
  let within = select(below, low, below < low);
  // Rounds to the nearest integer by adding 1.5 · 2^23.
  let shifted = within * 1.44269504f + vec4f(12582912f);
  let n = shifted - vec4f(12582912f);
  let r = (within - n * 0.693359375f) + n * 2.12194440e-4f;
  var p = r * 1.9875691500e-4f + vec4f(1.3981999507e-3f);
  p = p * r + vec4f(8.3334519073e-3f);
  p = p * r + vec4f(4.1665795894e-2f);
  p = p * r + vec4f(1.6666665459e-1f);
  p = p * r + vec4f(5.0000001201e-1f);
  p = (p * (r * r) + r) + vec4f(1f);
  return scaled(p, bitcast<vec4i>(shifted) - vec4i(0x4b400000));
}

// x · 2^n in two steps, since 2^n alone may overflow when the product does not.
fn scaled(x: vec4f, n: vec4i) -> vec4f {
  let half = n >> vec4u(1u);
  let rest = n - half;
  return x * bitcast<vec4f>((half + vec4i(127)) << vec4u(23u)) * bitcast<vec4f>((rest + vec4i(127)) << vec4u(23u));
}

// x · 2^n in three steps, which covers the whole range of float32.
fn ldexp_(x: vec4f, n: vec4i) -> vec4f {
  let within = clamp(n, vec4i(-280), vec4i(280));
  let first = clamp(within, vec4i(-126), vec4i(127));
  return scaled(x * bitcast<vec4f>((first + vec4i(127)) << vec4u(23u)), within - first);
}

// log(x) = log(m) + e · ln 2, m between sqrt(1/2) and sqrt(2), log(m) by a polynomial. Source: Cephes, logf.
fn log_(given: vec4f) -> vec4f {
  let isSmall = given < vec4f(1.17549435e-38f);
  let x = select(given, given * 8388608f, isSmall);
  let bits = bitcast<vec4u>(x);
  let m = bitcast<vec4f>((bits & vec4u(0x7fffffu)) | vec4u(0x3f000000u));
  let isLow = m < vec4f(0.707106781f);
  let exponent = vec4f(vec4i(bits >> vec4u(23u)) - vec4i(126)) - select(vec4f(), vec4f(23f), isSmall);
  let e = exponent - select(vec4f(), vec4f(1f), isLow);
  let f = (m + select(vec4f(), m, isLow)) - vec4f(1f);
  let square = f * f;
  var p = f * 7.0376836292e-2f + vec4f(-1.1514610310e-1f);
  p = p * f + vec4f(1.1676998740e-1f);
  p = p * f + vec4f(-1.2420140846e-1f);
  p = p * f + vec4f(1.4249322787e-1f);
  p = p * f + vec4f(-1.6668057665e-1f);
  p = p * f + vec4f(2.0000714765e-1f);
  p = p * f + vec4f(-2.4999993993e-1f);
  p = p * f + vec4f(3.3333331174e-1f);
  p = p * f * square;
  let near = (f + ((p - e * 2.12194440e-4f) - square * 0.5f)) + e * 0.693359375f;
  let infinity = bitcast<vec4f>(vec4u(0x7f800000u));
  let finite = select(given, near, given < infinity);
  let positive = select(bitcast<vec4f>(vec4u(0x7fc00000u)), finite, (given > vec4f()) | (given != given));
  return select(positive, -infinity, given == vec4f());
}

// Unpacks the float16 numbers in the lower and the upper half of a word.
fn unpack2x16float_(word: u32) -> vec2f { return vec2f(half(word & 0xffffu), half(word >> 16u)); }

fn half(bits: u32) -> f32 {
  let size = bits & 0x7fffu;
  let number = bitcast<f32>(size << 13u) * 5.192296858534828e33f;
  let found = select(number, bitcast<f32>((size << 13u) | 0x7f800000u), size >= 0x7c00u);
  return bitcast<f32>(bitcast<u32>(found) | ((bits & 0x8000u) << 16u));
}

fn pack2x16float_(numbers: vec2f) -> u32 { return halfBits(numbers.x) | (halfBits(numbers.y) << 16u); }

// The float16 nearest to x, ties to even; larger numbers become infinity.
fn halfBits(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  let sign = (bits >> 16u) & 0x8000u;
  let size = bits & 0x7fffffffu;
  if (size > 0x7f800000u) { return sign | 0x7e00u; }
  if (size >= 0x477ff000u) { return sign | 0x7c00u; }
  if (size >= 0x38800000u) { return sign | ((size - 0x38000000u + 0xfffu + ((size >> 13u) & 1u)) >> 13u); }
  if (size < 0x33000000u) { return sign; }
  let shift = 126u - (size >> 23u);
  let digits = (size & 0x7fffffu) | 0x800000u;
  return sign | ((digits + (1u << (shift - 1u)) - 1u + ((digits >> shift) & 1u)) >> shift);
}
