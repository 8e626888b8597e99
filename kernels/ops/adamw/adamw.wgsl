// AdamW with decoupled weight decay, one step: w ← w (1 - lr · decay); m ← m + (g - m)(1 - β₁); v ← β₂ v + (1 - β₂) g²;
// w ← w - stepSize · m / (√v / correction + eps), stepSize = lr / (1 - β₁ᵗ), correction = √(1 - β₂ᵗ); g is first multiplied by the clip factor.
// @binding(0) gradient f32 [n], read   @binding(1) weight, @binding(2) mean, @binding(3) square f32 [n], read_write
// One lane per element. Source: torch.optim.AdamW (single tensor path), Loshchilov and Hutter 2019.
struct Params {
  n: u32, gradientOffset: u32, weightOffset: u32, meanOffset: u32, squareOffset: u32,
  clip: f32, keep: f32, oneMinusBeta1: f32, beta2: f32, oneMinusBeta2: f32, stepSize: f32, correction: f32, eps: f32,
}
@group(0) @binding(0) var<storage, read> gradient: array<f32>;
@group(0) @binding(1) var<storage, read_write> weight: array<f32>;
@group(0) @binding(2) var<storage, read_write> mean: array<f32>;
@group(0) @binding(3) var<storage, read_write> square: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(64)
fn adamw(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.x + id.y * groups.x * 64u;
  if (i >= params.n) { return; }
  let g = gradient[params.gradientOffset + i] * params.clip;
  let m = mean[params.meanOffset + i];
  let next = fma(g - m, params.oneMinusBeta1, m);
  let spread = fma(params.oneMinusBeta2 * g, g, square[params.squareOffset + i] * params.beta2);
  mean[params.meanOffset + i] = next;
  square[params.squareOffset + i] = spread;
  let denominator = sqrt(spread) / params.correction + params.eps;
  let at = params.weightOffset + i;
  weight[at] = fma(-params.stepSize, next / denominator, weight[at] * params.keep);
}
