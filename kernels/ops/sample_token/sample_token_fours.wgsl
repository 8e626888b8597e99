// sample_token.wgsl for serial devices (workgroups of one invocation): same bindings and params, eight columns at a time, noise computed as vec4s.
// @binding(0) logits f32 [R, V] rows stride apart, read   @binding(1) slots u32 [R]   @binding(2) keys vec2u [S]
// @binding(3) state vec4u [S]: y = response position, read   @binding(4) chosen u32 [R], read_write
// One lane per row. Limits: stride divides by 4; appended to threefry.wgsl. Ties go to the first column.
const GREEDY = 0u;

struct Params { R: u32, V: u32, stride: u32, slotOffset: u32, topK: u32, inverseTemperature: f32, topP: f32 }
@group(0) @binding(0) var<storage, read> logits: array<vec4f>;
@group(0) @binding(1) var<storage, read> slots: array<u32>;
@group(0) @binding(2) var<storage, read> keys: array<vec2u>;
@group(0) @binding(3) var<storage, read> state: array<vec4u>;
@group(0) @binding(4) var<storage, read_write> chosen: array<u32>;
@group(0) @binding(5) var<uniform> params: Params;

const lowest = -3.4028234e38;
fn columnsOf(v: u32) -> vec4u { return vec4u(v) + vec4u(0u, 1u, 2u, 3u); }
fn zOf(base: u32, v: u32) -> vec4f { return logits[base + v / 4u] * params.inverseTemperature; }

fn oneOf(base: u32, v: u32) -> f32 {
  let four = zOf(base, v / 4u * 4u);
  return select(select(four.x, four.y, v % 4u == 1u), select(four.z, four.w, v % 4u == 3u), v % 4u >= 2u);
}

fn orderedFour(z: vec4f) -> vec4u {
  let bits = bitcast<vec4u>(z);
  return select(bits | vec4u(0x80000000u), ~bits, (bits & vec4u(0x80000000u)) != vec4u());
}

// Number and mass of the columns whose ordered z is at least `bound`.
fn above(base: u32, bound: u32, most: f32) -> vec2f {
  var count = vec4f();
  var mass = vec4f();
  for (var v = 0u; v < params.V; v += 4u) {
    let z = zOf(base, v);
    let kept = (orderedFour(z) >= vec4u(bound)) & (columnsOf(v) < vec4u(params.V));
    count += select(vec4f(), vec4f(1f), kept);
    mass += select(vec4f(), exp(z - vec4f(most)), kept);
  }
  return vec2f((count.x + count.y) + (count.z + count.w), (mass.x + mass.y) + (mass.z + mass.w));
}

fn rotated(x: vec4u, r: u32) -> vec4u { return (x << vec4u(r)) | (x >> vec4u(32u - r)); }
struct Words { x: vec4u, y: vec4u }
fn mixed(words: Words, r: u32) -> Words {
  let sum = words.x + words.y;
  return Words(sum, rotated(words.y, r) ^ sum);
}

fn keyed(words: Words, x: u32, y: u32) -> Words { return Words(words.x + vec4u(x), words.y + vec4u(y)); }
// threefry of four counters (position, pair), (position, pair + 1), …
fn threefryFour(key: vec2u, position: u32, pair: u32) -> Words {
  let third = key.x ^ key.y ^ 0x1BD11BDAu;
  let a = Words(vec4u(position + key.x), columnsOf(pair) + vec4u(key.y));
  let b = keyed(mixed(mixed(mixed(mixed(a, 13u), 15u), 26u), 6u), key.y, third + 1u);
  let c = keyed(mixed(mixed(mixed(mixed(b, 17u), 29u), 16u), 24u), third, key.x + 2u);
  let d = keyed(mixed(mixed(mixed(mixed(c, 13u), 15u), 26u), 6u), key.x, key.y + 3u);
  let e = keyed(mixed(mixed(mixed(mixed(d, 17u), 29u), 16u), 24u), key.y, third + 4u);
  return keyed(mixed(mixed(mixed(mixed(e, 13u), 15u), 26u), 6u), third, key.x + 5u);
}

