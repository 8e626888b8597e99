// Draws a token for each row: sample_token.wgsl for large vocabularies, with the same meaning of every binding and param.
// @binding(0) logits f32 [R, V] rows stride apart, read   @binding(1) slots u32 [R]   @binding(2) keys vec2u [S]
// @binding(3) state vec4u [S]: y = response position, read   @binding(4) chosen u32 [R], read_write
// One workgroup a row: lane l takes columns l, l + LANES, …; counts, masses and maxima are joined pairwise in a fixed tree.
// Limits: stands behind threefry.wgsl.
const GREEDY = 0u;
const LANES = 64u;

struct Params { R: u32, V: u32, stride: u32, slotOffset: u32, topK: u32, inverseTemperature: f32, topP: f32 }
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> slots: array<u32>;
@group(0) @binding(2) var<storage, read> keys: array<vec2u>;
@group(0) @binding(3) var<storage, read> state: array<vec4u>;
@group(0) @binding(4) var<storage, read_write> chosen: array<u32>;
@group(0) @binding(5) var<uniform> params: Params;

struct Best { score: f32, token: u32 }
var<workgroup> bests: array<Best, LANES>;
var<workgroup> sums: array<vec2f, LANES>;

const lowest = -3.4028234e38;

fn joinBest(lane: u32, own: Best) -> Best {
  bests[lane] = own;
  for (var width = LANES / 2u; width > 0u; width /= 2u) {
    workgroupBarrier();
    if (lane < width) {
      let other = bests[lane + width];
      if (other.score > bests[lane].score || (other.score == bests[lane].score && other.token < bests[lane].token)) { bests[lane] = other; }
    }
  }
  return workgroupUniformLoad(&bests[0]);
}

fn joinSum(lane: u32, own: vec2f) -> vec2f {
  sums[lane] = own;
  for (var width = LANES / 2u; width > 0u; width /= 2u) {
    workgroupBarrier();
    if (lane < width) { sums[lane] += sums[lane + width]; }
  }
  return workgroupUniformLoad(&sums[0]);
}

// Count and mass of the columns whose ordered z is at least `bound`.
fn above(lane: u32, base: u32, bound: u32, most: f32) -> vec2f {
  var sum = vec2f();
  for (var v = lane; v < params.V; v += LANES) {
    let z = logits[base + v] * params.inverseTemperature;
    if (ordered(z) >= bound) { sum += vec2f(1f, exp(z - most)); }
  }
  return joinSum(lane, sum);
}

@compute @workgroup_size(LANES)
fn sample_token_wide(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.x + group.y * groups.x;
  if (row >= params.R) { return; }
  let base = row * params.stride;
  var own = Best(lowest, 0u);
  for (var v = lane; v < params.V; v += LANES) {
    let z = logits[base + v] * params.inverseTemperature;
    if (z > own.score) { own = Best(z, v); }
  }
  var drawn = joinBest(lane, own);
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
      own = Best(lowest, 0u);
      for (var v = lane; v < params.V; v += LANES) {
        let z = logits[base + v] * params.inverseTemperature;
        if (z > floor_ || !started) {
          let score = z + noise(key, position, v);
          if (score > own.score) { own = Best(score, v); }
        }
      }
      drawn = joinBest(lane, own);
      // Without a comparable number left (a NaN among the logits) every round would be like this one.
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
