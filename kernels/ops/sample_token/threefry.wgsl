// Threefry-2x32, 20 rounds: two random words per (key, counter); same bits as data/random.ts. Source: Salmon et al. 2011; JAX.
fn rotate(x: u32, r: u32) -> u32 { return (x << r) | (x >> (32u - r)); }

fn mix(x: vec2u, r: u32) -> vec2u {
  let sum = x.x + x.y;
  return vec2u(sum, rotate(x.y, r) ^ sum);
}

fn threefry(key: vec2u, counter: vec2u) -> vec2u {
  let third = key.x ^ key.y ^ 0x1BD11BDAu;
  var x = counter + key;
  x = mix(mix(mix(mix(x, 13u), 15u), 26u), 6u) + vec2u(key.y, third + 1u);
  x = mix(mix(mix(mix(x, 17u), 29u), 16u), 24u) + vec2u(third, key.x + 2u);
  x = mix(mix(mix(mix(x, 13u), 15u), 26u), 6u) + vec2u(key.x, key.y + 3u);
  x = mix(mix(mix(mix(x, 17u), 29u), 16u), 24u) + vec2u(key.y, third + 4u);
  return mix(mix(mix(mix(x, 13u), 15u), 26u), 6u) + vec2u(third, key.x + 5u);
}

// -log(-log(1 - w)) for w in (0, 1), a multiple of 2^-32. The smallest w win. There a device's log is accurate only to 2^-21 absolute, so -log(1 - w) is
// computed by its series; with a plain log the wrong one of 150,000 tokens would win every few draws.
fn gumbel(bits: u32) -> f32 {
  let w = min((f32(bits) + 0.5f) / 4294967296f, 0.99999994f);
  let series = w * fma(w, fma(w, fma(w, fma(w, 0.2f, 0.25f), 0.33333334f), 0.5f), 1f);
  return -log(select(-log(1f - w), series, w < 0.03125f));
}

// The noise of column v at a response position.
fn noise(key: vec2u, position: u32, v: u32) -> f32 {
  let words = threefry(key, vec2u(position, v >> 1u));
  return gumbel(select(words.x, words.y, (v & 1u) == 1u));
}

// Maps floats to unsigned words of the same order.
fn ordered(z: f32) -> u32 {
  let bits = bitcast<u32>(z);
  return select(bits | 0x80000000u, ~bits, (bits & 0x80000000u) != 0u);
}