// gumbel of threefry.wgsl.
fn gumbelFour(bits: vec4u) -> vec4f {
  let w = min((vec4f(bits) + vec4f(0.5f)) / 4294967296f, vec4f(0.99999994f));
  let series = w * fma(w, fma(w, fma(w, fma(w, vec4f(0.2f), vec4f(0.25f)), vec4f(0.33333334f)), vec4f(0.5f)), vec4f(1f));
  return -log(select(-log(vec4f(1f) - w), series, w < vec4f(0.03125f)));
}

// z plus noise of columns that may be drawn: those that exist and, in later rounds, have z above the floor.
fn scoresOf(base: u32, v: u32, bits: vec4u, started: bool, floor_: f32) -> vec4f {
  let z = zOf(base, v);
  let open = (columnsOf(v) < vec4u(params.V)) & ((z > vec4f(floor_)) | (vec4u(u32(started)) == vec4u()));
  return select(vec4f(lowest), z + gumbelFour(bits), open);
}

// The largest of four scores and its column, the first of equals.
fn bestOf(score: vec4f, column: vec4u) -> vec2u {
  var best = score.x;
  var at = column.x;
  if (score.y > best || (score.y == best && column.y < at)) { best = score.y; at = column.y; }
  if (score.z > best || (score.z == best && column.z < at)) { best = score.z; at = column.z; }
  if (score.w > best || (score.w == best && column.w < at)) { best = score.w; at = column.w; }
  return vec2u(bitcast<u32>(best), at);
}

@compute @workgroup_size(1)
fn sample_token_fours(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = group.x + group.y * groups.x;
  if (row >= params.R) { return; }
  let base = row * params.stride / 4u;
  var largest = vec4f(lowest);
  var at = vec4u();
  for (var v = 0u; v < params.V; v += 4u) {
    let columns = columnsOf(v);
    let z = select(vec4f(lowest), zOf(base, v), columns < vec4u(params.V));
    at = select(at, columns, largest < z);
    largest = select(largest, z, largest < z);
  }
  let first = bestOf(largest, at);
  let most = bitcast<f32>(first.x);
  var token = first.y;
  if (GREEDY == 0u) {
    let slot = slots[params.slotOffset + row];
    let key = keys[slot];
    let position = state[slot].y;
    var mass = 0f;
    if (params.topP < 1f) {
      var bound = 0u;
      if (params.topK > 0u) {
        for (var bit = 0x80000000u; bit > 0u; bit >>= 1u) {
          if (above(base, bound | bit, most).x >= f32(min(params.topK, params.V))) { bound |= bit; }
        }
      }
      mass = above(base, bound, most).y;
    }
    var floor_ = lowest;
    var started = false;
    for (;;) {
      var best = vec4f(lowest);
      for (var v = 0u; v < params.V; v += 8u) {
        // Noise is between -2.9 and 22.9, so a z further below the largest cannot win.
        if (!any(max(zOf(base, v), zOf(base, min(v + 4u, params.V - 1u))) >= vec4f(most - 26f))) { continue; }
        let words = threefryFour(key, position, v / 2u);
        let low = vec4u(words.x.x, words.y.x, words.x.y, words.y.y);
        let score = scoresOf(base, v, low, started, floor_);
        at = select(at, columnsOf(v), best < score);
        best = select(best, score, best < score);
        if (v + 4u < params.V) {
          let high = vec4u(words.x.z, words.y.z, words.x.w, words.y.w);
          let second = scoresOf(base, v + 4u, high, started, floor_);
          at = select(at, columnsOf(v + 4u), best < second);
          best = select(best, second, best < second);
        }
      }
      let drawn = bestOf(best, at);
      // If no comparable number is left (a NaN among the logits), every round would be the same.
      if (bitcast<f32>(drawn.x) == lowest) { break; }
      token = drawn.y;
      if (params.topK == 0u && params.topP >= 1f) { break; }
      let z = oneOf(base, token);
      let larger = above(base, orderedFour(vec4f(z)).x + 1u, most);
      if ((params.topK == 0u || larger.x < f32(params.topK)) && (params.topP >= 1f || larger.y < params.topP * mass || larger.x == 0f)) { break; }
      floor_ = z;
      started = true;
    }
  }
  chosen[params.slotOffset + row] = token;
}
