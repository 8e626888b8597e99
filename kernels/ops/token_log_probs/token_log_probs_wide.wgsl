// log softmax(logits · inverseTemperature) at the target, and the entropy of that softmax, for each row of a tile of logits.
// @binding(0) logits f32 [R, V] rows stride apart, read   @binding(1) targets u32 [R], read
// @binding(2) logProbs f32 [R]   @binding(3) entropy f32 [R]   @binding(4) stats f32 [R, 2]: maximum and log Σ exp(z - maximum), read_write
// One workgroup a row for large vocabularies: lane l takes columns l, l + 64, …, and the lanes' sums are joined pairwise in a fixed tree.
// entropy = log Σ exp(z - max) - Σ p (z - max). A target beyond V gives a log-prob of 0.
struct Params { R: u32, V: u32, stride: u32, targetOffset: u32, outOffset: u32, inverseTemperature: f32 }
@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> targets: array<u32>;
@group(0) @binding(2) var<storage, read_write> logProbs: array<f32>;
@group(0) @binding(3) var<storage, read_write> entropy: array<f32>;
@group(0) @binding(4) var<storage, read_write> stats: array<vec2f>;
@group(0) @binding(5) var<uniform> params: Params;

const LANES = 64u;
var<workgroup> shared_: array<vec2f, LANES>;

@compute @workgroup_size(LANES)
fn token_log_probs_wide(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = group.x + group.y * groups.x;
  if (row >= params.R) { return; }
  let base = row * params.stride;
  var most = -3.4028234e38;
  for (var v = lane; v < params.V; v += LANES) {
    most = max(most, logits[base + v] * params.inverseTemperature);
  }
  shared_[lane].x = most;
  for (var width = LANES / 2u; width > 0u; width /= 2u) {
    workgroupBarrier();
    if (lane < width) { shared_[lane].x = max(shared_[lane].x, shared_[lane + width].x); }
  }
  workgroupBarrier();
  most = shared_[0].x;
  workgroupBarrier();
  var sums = vec2f();
  for (var v = lane; v < params.V; v += LANES) {
    let z = fma(logits[base + v], params.inverseTemperature, -most);
    let weight = exp(z);
    sums = vec2f(sums.x + weight, fma(weight, z, sums.y));
  }
  shared_[lane] = sums;
  for (var width = LANES / 2u; width > 0u; width /= 2u) {
    workgroupBarrier();
    if (lane < width) { shared_[lane] += shared_[lane + width]; }
  }
  if (lane == 0u) {
    let total = shared_[0];
    let logTotal = log(total.x);
    let chosen = targets[params.targetOffset + row];
    let at = params.outOffset + row;
    logProbs[at] = select(0f, fma(logits[base + min(chosen, params.V - 1u)], params.inverseTemperature, -most) - logTotal, chosen < params.V);
    entropy[at] = logTotal - total.y / total.x;
    stats[at] = vec2f(most, logTotal);
  }
}
