// Draws a token for each row: the kept token with the largest z + Gumbel noise (z = logit · inverseTemperature), which is a draw from the
// softmax over the kept tokens. Top-k keeps a token where fewer than topK have a larger z; top-p where the larger ones that top-k
// keeps hold less than topP of the mass that top-k keeps. topK = 0 and topP = 1 keep all. GREEDY takes the largest logit, the first of equals.
// @binding(0) logits f32 [R, V] rows stride apart, read   @binding(1) slots u32 [R]: the sequence of each row, read
// @binding(2) keys vec2u [S]: Threefry key of each sequence, read   @binding(3) state vec4u [S]: y = response position, read
// @binding(4) chosen u32 [R]: the token drawn, read_write; rows are counted from slotOffset in slots and here
// One lane a row, columns in order: for small vocabularies. Noise: word v % 2 of threefry(key, (position, v / 2)).
// The best perturbed token is drawn and tested; where it is not kept, the search goes on among larger z. That gives what a sort
// would, in about one round. Source: FlashInfer's pivot sampling. Limits: stands behind threefry.wgsl.
const GREEDY = 0u;

struct Params { R: u32, V: u32, stride: u32, slotOffset: u32, topK: u32, inverseTemperature: f32, topP: f32 }
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> slots: array<u32>;
@group(0) @binding(2) var<storage, read> keys: array<vec2u>;
@group(0) @binding(3) var<storage, read> state: array<vec4u>;
@group(0) @binding(4) var<storage, read_write> chosen: array<u32>;
@group(0) @binding(5) var<uniform> params: Params;

const lowest = -3.4028234e38;

// Count and mass of the columns whose ordered z is at least `bound`.
fn above(base: u32, bound: u32, most: f32) -> vec2f {
  var sum = vec2f();
  for (var v = 0u; v < params.V; v++) {
    let z = logits[base + v] * params.inverseTemperature;
    if (ordered(z) >= bound) { sum += vec2f(1f, exp(z - most)); }
  }
  return sum;
}

@compute @workgroup_size(16)
fn sample_token(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let row = id.x + id.y * groups.x * 16u;
  if (row >= params.R) { return; }
  let base = row * params.stride;
  var most = lowest;
  var token = 0u;
  for (var v = 0u; v < params.V; v++) {
    let z = logits[base + v] * params.inverseTemperature;
    if (z > most) { most = z; token = v; }
  }
  if (GREEDY == 0u) {
    let slot = slots[params.slotOffset + row];
    let key = keys[slot];
    let position = state[slot].y;
    var mass = 0f;
    if (params.topP < 1f) {
      if (params.topK > 0u) {
        var bound = 0u;
        for (var bit = 0x80000000u; bit > 0u; bit >>= 1u) {
          if (above(base, bound | bit, most).x >= f32(min(params.topK, params.V))) { bound |= bit; }
        }
        mass = above(base, bound, most).y;
      } else {
        mass = above(base, 0u, most).y;
      }
    }
    var floor_ = lowest;
    var started = false;
    for (;;) {
      var best = lowest;
      for (var v = 0u; v < params.V; v++) {
        let z = logits[base + v] * params.inverseTemperature;
        if (z > floor_ || !started) {
          let score = z + noise(key, position, v);
          if (score > best) { best = score; token = v; }
        }
      }
      // Without a comparable number left (a NaN among the logits) every round would be like this one.
      if ((params.topK == 0u && params.topP >= 1f) || best == lowest) { break; }
      let z = logits[base + token] * params.inverseTemperature;
      let larger = above(base, ordered(z) + 1u, most);
      if ((params.topK == 0u || larger.x < f32(params.topK)) && (params.topP >= 1f || larger.y < params.topP * mass || larger.x == 0f)) { break; }
      floor_ = z;
      started = true;
    }
  }
  chosen[params.slotOffset + row] = token;
}
