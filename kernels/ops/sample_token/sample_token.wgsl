// Draws a token for each row: the kept token with the largest z + Gumbel noise (z = logit · inverseTemperature), which samples the softmax over the
// kept tokens. Top-k keeps a token if fewer than topK tokens have a larger z. Top-p keeps it if the larger ones among those hold less than topP of
// their mass. topK = 0 and topP = 1 keep all. GREEDY takes the largest logit; ties go to the first.
// @binding(0) logits f32 [R, V] rows stride apart, read   @binding(1) slots u32 [R]: the sequence of each row, read
// @binding(2) keys vec2u [S]: Threefry key of each sequence, read   @binding(3) state vec4u [S]: y = response position, read
// @binding(4) chosen u32 [R]: the token drawn, read_write; rows are counted from slotOffset in slots and here
// One lane per row, columns in order, for small vocabularies. Large ones use a workgroup of LANES per row: lane l takes columns l, l + LANES, …; counts,
// masses and maxima are joined in a fixed tree (lane_tree.wgsl, lane_best.wgsl; the host sets the functions, sample_token.ts).
// Noise of column v: word v % 2 of threefry(key, (position, v / 2)). The best perturbed token is drawn and tested; if it is not kept, the search continues
// among larger z. This equals a sort, in about one round. Source: FlashInfer's pivot sampling. Limits: appended to threefry.wgsl.
const GREEDY = 0u;
const LANES = 1u;
const SIZE = 16u;

struct Params { R: u32, V: u32, stride: u32, slotOffset: u32, topK: u32, inverseTemperature: f32, topP: f32 }
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> slots: array<u32>;
@group(0) @binding(2) var<storage, read> keys: array<vec2u>;
@group(0) @binding(3) var<storage, read> state: array<vec4u>;
@group(0) @binding(4) var<storage, read_write> chosen: array<u32>;
@group(0) @binding(5) var<uniform> params: Params;

struct Best { score: f32, token: u32 }

const lowest = -3.4028234e38;

fn indexOf(id: vec3u, group: vec3u, groups: vec3u) -> u32 { return id.x + id.y * groups.x * SIZE; }
fn laneOf(local: u32) -> u32 { return 0u; }
fn bestOf(lane: u32, own: Best) -> Best { return own; }
fn sumOf(lane: u32, own: vec2f) -> vec2f { return own; }

// Number and mass of the columns whose ordered z is at least `bound`.
fn above(lane: u32, base: u32, bound: u32, most: f32) -> vec2f {
  var sum = vec2f();
  for (var v = lane; v < params.V; v += LANES) {
    let z = logits[base + v] * params.inverseTemperature;
    if (ordered(z) >= bound) { sum += vec2f(1f, exp(z - most)); }
  }
  return sumOf(lane, sum);
}

@compute @workgroup_size(SIZE)
fn sample_token(@builtin(global_invocation_id) id: vec3u, @builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) local: u32) {
  let row = indexOf(id, group, groups);
  let lane = laneOf(local);
  if (row >= params.R) { return; }
  let base = row * params.stride;
  var own = Best(lowest, 0u);
  for (var v = lane; v < params.V; v += LANES) {
    let z = logits[base + v] * params.inverseTemperature;
    if (z > own.score) { own = Best(z, v); }
  }
  var drawn = bestOf(lane, own);
  let most = drawn.score;
  if (GREEDY == 0u) {
    let slot = slots[params.slotOffset + row];
    let key = keys[slot];
    let position = state[slot].y;
    var mass = 0f;
    if (params.topP < 1f) {
      var bound = 0u;
      if (params.topK > 0u) {
        for (var bit = 0x80000000u; bit > 0u; bit >>= 1u) {
          if (above(lane, base, bound | bit, most).x >= f32(min(params.topK, params.V))) { bound |= bit; }
        }
      }
      mass = above(lane, base, bound, most).y;
    }
    var floor_ = lowest;
    var started = false;
    for (;;) {
      own = Best(lowest, select(0u, drawn.token, LANES == 1u));
      for (var v = lane; v < params.V; v += LANES) {
        let z = logits[base + v] * params.inverseTemperature;
        if (z > floor_ || !started) {
          let score = z + noise(key, position, v);
          if (score > own.score) { own = Best(score, v); }
        }
      }
      drawn = bestOf(lane, own);
      // If no comparable number is left (a NaN among the logits), every round would be the same.
      if ((params.topK == 0u && params.topP >= 1f) || drawn.score == lowest) { break; }
      let z = logits[base + drawn.token] * params.inverseTemperature;
      let larger = above(lane, base, ordered(z) + 1u, most);
      if ((params.topK == 0u || larger.x < f32(params.topK)) && (params.topP >= 1f || larger.y < params.topP * mass || larger.x == 0f)) { break; }
      floor_ = z;
      started = true;
    }
  }
  if (lane == 0u) { chosen[params.slotOffset + row] = drawn.token; }
}
