// AdamW as in adamw.wgsl with bfloat16 moments, two per word, low half first. The weight step uses the moments in float32; they are stored with
// stochastic rounding. Rounded to nearest, a second moment would not change, since β₂ = 0.999 moves it by less than half of bfloat16's last digit.
// @binding(0) gradient f32 [n], read   @binding(1) weight f32 [n], read_write   @binding(2) mean, @binding(3) square u32 [ceil(n / 2)], read_write
// One lane per word; if n is odd, the last upper half is 0. Random bits of word w: threefry(key, (0, first + w)) with the key of the step and arena.
// Each element uses 16 bits for the mean (low) and 16 for the square (high). Integer arithmetic gives the same bits on every device.
struct Params {
  n: u32, gradientOffset: u32, weightOffset: u32, meanOffset: u32, squareOffset: u32, first: u32, keyHigh: u32, keyLow: u32,
  clip: f32, keep: f32, oneMinusBeta1: f32, beta2: f32, oneMinusBeta2: f32, stepSize: f32, correction: f32, eps: f32,
}
@group(0) @binding(0) var<storage, read> gradient: array<f32>;
@group(0) @binding(1) var<storage, read_write> weight: array<f32>;
@group(0) @binding(2) var<storage, read_write> mean: array<u32>;
@group(0) @binding(3) var<storage, read_write> square: array<u32>;
@group(0) @binding(4) var<uniform> params: Params;

// The upper half of x + dice (stochastic rounding). NaN stays NaN.
fn rounded(x: f32, dice: u32) -> u32 {
  let bits = bitcast<u32>(x);
  if ((bits & 0x7fffffffu) > 0x7f800000u) { return (bits >> 16u) | 0x40u; }
  return (bits + dice) >> 16u;
}

// Updates weight i and returns its moments as stored: mean and square.
fn stepped(i: u32, m: f32, v: f32, dice: u32) -> vec2u {
  let g = gradient[params.gradientOffset + i] * params.clip;
  let next = fma(g - m, params.oneMinusBeta1, m);
  let spread = fma(params.oneMinusBeta2 * g, g, v * params.beta2);
  let denominator = sqrt(spread) / params.correction + params.eps;
  let at = params.weightOffset + i;
  weight[at] = fma(-params.stepSize, next / denominator, weight[at] * params.keep);
  return vec2u(rounded(next, dice & 0xffffu), rounded(spread, dice >> 16u));
}

@compute @workgroup_size(64)
fn adamw_halves(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let word = id.x + id.y * groups.x * 64u;
  let i = word * 2u;
  if (i >= params.n) { return; }
  let atMean = params.meanOffset / 2u + word;
  let atSquare = params.squareOffset / 2u + word;
  let m = mean[atMean];
  let v = square[atSquare];
  let dice = threefry(vec2u(params.keyHigh, params.keyLow), vec2u(0u, params.first + word));
  let low = stepped(i, bitcast<f32>(m << 16u), bitcast<f32>(v << 16u), dice.x);
  var high = vec2u(0u);
  if (i + 1u < params.n) {
    high = stepped(i + 1u, bitcast<f32>(m & 0xffff0000u), bitcast<f32>(v & 0xffff0000u), dice.y);
  }
  mean[atMean] = low.x | (high.x << 16u);
  square[atSquare] = low.y | (high.y << 16u);
}
